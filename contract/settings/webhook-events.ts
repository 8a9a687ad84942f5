/**
 * What others can be told of by webhook: every type of event, with the shape of its data and the shape's
 * version.
 *
 * E1 A version's shape only grows: fields are added, none is removed or changes its meaning. What cannot be
 *    said that way is a new version of the type, announced in the changelog; each message says its version.
 * E2 New types come. Whoever is told of whole areas (`order.*`) passes over those that they do not know.
 */
import Type, { type TSchema } from "typebox";
import { DEVICE_EVENT_KINDS } from "../devices.ts";
import { Count, Nullable, oneOf, type Shape, Text, Time } from "../shapes.ts";

/** An entry of an order's timeline. */
export const OrderEventData = Type.Object({
  orderId: Text,
  channelId: Text,
  /** The order's, when the message was sent. */
  status: Text,
  /** Names the entry within its order, once. */
  key: Text,
  /** One sentence for a person. */
  summary: Text,
  /** Who or what made it: `channel:shopify`, `saga:authorize-payment`, `device:robot-3`, `staff:…`. */
  cause: Text,
  /** Of the type; absent: there are none. */
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** A stock position with its newest numbers; what changed often within a moment is told once. */
export const StockPositionData = Type.Object({
  sku: Text,
  locationId: Text,
  onHand: Count,
  reserved: Count,
  allocated: Count,
  picked: Count,
  unavailable: Count,
  safetyStock: Count,
  incoming: Count,
  fenced: Count,
  availableToPromise: Count,
});

export const ProductEventData = Type.Object({
  sku: Text,
  name: Text,
  gtin: Text,
  weightGrams: Count,
  priceMinor: Count,
  currency: Text,
  hsCode: Text,
  originCountry: Text,
  /** Names of what changed. */
  changed: Type.Array(Text),
});

export const SkuMappingEventData = Type.Object({ channelId: Text, channelSku: Text, sku: Text });

export const LocationEventData = Type.Object({
  locationId: Text,
  name: Text,
  kind: Text,
  active: Type.Boolean(),
  changed: Type.Array(Text),
});

export const DeviceEventData = Type.Object({
  /** Null: of no device. */
  deviceId: Nullable(Text),
  locationId: Nullable(Text),
  detail: Text,
  /** How many of the same came within a second. */
  count: Count,
});

export const WebhookPausedData = Type.Object({ webhook: Text, reason: Text, failingSince: Nullable(Time) });

export const WebhookTestData = Type.Object({ webhook: Text });

/**
 * Types of an order's timeline, each with what it says. `webhook-events.test.ts` looks for those that are
 * missing.
 */
const ORDER_TYPES: Readonly<Record<string, string>> = {
  "order.captured": "An order came in and is stored.",
  "order.held": "It waits for a person or for stock.",
  "order.hold_released": "What it waited for is over.",
  "order.sourced": "It is decided which places ship it.",
  "order.released": "It was given to the floor.",
  "order.changed": "It has a new revision.",
  "order.ships_parts": "What is there of it ships, without what is missing.",
  "order.resourced": "Missing units were reserved elsewhere.",
  "order.substituted": "Another product is sent in the place of missing units.",
  "order.units_awaited": "Missing units are waited for.",
  "order.units_cancelled": "Missing units were cancelled.",
  "order.fulfilled_elsewhere": "Somebody else has handed units over.",
  "order.cancel_requested": "It is to be cancelled.",
  "order.cancellation_refused": "It could not be cancelled any more.",
  "order.cancelled": "It is cancelled.",
  "order.completed": "Everything is delivered and paid for.",
  "stock.reserved": "Units were reserved for it.",
  "stock.released": "Units that it had were given back.",
  "stock.filled": "Units came that it waited for.",
  "stock.change_refused": "The stock would not do what the order needs.",
  "fulfillment.opened": "A part of it that one place ships can begin.",
  "fulfillment.released": "A part is on the floor.",
  "fulfillment.asked": "Whoever runs its place was asked to send a part.",
  "fulfillment.held": "A part waits for a person.",
  "fulfillment.hold_released": "A part waits no more.",
  "fulfillment.rescheduled": "A part begins at another time.",
  "fulfillment.moved": "A part ships from another place.",
  "fulfillment.split": "A part became several.",
  "fulfillment.merged": "Parts became one.",
  "fulfillment.combined": "It leaves in one parcel with others of its customer.",
  "fulfillment.uncombined": "It leaves on its own after all.",
  "fulfillment.picked": "A part is off the shelf.",
  "fulfillment.picked_short": "Units were not on the shelf.",
  "fulfillment.load_adrift": "A robot has units that no part needs.",
  "fulfillment.load_settled": "A person settled where such units are.",
  "fulfillment.tote_lost": "A tote is lost.",
  "fulfillment.diverted": "A tote was sent to an exit.",
  "fulfillment.not_verified": "What is in a tote is not what was ordered.",
  "fulfillment.left_to_person": "A person looks at a tote.",
  "fulfillment.exception": "Somebody on the floor reported a problem.",
  "fulfillment.packed": "A part is packed.",
  "fulfillment.given_up": "A part is not done where it was to be.",
  "fulfillment.cancelled": "A part is cancelled.",
  "fulfillment.done_elsewhere": "A part was handed over by somebody else.",
  "fulfillment.handed_over_without_parcel": "What needs no parcel was handed over.",
  "fulfillment.ready_to_collect": "Its customer can collect it.",
  "fulfillment.customer_arrived": "Its customer is at the store.",
  "fulfillment.collected": "Its customer has it.",
  "shipment.label_bought": "A parcel has its label and number.",
  "shipment.label_voided": "A label was given back.",
  "shipment.address_rewritten": "The carrier wants the address written in another way.",
  "shipment.shipped": "A parcel has left.",
  "shipment.in_transit": "The carrier has it.",
  "shipment.out_for_delivery": "It is on its last way.",
  "shipment.delivered": "It is delivered.",
  "shipment.pre_transit": "The carrier knows of it and does not have it yet.",
  "shipment.available_for_pickup": "Its customer can fetch it at the carrier's.",
  "shipment.return_to_sender": "It comes back to us.",
  "shipment.failure": "The carrier could not deliver it.",
  "shipment.unknown": "The carrier says something else of it.",
  "payment.authorized": "The bank keeps the money for us.",
  "payment.confirmation_needed": "The bank wants its shopper to confirm.",
  "payment.declined": "The bank said no.",
  "payment.verified": "A payment that the channel took was checked.",
  "payment.captured": "Money was taken.",
  "payment.cash_taken": "Money was taken at the door.",
  "payment.cash_corrected": "What was taken at the door was corrected.",
  "payment.voided": "An authorisation was given back.",
  "payment.authorization_gone": "An authorisation has ended at the bank.",
  "payment.unknown_authorization": "The provider has an authorisation that we did not make.",
  "payment.method_given": "The shopper gave another means of payment.",
  "payment.refunded": "Money went back.",
  "payment.refund_failed": "The provider failed to carry a refund out.",
  "payment.refund_found": "The provider has a refund that was not confirmed to us.",
  "payment.refunded_elsewhere": "Money went back at the provider, past us.",
  "payment.disputed": "The customer asks the bank for the money back.",
  "payment.dispute_won": "A dispute is over; the money stays.",
  "payment.dispute_lost": "A dispute is over; the money is gone.",
  "payment.dispute_refunded": "A dispute is over because of a refund.",
  "refund.requested": "Money is to go back.",
  "refund.due_at_channel": "The channel is to give money back.",
  "refund.confirmed_by_channel": "The channel gave it back.",
  "refund.nothing_due": "There was nothing to give back.",
  "refund.owed_by_customer": "More went back than was due.",
  "refund.settled_by_customer": "What was owed is settled.",
  "refund.retried": "It is tried again.",
  "refund.exchanged": "It pays for other goods.",
  "refund.withdrawal_requested": "It is to be withdrawn.",
  "refund.withdrawn": "It was withdrawn.",
  "return.requested": "The shopper wants to send something back.",
  "return.waits_for_decision": "A person decides about it.",
  "return.approved": "It is approved.",
  "return.declined": "It is declined.",
  "return.parcel_pre_transit": "The carrier knows of the parcel that comes back.",
  "return.parcel_in_transit": "The carrier has it.",
  "return.parcel_out_for_delivery": "It is on its last way to us.",
  "return.parcel_available_for_pickup": "We can fetch it at the carrier's.",
  "return.parcel_delivered": "It is delivered to us.",
  "return.parcel_return_to_sender": "It goes back to the shopper.",
  "return.parcel_failure": "The carrier could not deliver it.",
  "return.parcel_unknown": "The carrier says something else of it.",
  "return.label_bought": "It has a label.",
  "return.pays_out_as": "It was decided how the money goes back.",
  "return.received": "A parcel of it was counted.",
  "return.unknown_item": "Something was in it that nobody announced.",
  "return.inspected": "Returned units were looked at.",
  "return.reopened": "An inspection was taken back.",
  "return.restocked": "Its units are back on sale.",
  "return.restock_undone": "They are not, after all.",
  "return.exchanged": "Its worth pays for other goods.",
  "return.retried": "A step of it is tried again.",
  "return.stopped": "A step of it failed for good; a person is needed.",
  "return.cancelled": "It is cancelled.",
  "return.closed": "It is over.",
  "claim.opened": "A parcel is lost, damaged or comes back.",
  "claim.received": "What came back of it was taken in.",
  "claim.refunded": "It ended with a refund.",
  "claim.reshipped": "It ended with goods that are sent again.",
  "claim.carrier_to_file": "The carrier is to be asked for money.",
  "claim.carrier_filed": "The carrier was asked for money.",
  "claim.carrier_paid": "The carrier has paid.",
  "claim.carrier_refused": "The carrier does not pay.",
  "claim.rejected": "It ended with nothing.",
  "claim.restocked": "Its units are back on sale.",
  "store_credit.issued": "Store credit was given.",
  "store_credit.spent": "Store credit paid for it.",
  "store_credit.given_back": "Store credit that it had spent was given back.",
  "store_credit.dropped": "Store credit was not used after all.",
  "notification.sent": "The shopper was told.",
  "notification.failed": "The shopper could not be told.",
  "notification.late": "The shopper is told late.",
  "notification.resend_requested": "A mail is sent once more.",
  "channel.update_received": "Its channel sent it again, with changes that a person looks at.",
  "saga.step_failing": "A step of its process fails and is tried again.",
  "saga.undo_failed": "A step could not be undone; a person is needed.",
};

const DEVICE_WORDS: Readonly<Record<(typeof DEVICE_EVENT_KINDS)[number], string>> = {
  online: "A device is there.",
  offline: "It took its leave, or was switched off.",
  silent: "It is offline, because it said nothing for too long.",
  broken: "The broker lost its connection.",
  error: "It reported an error.",
  dispatch_refused: "It did not take its work.",
  dead_letter: "A message of it could not be used.",
  enabled: "It was switched on.",
  disabled: "It was switched off.",
  changed: "Its registration was changed.",
  bridge_reconnected: "The bridge is back at the broker.",
};

/** By what messages are found and read: `orders` of timelines, `system` beside them. */
export type WebhookSource = "orders" | "system";

export type WebhookEventType = {
  readonly type: string;
  readonly version: number;
  readonly source: WebhookSource;
  readonly meaning: string;
  /** By what its messages are kept in order: an order, a SKU, … */
  readonly subject: string;
  readonly data: TSchema;
  readonly example: Readonly<Record<string, unknown>>;
};

const PRODUCT = {
  sku: "TEE-1",
  name: "T-shirt",
  gtin: "00614141123452",
  weightGrams: 180,
  priceMinor: 2_500,
  currency: "USD",
  hsCode: "6109.10",
  originCountry: "PT",
};
const MAPPING = { channelId: "shopify", channelSku: "tee-one", sku: "TEE-1" };
const PLACE = { locationId: "fc-reno", name: "Reno", kind: "fulfillment_center", active: true };

function system(
  type: string,
  subject: string,
  meaning: string,
  data: TSchema,
  example: Readonly<Record<string, unknown>>,
): WebhookEventType {
  return { type, version: 1, source: "system", meaning, subject, data, example };
}

export const WEBHOOK_EVENT_TYPES: readonly WebhookEventType[] = [
  ...Object.entries(ORDER_TYPES).map(([type, meaning]) => ({
    type,
    version: 1,
    source: "orders" as const,
    meaning,
    subject: "orderId",
    data: OrderEventData,
    example: {
      orderId: "web-1001",
      channelId: "web",
      status: "open",
      key: `${type}:1`,
      summary: meaning,
      cause: "staff:4f",
    },
  })),
  system("stock_position.changed", "sku", "A stock position has other numbers.", StockPositionData, {
    sku: "TEE-1",
    locationId: "fc-reno",
    onHand: 40,
    reserved: 2,
    allocated: 1,
    picked: 0,
    unavailable: 0,
    safetyStock: 2,
    incoming: 0,
    fenced: 0,
    availableToPromise: 35,
  }),
  system("product.created", "sku", "A product is in the catalog.", ProductEventData, {
    ...PRODUCT,
    changed: [],
  }),
  system("product.changed", "sku", "A product is another than it was.", ProductEventData, {
    ...PRODUCT,
    changed: ["price_minor"],
  }),
  system("product.removed", "sku", "A product is no longer in the catalog.", ProductEventData, {
    ...PRODUCT,
    changed: [],
  }),
  system(
    "sku_mapping.created",
    "channelId/channelSku",
    "A channel's SKU is ours.",
    SkuMappingEventData,
    MAPPING,
  ),
  system(
    "sku_mapping.changed",
    "channelId/channelSku",
    "A channel's SKU is another of ours.",
    SkuMappingEventData,
    MAPPING,
  ),
  system(
    "sku_mapping.removed",
    "channelId/channelSku",
    "A channel's SKU is none of ours any more.",
    SkuMappingEventData,
    MAPPING,
  ),
  system("location.created", "locationId", "There is a new place.", LocationEventData, {
    ...PLACE,
    changed: [],
  }),
  system("location.changed", "locationId", "A place is another than it was.", LocationEventData, {
    ...PLACE,
    changed: ["hours"],
  }),
  system("location.removed", "locationId", "A place is gone.", LocationEventData, { ...PLACE, changed: [] }),
  ...DEVICE_EVENT_KINDS.map((kind) =>
    system(`device.${kind}`, "deviceId", DEVICE_WORDS[kind], DeviceEventData, {
      deviceId: "belt-1",
      locationId: "fc-reno",
      detail: "nothing for 90 s",
      count: 1,
    }),
  ),
  system(
    "webhook_endpoint.paused",
    "webhook",
    "Nothing is sent to another webhook any more, because it took nothing for days or said that it is gone.",
    WebhookPausedData,
    { webhook: "erp", reason: "failing", failingSince: "2026-11-27T09:00:00.000Z" },
  ),
  system("webhook.test", "webhook", "It tells of nothing; somebody tries the webhook.", WebhookTestData, {
    webhook: "erp",
  }),
];

const VERSIONS: ReadonlyMap<string, number> = new Map(
  WEBHOOK_EVENT_TYPES.map(({ type, version }) => [type, version]),
);

/** Of the shape of a type's data; 1 where the type is newer than this list. */
export function versionOfEvent(type: string): number {
  return VERSIONS.get(type) ?? 1;
}

/** What is posted: the same for every type. */
export const WebhookMessageEnvelope = Type.Object({
  type: Text,
  /** Of the shape of `data`. */
  version: Count,
  /** When it happened. */
  timestamp: Time,
  data: Type.Record(Type.String(), Type.Unknown()),
});

export const WebhookEventTypeView = Type.Object({
  type: Text,
  version: Count,
  source: oneOf(["orders", "system"]),
  meaning: Text,
  /** By what its messages are kept in order, where the webhook asks for that. */
  subject: Text,
  /** JSON Schema of `data`. */
  schema: Type.Record(Type.String(), Type.Unknown()),
  example: Type.Record(Type.String(), Type.Unknown()),
});
export type WebhookEventTypeView = Shape<typeof WebhookEventTypeView>;
