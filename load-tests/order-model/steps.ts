/** What can happen to the orders of a sequence, and what the model makes of each answer. */
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { captureOrders } from "../../operations/capture/capture-order.ts";
import { cancelOrder } from "../../operations/change/cancel-order.ts";
import { cancelPart } from "../../operations/change/cancel-part.ts";
import { editOrder } from "../../operations/change/edit-order.ts";
import { confirmPack } from "../../operations/floor/confirm-pack.ts";
import { confirmPick } from "../../operations/floor/confirm-pick.ts";
import { holdPart, releasePart } from "../../operations/fulfillment/hold-part.ts";
import { markPartFulfilledElsewhere } from "../../operations/fulfillment/mark-fulfilled-elsewhere.ts";
import { movePart } from "../../operations/fulfillment/move-part.ts";
import { openPart, reschedulePart } from "../../operations/fulfillment/schedule-part.ts";
import { mergeParts, splitPart } from "../../operations/fulfillment/split-part.ts";
import { releaseHold } from "../../operations/holds/release-hold.ts";
import { reconcilePayment } from "../../operations/payments/reconcile-payment.ts";
import { requestRefund } from "../../operations/refunds/request-refund.ts";
import { retryRefund, withdrawRefund } from "../../operations/refunds/settle-refund.ts";
import { inspectReturn } from "../../operations/returns/inspect-return.ts";
import { receiveReturn } from "../../operations/returns/receive-return.ts";
import { requestReturn } from "../../operations/returns/request-return.ts";
import { recordTracking } from "../../operations/shipping/record-tracking.ts";
import type { PaymentState } from "../../ports/payments.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { BookedFulfillmentOrder, BookedOrder } from "./books.ts";
import { type BankDispute, CARRIER } from "./outside-books.ts";
import type { Sequence } from "./sequence.ts";
import { CHANNELS, LOCATIONS } from "./world.ts";

export type Step = {
  readonly name: string;
  readonly weight: number;
  /** What was done and what came of it; null where there was nothing to do it to. */
  run(sequence: Sequence): Promise<string | null>;
};

const decimal = (cents: number) => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;

async function capture(sequence: Sequence): Promise<string | null> {
  const { random, orderIds, name } = sequence;
  if (orderIds.length >= sequence.mostOrders) return null;
  const channel = random.chance(0.75) ? CHANNELS.charged : CHANNELS.paid;
  const id = `${name}_${orderIds.length + 1}`;
  const lines = Array.from({ length: random.integer(1, 3) }, (_, index) => {
    const quantity = random.integer(1, 4);
    const price = random.integer(1, 5_000);
    const discount = random.chance(0.3) ? random.below(price * quantity) : 0;
    const tax = random.below(200);
    const sku = random.pick(sequence.skus);
    return {
      id: String(index + 1),
      sku,
      quantity,
      price,
      discount,
      tax,
      allowSubstitutes: random.chance(0.5),
    };
  });
  const shipping = random.chance(0.7) ? random.below(1_500) : 0;
  const goods = lines.reduce((sum, line) => sum + line.price * line.quantity - line.discount, 0);
  const discount = random.chance(0.3) ? random.below(goods) : 0;
  const total = goods + lines.reduce((sum, line) => sum + line.tax, 0) + shipping - discount;
  const payload = JSON.stringify({
    id,
    currency: "USD",
    lines: lines.map((line) => ({
      id: line.id,
      sku: line.sku,
      quantity: line.quantity,
      unitPrice: decimal(line.price),
      discount: decimal(line.discount),
      taxes: [{ name: "tax", amount: decimal(line.tax) }],
      ...(line.allowSubstitutes ? { allowSubstitutes: true } : {}),
    })),
    shippingPrice: decimal(shipping),
    discount: decimal(discount),
    total: decimal(total),
    shippingAddress: {
      name: "Ada Example",
      line1: "1 Main Street",
      city: "Reno",
      region: "NV",
      postalCode: "89501",
      country: "US",
    },
    customer: { name: "Ada Example", email: "ada@example.com" },
    paymentBy: channel === CHANNELS.charged ? "merchant" : "channel",
    ...(channel === CHANNELS.charged ? { paymentMethod: "pm_model" } : {}),
    allocation: random.pick([
      "all_or_nothing",
      "line_by_line",
      "ship_available",
      "ship_available_backorder_rest",
    ]),
  });
  const request = { channelId: channel, topic: null, payload, adapters: channelAdapters, cause: "model" };
  const [result] = await captureOrders(sequence.world.context, request);
  if (random.chance(0.2)) await captureOrders(sequence.world.context, request);
  if (result?.order != null) {
    orderIds.push(result.order);
    for (const { id: lineId, allowSubstitutes } of lines)
      if (allowSubstitutes) sequence.takesSubstitutes.add(`${result.order}/${lineId}`);
  }
  return `${channel} ${id}: ${lines.map((line) => `${line.quantity} ${line.sku}`).join(", ")}, total ${total}: ${result?.outcome} ${result?.detail ?? ""}`;
}

const unpicked = (order: BookedOrder) =>
  order.fulfillmentOrders.filter((one) => one.status === "in_progress" && one.stage !== "packed");

/** A fulfillment order of any order that `which` names. */
function someFulfillmentOrder(
  sequence: Sequence,
  which: (order: BookedOrder) => readonly BookedFulfillmentOrder[],
): BookedFulfillmentOrder | undefined {
  const all = sequence.orders.flatMap(which);
  return all.length === 0 ? undefined : sequence.random.pick(all);
}

const someOrder = (sequence: Sequence, which: (order: BookedOrder) => boolean): BookedOrder | undefined => {
  const all = sequence.orders.filter(which);
  return all.length === 0 ? undefined : sequence.random.pick(all);
};

const answer = (outcome: { readonly status: string }): string =>
  outcome.status === "refused" ? `refused ${JSON.stringify(outcome)}` : outcome.status;

/** @param missingChance of each hold to be found short */
async function pick(sequence: Sequence, missingChance: number): Promise<string | null> {
  const { random, world } = sequence;
  const target = someFulfillmentOrder(sequence, (order) =>
    unpicked(order).filter((one) => !sequence.picked.has(one.id)),
  );
  if (target === undefined) return null;
  const reason = random.pick(["not_found", "damaged", "location_blocked"]);
  const picked = target.lines.map((line) => ({
    ...line,
    taken: random.chance(missingChance) ? random.below(line.quantity) : line.quantity,
  }));
  const outcome = await confirmPick(world.context, {
    fulfillmentOrderId: target.id,
    picked: picked.map(({ holdId, taken }) => ({ holdId, quantity: taken })),
    shortReason: reason,
    cause: "staff:model",
    key: sequence.key("pick"),
  });
  if (outcome.status === "done") {
    sequence.picked.set(
      target.id,
      new Map(picked.map(({ holdId, lineId, taken }) => [holdId, { lineId, quantity: taken }])),
    );
    for (const { sku, quantity, taken } of picked) {
      const shelf = sequence.shelf(sku, target.locationId);
      if (reason === "not_found") shelf.onHand -= quantity - taken;
      if (reason === "damaged") shelf.unavailable += quantity - taken;
    }
  }
  return `${target.id} ${picked.map((line) => `${line.taken} of ${line.quantity} ${line.sku}`).join(", ")} (${reason}): ${answer(outcome)}`;
}

async function pack(sequence: Sequence): Promise<string | null> {
  const target = someFulfillmentOrder(sequence, (order) =>
    order.fulfillmentOrders.filter(
      ({ id, status, stage }) =>
        sequence.picked.has(id) && status !== "closed" && status !== "cancelled" && stage !== "packed",
    ),
  );
  if (target === undefined) return null;
  const outcome = await confirmPack(sequence.world.context, {
    fulfillmentOrderId: target.id,
    verified: "by-person",
    cause: "staff:model",
    key: sequence.key("pack"),
  });
  return `${target.id}: ${answer(outcome)}`;
}

async function track(sequence: Sequence): Promise<string | null> {
  const { random, world } = sequence;
  const parcels = sequence.orders.flatMap((order) => order.shipments.filter((one) => !one.delivered));
  if (parcels.length === 0) return null;
  const parcel = random.pick(parcels);
  const statuses = random.pick([
    ["delivered"],
    ["out_for_delivery"],
    ["out_for_delivery", "delivered"],
    ["delivered", "in_transit"],
  ] as const);
  for (const status of statuses) {
    await recordTracking(world.context, CARRIER, [
      {
        reportId: `${parcel.trackingNumber}-${status}`,
        trackingNumber: parcel.trackingNumber,
        status,
        at: new Date(world.now()).toISOString(),
        message: "model",
        place: "Reno",
      },
    ]);
  }
  return `${parcel.id} ${statuses.join(", ")}`;
}

async function cancel(sequence: Sequence): Promise<string | null> {
  const order = someOrder(sequence, ({ status }) => status === "open" || status === "on_hold");
  if (order === undefined) return null;
  const outcome = await cancelOrder(sequence.world.context, {
    orderId: order.id,
    reason: "changed my mind",
    by: "staff:model",
    key: sequence.key("cancel"),
  });
  return `${order.id}: ${answer(outcome)}`;
}

async function release(sequence: Sequence): Promise<string | null> {
  const order = someOrder(sequence, ({ status }) => status === "on_hold");
  if (order === undefined) return null;
  const outcome = await releaseHold(sequence.world.context, { orderId: order.id, by: "staff:model" });
  return `${order.id} (${order.holds.join(", ")}): ${answer(outcome)}`;
}

async function askForReturn(sequence: Sequence): Promise<string | null> {
  const { random } = sequence;
  const order = someOrder(sequence, ({ lines }) => lines.some((line) => line.delivered > 0));
  if (order === undefined) return null;
  const line = random.pick(order.lines.filter((one) => one.delivered > 0));
  const quantity = random.integer(1, line.delivered);
  const outcome = await requestReturn(sequence.world.context, {
    orderId: order.id,
    lines: [{ lineId: line.lineId, quantity }],
    reason: "changed_mind",
    by: "shopper",
    key: sequence.key("return"),
  });
  return `${order.id} ${quantity} of line ${line.lineId}: ${answer(outcome)}`;
}

async function receive(sequence: Sequence): Promise<string | null> {
  const { random } = sequence;
  const open = sequence.orders.flatMap((order) =>
    order.returns.filter((one) => one.status === "approved" || one.status === "in_transit"),
  );
  if (open.length === 0) return null;
  const returned = random.pick(open);
  const lines = returned.lines.map((line) => ({
    lineId: line.lineId,
    quantity: random.chance(0.7) ? line.requested : random.integer(0, line.requested),
  }));
  const outcome = await receiveReturn(sequence.world.context, {
    returnId: returned.id,
    lines,
    by: "staff:model",
  });
  return `${returned.id} ${lines.map((line) => `${line.quantity} of line ${line.lineId}`).join(", ")}: ${answer(outcome)}`;
}

async function inspect(sequence: Sequence): Promise<string | null> {
  const { random } = sequence;
  const waiting = sequence.orders.flatMap((order) =>
    order.returns.flatMap((one) => (one.status === "received" ? [{ order, returned: one }] : [])),
  );
  if (waiting.length === 0) return null;
  const { order, returned } = random.pick(waiting);
  const disposition = random.pick(["restocked", "damaged", "write_off"] as const);
  const lines = returned.lines.flatMap(({ lineId, received, inspected }) =>
    received > inspected ? [{ lineId, disposition, quantity: random.integer(1, received - inspected) }] : [],
  );
  if (lines.length === 0) return null;
  const outcome = await inspectReturn(sequence.world.context, {
    returnId: returned.id,
    lines,
    by: "staff:model",
    key: sequence.key("inspect"),
  });
  if (outcome.status === "done") {
    for (const { lineId, quantity } of lines) {
      const key = `${order.id}/${lineId}`;
      sequence.cameBack.set(key, (sequence.cameBack.get(key) ?? 0) + quantity);
      if (disposition === "write_off") continue;
      const sku = order.lines.find((line) => line.lineId === lineId)?.sku ?? "";
      const restocks = sequence.restocks.get(returned.id) ?? [];
      sequence.restocks.set(returned.id, [...restocks, { sku, quantity }]);
    }
  }
  return `${returned.id} ${disposition} ${JSON.stringify(lines.map(({ lineId, quantity }) => [lineId, quantity]))}: ${answer(outcome)}`;
}

/** More, fewer or no units of a line, or another line. */
async function change(sequence: Sequence): Promise<string | null> {
  const { random } = sequence;
  // What a discount of the whole order means for units that have left is another model's to say.
  const order = someOrder(
    sequence,
    ({ status, document }) => (status === "open" || status === "on_hold") && document.discount.minor === 0,
  );
  if (order === undefined) return null;
  const { lineId, ordered } = random.pick(order.lines);
  const edit = random.pick([
    { kind: "quantity" as const, lineId, quantity: random.integer(0, ordered + 2) },
    { kind: "cancel_line" as const, lineId },
    {
      kind: "add_line" as const,
      sku: random.pick(sequence.skus),
      title: "More",
      quantity: random.integer(1, 3),
      unitPrice: decimal(random.integer(1, 3_000)),
    },
  ]);
  const request = {
    orderId: order.id,
    edits: [edit],
    by: "staff:model",
    giver: { by: "staff:model", role: "admin", limits: [], roles: ["admin"] },
    key: sequence.key("change"),
    ...(random.chance(0.5) ? { revision: order.revision } : {}),
  };
  const outcome = await sequence.perhapsRepeated(0.2, () => editOrder(sequence.world.context, request));
  return `${order.id} ${JSON.stringify(edit)}: ${answer(outcome)}`;
}

/** Staff give some of the money back, without a return. */
async function goodwill(sequence: Sequence): Promise<string | null> {
  const { random } = sequence;
  const order = someOrder(sequence, ({ captured, refunded }) => captured > refunded);
  if (order === undefined) return null;
  const amountMinor = random.integer(1, order.captured - order.refunded);
  const request = {
    orderId: order.id,
    amountMinor,
    reason: "goodwill" as const,
    note: "",
    to: "original" as const,
    bonusPercent: 0,
    giver: { by: "staff:model", role: "finance" as const, limits: [], roles: ["finance" as const] },
    key: sequence.key("goodwill"),
  };
  const outcome = await sequence.perhapsRepeated(0.3, () => requestRefund(sequence.world.context, request));
  if (outcome.status === "done")
    sequence.goodwill.set(order.id, (sequence.goodwill.get(order.id) ?? 0) + amountMinor);
  return `${order.id} ${amountMinor}: ${answer(outcome)}`;
}

/** A refund that was declined is asked for again, or given up where it is nobody's due. */
async function settleFailedRefund(sequence: Sequence): Promise<string | null> {
  const failed = sequence.orders.flatMap(({ refunds }) =>
    refunds.filter(({ status }) => status === "failed"),
  );
  if (failed.length === 0) return null;
  const { id: refundId } = sequence.random.pick(failed);
  const input = { refundId, by: "staff:model" };
  const isTriedAgain = sequence.random.chance(0.7);
  const outcome = isTriedAgain
    ? await retryRefund(sequence.world.context, input)
    : await withdrawRefund(sequence.world.context, input);
  return `${refundId} is ${isTriedAgain ? "tried again" : "given up"}: ${answer(outcome)}`;
}

async function receiveStock(sequence: Sequence): Promise<string> {
  const { random } = sequence;
  const sku = random.pick(sequence.skus);
  const locationId = random.pick(LOCATIONS);
  const quantity = random.integer(1, 5);
  await sequence.stockUp(sku, locationId, quantity);
  return `${quantity} ${sku} at ${locationId}`;
}

/** What people may do with a fulfillment order, whether it is possible now or not. */
async function act(sequence: Sequence): Promise<string | null> {
  const { random } = sequence;
  const { context } = sequence.world;
  const part = someFulfillmentOrder(sequence, (order) =>
    // Which of its units a part that is picked hands to another is for the floor to say.
    order.fulfillmentOrders.filter(
      ({ id, status }) => status !== "closed" && status !== "cancelled" && !sequence.picked.has(id),
    ),
  );
  const [line] = part?.lines ?? [];
  if (part === undefined || line === undefined) return null;
  const input = { fulfillmentOrderId: part.id, by: "staff:model", key: sequence.key("act") };
  const locationId = random.pick(LOCATIONS);
  const quantity = random.integer(1, line.quantity);
  const actions = {
    hold: () => holdPart(context, { ...input, reason: "model" }),
    release: () => releasePart(context, input),
    move: () => movePart(context, { ...input, locationId }),
    split: () =>
      splitPart(context, {
        ...input,
        lines: [{ lineId: line.lineId, quantity }],
      }),
    merge: () => mergeParts(context, input),
    reschedule: () =>
      reschedulePart(context, {
        ...input,
        releaseOn: new Date(sequence.world.now() + 3 * 86_400_000).toISOString().slice(0, 10),
      }),
    open: () => openPart(context, input),
    cancel: () => cancelPart(context, { ...input, reason: "model" }),
    elsewhere: () => markPartFulfilledElsewhere(context, { ...input, tracking: {} }),
  };
  const name = random.pick(Object.keys(actions) as (keyof typeof actions)[]);
  const outcome = await sequence.perhapsRepeated(0.2, actions[name]);
  return `${name} ${part.id}: ${answer(outcome)}`;
}

/** The provider's next answer for an order is a decline, or no carrier takes its next parcel. */
async function misfortune(sequence: Sequence): Promise<string | null> {
  const order = someOrder(sequence, ({ status }) => status === "open" || status === "completed");
  if (order === undefined) return null;
  const { declinesNext, refusesNext } = sequence.world.books;
  const isPayment = sequence.random.chance(0.5);
  (isPayment ? declinesNext : refusesNext).add(order.id);
  return `${order.id}: the next ${isPayment ? "payment is declined" : "label is refused"}`;
}

/** As the provider's webhook brings it. */
async function tellOfDispute(sequence: Sequence, dispute: BankDispute): Promise<void> {
  const { database, books } = sequence.world;
  const { orderId, reference, amountMinor, status } = dispute;
  const state: PaymentState = {
    reference: dispute.payment,
    orderId,
    currency: "USD",
    status: "open",
    capturedMinor: books.authorizations.get(dispute.payment)?.captured ?? 0,
    isCaptured: () => false,
    confirmation: null,
    decline: null,
    refunds: [],
    disputes: [{ reference, amountMinor, status, reason: "fraudulent", respondBy: null }],
  };
  await inTransaction(database, (client) =>
    reconcilePayment(client, books.payments.first, orderId, state, sequence.key("event")),
  );
}

/** The customer asks the bank for all or some of a payment. */
async function dispute(sequence: Sequence): Promise<string | null> {
  const { random, orderIds, world } = sequence;
  const captured = [...world.books.authorizations].filter(
    ([, payment]) => orderIds.includes(payment.orderId) && payment.captured > 0,
  );
  if (captured.length === 0) return null;
  const [payment] = random.pick(captured);
  const opened = world.books.dispute(payment, (left) =>
    random.chance(0.5) ? left : random.integer(1, left),
  );
  if (opened === null) return null;
  await tellOfDispute(sequence, opened);
  return `${opened.orderId}: ${opened.amountMinor} of ${payment}`;
}

async function endDispute(sequence: Sequence): Promise<string | null> {
  const { random, orderIds, world } = sequence;
  const open = world.books.disputes.filter(
    ({ orderId, status }) => status === "open" && orderIds.includes(orderId),
  );
  if (open.length === 0) return null;
  const ended = random.pick(open);
  world.books.endDispute(ended, random.chance(0.5) ? "won" : "lost");
  await tellOfDispute(sequence, ended);
  return `${ended.orderId}: ${ended.reference} is ${ended.status}`;
}

export const STEPS: readonly Step[] = [
  { name: "capture", weight: 6, run: capture },
  { name: "pick", weight: 8, run: (sequence) => pick(sequence, 0) },
  { name: "pick short", weight: 3, run: (sequence) => pick(sequence, 0.6) },
  { name: "pack", weight: 9, run: pack },
  { name: "carrier", weight: 9, run: track },
  { name: "cancel", weight: 2, run: cancel },
  { name: "change", weight: 4, run: change },
  { name: "goodwill", weight: 1, run: goodwill },
  { name: "settle failed refund", weight: 2, run: settleFailedRefund },
  { name: "release hold", weight: 4, run: release },
  { name: "ask for return", weight: 4, run: askForReturn },
  { name: "receive return", weight: 4, run: receive },
  { name: "inspect return", weight: 4, run: inspect },
  { name: "act on fulfillment order", weight: 6, run: act },
  { name: "receive stock", weight: 2, run: receiveStock },
  { name: "misfortune", weight: 1, run: misfortune },
  { name: "dispute", weight: 1, run: dispute },
  { name: "dispute ends", weight: 2, run: endDispute },
];
