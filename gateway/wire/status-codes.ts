/**
 * The one map from codes to HTTP. Every refusal and fault that a client can see has its code here, whatever
 * the transport. docs/errors.md is written from this map, and a test compares the two. A published code keeps
 * its meaning.
 *
 * The compiler checks the map against the codes of all folders below: it does not compile with one missing.
 */
import type { EngineErrorCode } from "../../engine/errors.ts";
import type { DocumentsBusyError } from "../../operations/documents/documents-busy.ts";
import type { RefusalCode } from "../../operations/refusal.ts";
import type { InvalidCursorError } from "../../store/sql/cursor.ts";

/** Faults of the engine that no caller is told of: the server does not start, or the fault is a defect. */
type SilentEngineError = "attachment_rejected" | "journal_corrupt" | "layout_mismatch";

/**
 * Codes of the folders below: their refusals, and the faults that a caller is told of. The rest of the map is
 * the edge's own.
 */
type CodeFromBelow =
  | RefusalCode
  | Exclude<EngineErrorCode, SilentEngineError>
  | InvalidCursorError["code"]
  | DocumentsBusyError["code"];

export type StatusEntry = {
  readonly status: number;
  readonly title: string;
};

export const STATUS_CODES_BY_CODE = {
  // The request itself
  malformed_request: { status: 400, title: "The request could not be read as HTTP, JSON or a valid path." },
  invalid_request: { status: 400, title: "A field is missing, of the wrong type, out of range or unknown." },
  invalid_cursor: { status: 400, title: "The cursor is not one that this API gave out." },
  idempotency_key_missing: { status: 400, title: "This request needs an Idempotency-Key header." },
  precondition_failed: { status: 412, title: "`If-Match` names another state than the current one." },
  precondition_required: {
    status: 428,
    title: "The change has to say what it was made from: `If-Match`, or `version` in the body.",
  },
  unauthenticated: { status: 401, title: "No valid API key or session came with the request." },
  login_failed: { status: 401, title: "E-mail address or password is wrong." },
  webhook_not_found: { status: 404, title: "No webhooks are received at this address." },
  webhook_secret_missing: {
    status: 409,
    title: "The settings name no secret for this account, so that its webhooks cannot be checked.",
  },
  bad_signature: { status: 401, title: "The webhook's signature does not match its body." },
  forbidden: { status: 403, title: "The key or role does not include this permission." },
  reauthentication_needed: {
    status: 403,
    title: "The session has to prove again who sits there; then the same request goes through.",
  },
  outside_role: { status: 403, title: "The role is bound to other places or channels." },
  too_many_views: { status: 409, title: "The person keeps as many views of lists as one may." },
  role_not_found: { status: 404, title: "There is no such role." },
  role_exists: { status: 409, title: "There is a role of this id already." },
  role_invalid: { status: 422, title: "The role names a permission that there is not." },
  role_protected: { status: 409, title: "The role of administrators stays whole." },
  permission_not_yours: { status: 403, title: "Nobody gives a role what they do not have themselves." },
  channel_forbidden: { status: 403, title: "The key is bound to another channel." },
  origin_forbidden: { status: 403, title: "A browser sent the request from a page of another site." },
  not_found: { status: 404, title: "There is nothing at this address, or not for this caller." },
  method_not_allowed: { status: 405, title: "The address exists, but not with this method." },
  answer_late: {
    status: 503,
    title: "No answer came in time; what was begun may still be done: send the same again with the same key.",
  },
  body_timeout: { status: 408, title: "The request's body did not arrive in time." },
  idempotency_in_flight: { status: 409, title: "A request with this Idempotency-Key is still running." },
  payload_too_large: { status: 413, title: "The body is larger than 256 KiB." },
  unsupported_media_type: { status: 415, title: "The body must be application/json." },
  structure_too_complex: { status: 422, title: "The document is nested too deeply or has too many values." },
  idempotency_key_reused: { status: 422, title: "The idempotency key was used with another request." },
  host_unknown: { status: 421, title: "The request names another host than this server's." },
  upgrade_required: { status: 426, title: "This address speaks WebSocket only." },
  rate_limited: { status: 429, title: "Too many requests; wait for retryAfterMs." },
  caller_busy: {
    status: 429,
    title: "Too much of the caller's work is in hand; wait for retryAfterMs, and send less at once.",
  },
  gateway_busy: {
    status: 503,
    title: "More is in work than the gateway takes at a time; wait for retryAfterMs.",
  },
  caller_gone: { status: 503, title: "The caller closed the connection before its work was done." },
  internal_error: { status: 500, title: "A fault of the server; the log has it under the request id." },
  documents_busy: {
    status: 503,
    title: "Too many documents wait to be drawn; retry after retryAfterMs.",
  },
  storage_unavailable: {
    status: 503,
    title: "The database does not answer; repeat the same request in a moment.",
  },
  stopping: { status: 503, title: "The server is stopping; connect again." },
  not_ready: { status: 503, title: "Something that the server depends on does not answer." },

  // Setting up, people, keys
  setup_needed: { status: 503, title: "The system is empty: it has to be set up before it works." },
  setup_token_wrong: { status: 401, title: "This is not the token that the process shows." },
  already_set_up: { status: 409, title: "There is a company already; nothing was changed." },
  unknown_time_zone: { status: 422, title: "There is no such time zone; they look like Europe/Zurich." },
  unknown_country: { status: 422, title: "There is no such country in ISO 3166-1." },
  place_incomplete: { status: 422, title: "Of a place both degrees are given, or neither." },
  currency_in_use: { status: 409, title: "There are products or orders in the company's currency." },
  person_not_found: { status: 404, title: "There is no such person in the company." },
  own_account: { status: 403, title: "One's own account is changed by its own page, with the password." },
  person_disabled: { status: 409, title: "The person is switched off." },
  email_taken: { status: 409, title: "Another person signs in with this e-mail address." },
  last_administrator: {
    status: 409,
    title: "The company would have no administrator left who can sign in.",
  },
  password_refused: { status: 422, title: "The password is too short, too common, or a name." },
  password_wrong: { status: 403, title: "The password that was asked for again is wrong." },
  password_link_invalid: { status: 404, title: "The link was used, has expired, or was replaced." },
  passkey_challenge_over: {
    status: 409,
    title: "The challenge was used, has expired, or was given to another browser.",
  },
  passkey_not_found: { status: 404, title: "There is no such passkey." },
  passkey_refused: { status: 403, title: "The passkey's answer does not fit what it was asked for." },
  passkey_there: { status: 409, title: "The passkey is there already." },
  passkey_unknown: { status: 401, title: "Nobody here signs in with this passkey." },
  passkeys_impossible: {
    status: 409,
    title: "The public URL is an address, and browsers have passkeys for names only.",
  },
  too_many_passkeys: { status: 409, title: "The account has as many passkeys as it may." },
  second_factor_needed: { status: 401, title: "Signing in needs a code of the second factor as well." },
  second_factor_wrong: { status: 403, title: "The code is not the one of now, or was used before." },
  second_factor_demanded: {
    status: 403,
    title: "The role demands a second factor or a passkey before anything else.",
  },
  second_factor_there: { status: 409, title: "There is a second factor already." },
  second_factor_missing: { status: 409, title: "There is no second factor." },
  single_sign_on_off: { status: 404, title: "No identity provider is configured." },
  single_sign_on_required: {
    status: 403,
    title: "Whoever is no administrator signs in by the identity provider here.",
  },
  single_sign_on_over: {
    status: 409,
    title: "The sign-in was finished, has expired, or was begun in another browser.",
  },
  single_sign_on_denied: { status: 403, title: "The identity provider did not sign the person in." },
  single_sign_on_refused: {
    status: 403,
    title: "The identity provider's answer is not what was asked for.",
  },
  single_sign_on_unavailable: { status: 503, title: "The identity provider cannot be asked right now." },
  single_sign_on_unverified: {
    status: 403,
    title: "The identity provider has not verified an e-mail address of the person.",
  },
  single_sign_on_unknown: { status: 403, title: "Nobody signs in here with this e-mail address." },
  single_sign_on_other_person: {
    status: 403,
    title: "The person here is tied to another account of the identity provider.",
  },
  key_not_found: { status: 404, title: "There is no such key in the company." },
  key_over: { status: 409, title: "The key has expired or is disabled." },
  key_expiry_past: { status: 422, title: "The key would have expired already." },

  // The stream
  key_in_address: { status: 400, title: "A key in the address is not taken: logs on its way may have it." },
  unsupported_subprotocol: { status: 400, title: "None of the offered subprotocols is spoken here." },
  malformed_frame: {
    status: 400,
    title: "The frame is not a message or an array of messages of its subprotocol.",
  },
  malformed_message: {
    status: 400,
    title: "The message has no id, or a field is missing, wrong or unknown.",
  },
  unknown_message_type: { status: 400, title: "There is no message of this type." },
  frame_too_large: { status: 413, title: "The frame is larger than maxFrameBytes." },
  too_many_messages: { status: 422, title: "The frame holds more than 1,000 messages." },
  credit_exceeded: { status: 429, title: "More messages are unanswered than the server granted." },
  too_many_bad_frames: { status: 400, title: "The connection was closed after repeated bad frames." },
  too_many_connections: { status: 503, title: "The server holds as many connections as it can." },

  // Orders
  channel_not_found: { status: 404, title: "There is no such channel." },
  channel_exists: { status: 409, title: "There is a channel of this id already." },
  channel_kind_other: {
    status: 422,
    title: "Orders of this channel are taken in another format: name a channel of kind holdfast.",
  },
  channel_kind_unknown: { status: 422, title: "Nothing here reads channels of this kind." },
  channel_inactive: { status: 409, title: "The channel is switched off." },
  setting_changed: { status: 409, title: "Somebody has changed the setting since: look at it again." },
  sourcing_rules_invalid: {
    status: 422,
    title: "That is no list of sourcing rules; every problem is named by its place.",
  },
  charging_rule_impossible: { status: 422, title: "The channel's orders do not say who takes the money." },
  malformed_payload: { status: 422, title: "The payload is not in the channel's format." },
  too_many_orders: { status: 413, title: "The payload holds more orders than one request may." },
  not_an_order: { status: 422, title: "The payload is another of the channel's documents." },
  invalid_order: {
    status: 422,
    title: "The order breaks a rule, e.g. a negative price or an absurd quantity.",
  },
  substitutes_not_goods: {
    status: 422,
    title: "A line that is no goods allows substitutes: only goods have them, and are some.",
  },
  no_lines: { status: 422, title: "The order has no line." },
  too_many_lines: { status: 422, title: "The order has more lines than an order may have." },
  negative_amount: { status: 422, title: "A price, tax or discount is negative." },
  amount_out_of_range: { status: 422, title: "An amount is larger than can be kept exactly." },
  currency_mismatch: { status: 422, title: "The order mixes currencies." },
  unknown_currency: { status: 422, title: "The currency is not one of ISO 4217." },
  cancelled_at_channel: { status: 422, title: "The channel says that the order is cancelled." },
  order_not_on_hold: { status: 409, title: "The order is not on hold." },
  order_ended: { status: 409, title: "The order is completed or cancelled." },
  order_busy: { status: 409, title: "Others are changing the order; try again." },
  stale_revision: { status: 409, title: "The order has a newer revision than the one that was named." },
  change_too_late: { status: 409, title: "What was to be changed has been sent, or is being picked." },
  change_window_closed: { status: 409, title: "The time in which the shopper may change the order is over." },
  change_not_supported: { status: 422, title: "An order cannot be changed in this way." },
  nothing_changes: { status: 422, title: "The order is like that already." },
  hold_not_cleared: { status: 409, title: "The reason for the hold is still there." },
  custom_field_exists: { status: 409, title: "There is a custom field of this key already." },
  custom_field_impossible: { status: 422, title: "There can be no such custom field; the detail says why." },
  custom_field_not_found: { status: 404, title: "There is no such custom field." },
  custom_field_unknown: {
    status: 422,
    title: "A value is for a custom field that nobody has defined, or that is retired.",
  },
  custom_field_invalid: { status: 422, title: "A custom field cannot have this value." },
  custom_field_missing: { status: 422, title: "A custom field that is required has no value." },
  hold_not_yours: { status: 403, title: "The hold is for another role to release." },
  hold_reason_exists: {
    status: 409,
    title: "There is a hold reason of this code already, or a built-in one.",
  },
  hold_reason_missing: {
    status: 422,
    title: "An order is put on hold for a reason: in words, or by its code.",
  },
  hold_reason_not_found: { status: 404, title: "There is no such hold reason, or it is off." },
  holidays_invalid: { status: 422, title: "A holiday is given twice." },
  import_empty: { status: 422, title: "The file that was to be imported is empty." },
  import_incomplete: {
    status: 422,
    title: "A field that the import needs is in no column and has no value.",
  },
  import_mapping_invalid: { status: 422, title: "A field or a column of the mapping is not there." },
  import_mapping_not_found: { status: 404, title: "There is no such mapping." },
  import_not_found: { status: 404, title: "There is no such import." },
  import_offset_wrong: {
    status: 409,
    title: "More or less of the file is here than the request goes on from; the detail says how much.",
  },
  import_state_other: { status: 409, title: "The import is in a state in which this cannot be done." },
  import_storage_full: { status: 507, title: "The files of imports that are kept are too much together." },
  import_too_large: { status: 413, title: "The file is larger than one that is imported may be." },
  webhook_exists: { status: 409, title: "There is a webhook of this id already." },
  webhook_subscription_not_found: { status: 404, title: "There is no such webhook." },
  webhook_replay_not_found: { status: 404, title: "There is no such replay that is running." },
  replay_range_invalid: { status: 422, title: "The range of time cannot be told once more." },
  unknown_event_type: { status: 422, title: "There is no such type of events." },
  webhook_url_refused: { status: 422, title: "No webhooks are sent to this address; the detail says why." },
  vendor_account_exists: { status: 409, title: "There is an account of this name at the vendor already." },
  vendor_account_in_use: {
    status: 409,
    title: "Payments or parcels began at the account: it can be switched off, and not removed.",
  },
  channel_runs_no_location: {
    status: 422,
    title: "The channel's vendor keeps no goods, and so runs no location.",
  },
  requests_under_way: {
    status: 409,
    title: "The vendor still has orders to send from the location that it runs.",
  },
  location_run_already: { status: 409, title: "Another channel's vendor runs the location." },
  channel_account_invalid: {
    status: 422,
    title: "A value of the channel's account is wrong; each is named.",
  },
  channel_account_not_working: {
    status: 422,
    title: "The channel was asked by its API and did not let us in; the detail says what it said.",
  },
  channel_has_no_api: { status: 422, title: "Channels of this kind only send: they cannot be connected." },
  channel_not_connected: { status: 404, title: "The channel is not connected to its vendor's API." },
  telling_not_found: { status: 404, title: "There is nothing such that the channel is to be told." },
  telling_told: { status: 409, title: "The channel has been told that already." },
  range_empty: { status: 422, title: "The range ends before it begins." },
  difference_not_open: { status: 404, title: "There is no open difference of this number." },
  vendor_account_invalid: { status: 422, title: "A value of the account is wrong; each is named." },
  vendor_account_not_found: { status: 404, title: "Nobody has set such an account." },
  vendor_account_not_working: {
    status: 422,
    title: "The vendor was asked, and did not let us in with these values; nothing is saved.",
  },
  mail_template_invalid: {
    status: 422,
    title: "The mail's text cannot be filled in; the place and what is wrong there are named.",
  },
  mail_not_sent: { status: 409, title: "There is no mail server, or it has not taken the mail." },
  notice_not_found: { status: 404, title: "No such notice was sent about this order." },
  customer_email_missing: { status: 409, title: "The order has no mail address of its customer." },
  not_charged_here: { status: 409, title: "Our payment provider does not charge the order." },
  not_paid_on_delivery: { status: 409, title: "The order is not paid on delivery." },
  order_over: { status: 409, title: "The order is completed or cancelled: its payment is over, too." },
  order_not_found: { status: 404, title: "There is no such order, or not for this caller." },

  parcel_not_known_yet: {
    status: 503,
    title: "A carrier reports a parcel that is not known here yet; send the report again.",
  },
  order_already_shipped: { status: 409, title: "The order has shipped; send it back as a return." },
  unknown_sku: { status: 422, title: "The catalog has no such SKU." },
  unknown_location: { status: 422, title: "A stock command names a location that there is not." },
  address_missing: { status: 422, title: "The order has no usable shipping address." },

  // Catalog
  invalid_kit: {
    status: 422,
    title: "A kit cannot contain itself, a kit or a SKU twice, be a part of one, or have stock of its own.",
  },
  invalid_product: { status: 422, title: "The product breaks a rule, e.g. its GTIN's check digit." },
  product_exists: { status: 409, title: "There is another product of this SKU." },
  invalid_substitutes: {
    status: 422,
    title: "A product cannot be its own substitute, stand in the list twice, or come back inside a kit.",
  },
  product_not_found: { status: 404, title: "There is no such product." },
  erasure_claim_open: {
    status: 409,
    title: "A claim about a parcel is not settled: erase the person afterwards.",
  },
  erasure_dispute_open: {
    status: 409,
    title: "A payment is disputed: erase the person once that is decided.",
  },
  erasure_order_open: { status: 409, title: "An order is under way: erase the person once it has ended." },
  erasure_refund_open: { status: 409, title: "Money is still to go back: erase the person afterwards." },
  erasure_retention_runs: {
    status: 409,
    title: "By the rules for retention, an order has to be kept whole for longer.",
  },
  erasure_return_open: { status: 409, title: "A return is not settled: erase the person afterwards." },
  erasure_store_credit_left: { status: 409, title: "The person has store credit that is not spent." },
  shopper_not_found: { status: 404, title: "No order is of such a person." },
  person_has_too_many_orders: {
    status: 409,
    title: "The person has more orders than one answer tells of: ask order by order.",
  },
  company_not_found: { status: 409, title: "The database has no company yet." },
  invalid_channel_sku: { status: 422, title: "The channel's SKU is empty or too long." },
  location_exists: { status: 409, title: "There is a location of this id already." },
  location_settings_invalid: { status: 422, title: "A location cannot be like that." },
  location_not_found: { status: 404, title: "There is no such location, or it is closed." },

  // The floor
  fulfillment_order_not_found: { status: 404, title: "There is no such fulfillment order." },
  action_not_supported: {
    status: 409,
    title: "The fulfillment order does not support this action now; supportedActions says which it does.",
  },
  combine_begun: { status: 409, title: "One of the fulfillment orders is being picked, or is at its end." },
  combine_no_parcel: {
    status: 409,
    title: "One of the orders is collected, brought by us, or paid on delivery.",
  },
  combine_on_hold: { status: 409, title: "One of the orders or fulfillment orders is on hold, or put off." },
  combine_other_address: { status: 409, title: "The orders do not go to one address." },
  combine_other_company: { status: 409, title: "The orders are of different companies." },
  combine_other_currency: { status: 409, title: "The orders are in different currencies." },
  combine_other_customer: { status: 409, title: "The orders are not known to be of one customer." },
  combine_other_location: { status: 409, title: "The fulfillment orders leave from different places." },
  combine_same_order: { status: 409, title: "The fulfillment orders are not of two orders or more." },
  combined_already: { status: 409, title: "One of the fulfillment orders is to share a parcel already." },
  invalid_release_date: { status: 422, title: "The day on which it is to begin is not a day to come." },
  not_mergeable: {
    status: 409,
    title: "The fulfillment orders are not of one order and place, or one has begun.",
  },
  parcel_too_heavy: {
    status: 409,
    title: "Together they would be heavier than one parcel may be.",
  },
  nothing_left_to_split: { status: 422, title: "A split takes some of the units, not all." },
  fulfillment_order_changed: {
    status: 409,
    title: "The fulfillment order was changed while it was being picked.",
  },
  fulfillment_order_closed: { status: 409, title: "The fulfillment order is closed or cancelled." },
  fulfillment_order_on_hold: { status: 409, title: "The fulfillment order is on hold." },
  invalid_quantity: { status: 422, title: "A quantity is not a whole number in the allowed range." },
  already_picked: { status: 409, title: "It was picked before, under another key." },
  already_packed: { status: 409, title: "It was packed before, under another key." },
  not_picked: { status: 409, title: "It has to be picked first." },
  packing_check_needed: {
    status: 409,
    title:
      "It has goods without tags that are to be scanned, weighed or counted first; the detail says which.",
  },
  picked_short: { status: 409, title: "It was picked short, so there is nothing whole to pack." },
  unit_packed_before: { status: 409, title: "A unit's tag says that it was packed for another order." },
  verification_failed: { status: 409, title: "What was counted is not what was picked." },
  load_not_found: { status: 404, title: "No load of this number is or was adrift." },
  load_settled: { status: 409, title: "Somebody has said before what became of the load." },
  load_busy: { status: 409, title: "The load is being set apart in this moment; try again." },
  nothing_to_collect: { status: 409, title: "The store keeps nothing that can be collected now." },
  wrong_code: { status: 403, title: "This is no code of the fulfillment order." },
  too_many_payment_tries: {
    status: 429,
    title: "Payment of the order was declined too often within an hour; wait for retryAfterMs.",
  },
  too_many_wrong_codes: { status: 409, title: "Too many wrong codes were tried; a new code has to be sent." },
  order_being_cancelled: { status: 409, title: "The order is being cancelled." },

  // Devices
  device_not_found: { status: 404, title: "There is no such device." },
  device_exists: { status: 409, title: "There is a device of this id already." },
  device_protocol_unknown: { status: 422, title: "Devices of this kind do not speak this protocol." },
  device_settings_invalid: {
    status: 422,
    title: "A setting of the device is not valid; the detail says which.",
  },
  device_topic_taken: { status: 409, title: "Another device speaks on these topics already." },
  dead_letter_not_found: { status: 404, title: "There is no such dead letter, or it is no longer kept." },
  dead_letter_not_retriable: {
    status: 409,
    title: "The message was kept in part only, or says how a device was at the time.",
  },

  // Returns
  return_not_found: { status: 404, title: "There is no such return." },
  return_not_approved: { status: 409, title: "The return has not been approved." },
  return_not_received: { status: 409, title: "The return has to be received first." },
  contradictory_inspection: { status: 422, title: "A line of a return is given several results at once." },
  already_inspected: { status: 409, title: "The return was inspected before, with another result." },
  return_already_decided: { status: 409, title: "The return was declined, approved or cancelled before." },
  return_already_received: { status: 409, title: "Goods of the return have come: close it instead." },
  return_method_unavailable: { status: 422, title: "Goods of this order cannot come back in this way." },
  quantity_exceeds_received: { status: 409, title: "More units than came and wait for an inspection." },
  inspection_not_found: { status: 404, title: "The return has no such inspection." },
  inspection_not_reopenable: { status: 409, title: "What the inspection found cannot be taken back." },
  location_not_usable: { status: 422, title: "Returned goods cannot go to this location." },
  unknown_item_not_found: { status: 404, title: "No item of this number was put aside." },
  unknown_item_settled: { status: 409, title: "The item is no longer put aside." },
  line_not_found: { status: 422, title: "The order or return has no such line." },
  not_returnable: { status: 409, title: "The line's units are not delivered, or are on their way back." },
  nothing_to_return: { status: 422, title: "The request names no units." },
  quantity_exceeds_line: { status: 422, title: "The quantity is larger than the line's." },

  // Money after the sale
  refund_not_found: { status: 404, title: "There is no such refund." },
  refund_exceeds_paid: {
    status: 409,
    title: "More is asked for than was paid for the order and has not gone back.",
  },
  refund_limit_exceeded: {
    status: 403,
    title: "The role may not give so much on one order in a day; the detail says who can.",
  },
  hold_rules_invalid: { status: 422, title: "A rule names a currency or a country that there is not." },
  return_rules_invalid: { status: 422, title: "A rule names a currency that there is not." },
  parcel_limits_invalid: { status: 422, title: "A place is given two limits." },
  pickup_rules_impossible: {
    status: 422,
    title: "Customers would be reminded only after their order was put back.",
  },
  refund_limits_invalid: {
    status: 422,
    title: "A limit is for a role that gives nothing, in no currency, too fine, or there twice.",
  },
  refund_not_due: { status: 409, title: "Nobody but us is to pay this refund out." },
  refund_exceeds_due: { status: 409, title: "More is confirmed than is due." },
  external_refund_known: { status: 409, title: "This refund of the channel's was confirmed before." },
  refund_not_failed: { status: 409, title: "Only a refund that was declined can be repeated or given up." },
  refund_not_withdrawable: { status: 409, title: "The refund is owed to the customer." },
  exchange_impossible: { status: 409, title: "The return is over, or the order is not exchanged here." },
  role_has_limit: {
    status: 403,
    title: "Whoever sends an order says what it costs; the role's gifts have a limit, so that it sends none.",
  },
  price_not_comparable: {
    status: 403,
    title:
      "The role's gifts have a limit, and a price of one's own can be compared with none in the order's currency.",
  },
  price_missing: { status: 422, title: "The catalog has no price in the order's currency: state one." },
  claim_not_found: { status: 404, title: "There is no such claim." },
  claim_decided: { status: 409, title: "The claim was decided before." },
  claim_not_returned: { status: 409, title: "The claim's parcel does not come back." },
  nothing_to_claim: { status: 409, title: "Everything in the parcel is in a claim already." },
  carrier_claim_impossible: {
    status: 409,
    title: "The claim with the carrier cannot go there from where it is.",
  },
  shipment_not_found: { status: 404, title: "The order has no such parcel." },
  parcel_not_shipped: { status: 409, title: "The parcel has not left the building." },
  store_credit_not_found: { status: 404, title: "There is no such store credit." },
  store_credit_insufficient: { status: 409, title: "The store credit does not hold so much." },
  store_credit_not_offered: { status: 422, title: "Returns of this shop do not become store credit." },
  payment_call_under_way: {
    status: 503,
    title: "The answer to our own call is still being written; repeat the webhook in a moment.",
  },
  payment_provider_unavailable: {
    status: 503,
    title: "The payment provider could not be asked; repeat the webhook in a moment.",
  },
  payment_held_by_channel: { status: 409, title: "The channel has the money and is to refund it." },
  order_not_payable: { status: 409, title: "The order is not waiting for a payment through us." },
  amount_not_payable: { status: 422, title: "The payment provider takes no such amount in this currency." },
  customer_unknown: { status: 409, title: "The order names no customer who could hold store credit." },

  // Stock commands
  approval_needed: {
    status: 403,
    title: "More than one person may correct alone: send a count, which somebody else approves.",
  },
  count_id_taken: { status: 409, title: "Somebody else has counted the position under this id." },
  four_eyes_needed: { status: 403, title: "Whoever counted does not approve the count." },
  invalid_command: { status: 422, title: "The stock command is not valid." },
  command_id_reused: { status: 409, title: "The command id was used with another body." },
  insufficient_stock: { status: 409, title: "There is not enough available to promise." },
  hold_exists: { status: 409, title: "A hold of this name exists." },
  hold_not_found: { status: 404, title: "There is no hold of this name." },
  hold_not_reserved: { status: 409, title: "The hold is not a soft one." },
  hold_not_allocated: { status: 409, title: "The hold is not firm." },
  quantity_exceeds_hold: { status: 409, title: "The quantity is larger than the hold." },
  stock_is_promised: { status: 409, title: "The correction would break a promise already given." },
  on_hand_changed: { status: 409, title: "On hand is not what the command expected." },
  quantity_limit: { status: 422, title: "The quantity is larger than a position can hold." },
  reference_exists: { status: 409, title: "A delivery of this reference is expected already." },
  reference_is_transfer: { status: 409, title: "The reference is a transfer, which has its own commands." },
  transfer_exists: { status: 409, title: "A transfer of this id is on its way there." },
  transfer_not_found: { status: 404, title: "No transfer of this id is on its way here." },
  quantity_exceeds_transfer: { status: 409, title: "The quantity is larger than what is in transit." },
  quantity_exceeds_unavailable: {
    status: 409,
    title: "The quantity is larger than what is set apart for this reason.",
  },
  position_not_empty: {
    status: 409,
    title: "Tracking can be changed only while the SKU has no units and expects none.",
  },
  lot_required: { status: 422, title: "The SKU is tracked by lot: say which." },
  lot_mismatch: { status: 409, title: "The lot is known with another expiry date." },
  lot_not_found: { status: 404, title: "There is no such lot here." },
  lot_expired: { status: 409, title: "The lot is past its date." },
  serials_required: { status: 422, title: "The SKU is tracked by serial number: name each unit." },
  serial_exists: { status: 409, title: "A unit of this serial number is in stock, picked or in transit." },
  serial_not_found: { status: 404, title: "No unit of this serial number is where the command says." },
  not_tracked: { status: 422, title: "The SKU is not tracked by what the command names." },
  count_pending: { status: 409, title: "An earlier count of the position waits for approval." },
  count_not_found: { status: 404, title: "No count of this id waits for approval." },
  demand_exists: { status: 409, title: "Demand of this name waits already." },
  reservation_not_found: { status: 404, title: "There is no such open lane reservation here." },
  too_many_entries: { status: 422, title: "The position has as many lots, pools or deliveries as it may." },

  // The engine
  engine_overloaded: {
    status: 503,
    title: "The engine has as much work as it can take; retry after retryAfterMs.",
  },
  commit_outcome_unknown: { status: 503, title: "The commit's outcome is unknown: repeat with the same id." },
  fenced: {
    status: 503,
    title: "Another process has taken over, and this one ends; repeat with the same ids and be served there.",
  },
  shard_elsewhere: {
    status: 503,
    title: "The shard is moving to another process, which has it within moments; repeat with the same ids.",
  },
  shard_unavailable: { status: 503, title: "The shard is being rebuilt; repeat with the same ids." },
  engine_unreachable: {
    status: 503,
    title: "The process that has the stock cannot be reached; nothing was done; wait for retryAfterMs.",
  },
  handles_void: {
    status: 503,
    title: "The engine was started anew: open the positions again, over another connection.",
  },
  engine_stopped: { status: 503, title: "The engine has stopped; retry after its restart." },
} as const satisfies Readonly<Record<CodeFromBelow, StatusEntry>> & Readonly<Record<string, StatusEntry>>;

export type StatusCode = keyof typeof STATUS_CODES_BY_CODE;

/**
 * A code that is not in the map is the refusal of a request: 409, with the code as its title.
 */
export function statusOf(code: string): StatusEntry {
  return Object.hasOwn(STATUS_CODES_BY_CODE, code)
    ? STATUS_CODES_BY_CODE[code as StatusCode]
    : { status: 409, title: code.replaceAll("_", " ") };
}
