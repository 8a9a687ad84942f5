/**
 * An operation's expected "no": a value with a stable code, never an exception. There is one way to make it,
 * so that the compiler knows every code. `gateway/wire/status-codes.ts` does not compile before each code has
 * a status and a meaning there.
 */
import type { RefusalCode as StockRefusalCode } from "../actors/commands.ts";
import type { CaptureRefusalCode } from "../orders/capture.ts";
import type { ChangeRefusalCode } from "../orders/change/order-change.ts";
import type { EditRefusalCode } from "../orders/change/order-edits.ts";
import type { CombineRefusalCode } from "../orders/fulfillment/combined-parcel.ts";
import type { ChannelRefusal } from "../ports/channels.ts";

/** Codes of the operations themselves. */
type OperationRefusalCode =
  | "already_set_up"
  | "currency_in_use"
  | "email_taken"
  | "key_expiry_past"
  | "key_not_found"
  | "key_over"
  | "last_administrator"
  | "password_link_invalid"
  | "password_refused"
  | "password_wrong"
  | "person_disabled"
  | "person_not_found"
  | "place_incomplete"
  | "second_factor_missing"
  | "second_factor_needed"
  | "second_factor_there"
  | "second_factor_wrong"
  | "unknown_country"
  | "unknown_time_zone"
  | "action_not_supported"
  | "already_inspected"
  | "already_packed"
  | "already_picked"
  | "amount_not_payable"
  | "approval_needed"
  | "carrier_claim_impossible"
  | "channel_exists"
  | "channel_inactive"
  | "channel_kind_unknown"
  | "channel_not_found"
  | "change_window_closed"
  | "charging_rule_impossible"
  | "claim_decided"
  | "claim_not_found"
  | "claim_not_returned"
  | "combined_already"
  | "company_not_found"
  | "contradictory_inspection"
  | "customer_email_missing"
  | "customer_unknown"
  | "dead_letter_not_found"
  | "dead_letter_not_retriable"
  | "device_exists"
  | "device_not_found"
  | "device_protocol_unknown"
  | "device_settings_invalid"
  | "device_topic_taken"
  | "exchange_impossible"
  | "external_refund_known"
  | "four_eyes_needed"
  | "fulfillment_order_changed"
  | "fulfillment_order_closed"
  | "fulfillment_order_not_found"
  | "fulfillment_order_on_hold"
  | "hold_not_cleared"
  | "hold_rules_invalid"
  | "idempotency_key_reused"
  | "inspection_not_found"
  | "inspection_not_reopenable"
  | "invalid_channel_sku"
  | "invalid_kit"
  | "invalid_product"
  | "invalid_substitutes"
  | "invalid_quantity"
  | "invalid_release_date"
  | "line_not_found"
  | "load_busy"
  | "load_not_found"
  | "load_settled"
  | "location_exists"
  | "location_not_found"
  | "mail_not_sent"
  | "mail_template_invalid"
  | "not_charged_here"
  | "not_paid_on_delivery"
  | "location_not_usable"
  | "location_settings_invalid"
  | "not_picked"
  | "not_returnable"
  | "nothing_to_collect"
  | "not_mergeable"
  | "nothing_left_to_split"
  | "nothing_to_claim"
  | "nothing_to_return"
  | "notice_not_found"
  | "order_already_shipped"
  | "order_being_cancelled"
  | "order_busy"
  | "order_ended"
  | "order_not_found"
  | "order_not_on_hold"
  | "order_over"
  | "order_not_payable"
  | "packing_check_needed"
  | "parcel_limits_invalid"
  | "parcel_not_shipped"
  | "parcel_too_heavy"
  | "picked_short"
  | "pickup_rules_impossible"
  | "price_missing"
  | "price_not_comparable"
  | "product_exists"
  | "product_not_found"
  | "quantity_exceeds_line"
  | "quantity_exceeds_received"
  | "refund_exceeds_due"
  | "refund_exceeds_paid"
  | "refund_limit_exceeded"
  | "refund_limits_invalid"
  | "refund_not_due"
  | "refund_not_failed"
  | "refund_not_found"
  | "refund_not_withdrawable"
  | "return_already_decided"
  | "return_already_received"
  | "return_method_unavailable"
  | "return_not_approved"
  | "return_not_found"
  | "return_not_received"
  | "return_rules_invalid"
  | "permission_not_yours"
  | "role_exists"
  | "role_has_limit"
  | "role_invalid"
  | "role_not_found"
  | "role_protected"
  | "setting_changed"
  | "sourcing_rules_invalid"
  | "payment_call_under_way"
  | "payment_held_by_channel"
  | "shipment_not_found"
  | "vendor_account_exists"
  | "vendor_account_in_use"
  | "vendor_account_invalid"
  | "vendor_account_not_found"
  | "vendor_account_not_working"
  | "store_credit_insufficient"
  | "store_credit_not_found"
  | "store_credit_not_offered"
  | "too_many_payment_tries"
  | "too_many_wrong_codes"
  | "unit_packed_before"
  | "unknown_item_not_found"
  | "unknown_item_settled"
  | "verification_failed"
  | "wrong_code";

/** These, and the codes of channel adapters, of the rules of capture, of changes and of the stock. */
export type RefusalCode =
  | OperationRefusalCode
  | CaptureRefusalCode
  | CombineRefusalCode
  | ChangeRefusalCode
  | EditRefusalCode
  | ChannelRefusal["code"]
  | StockRefusalCode;

export type Refusal = {
  readonly status: "refused";
  readonly code: RefusalCode;
  /** One sentence with the facts, for a person. */
  readonly detail: string;
  /** After which the same may be asked for again; absent: waiting alone does not help. */
  readonly retryAfterMs?: number;
};

export function refuse(code: RefusalCode, detail: string, retryAfterMs?: number): Refusal {
  return { status: "refused", code, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
