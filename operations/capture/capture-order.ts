/**
 * Takes orders in from every channel, however often they are sent.
 *
 * Owns the sequence: read, recognise what is known, check and map SKUs, reserve, and write order and
 * reservation in one commit. Every answer is given after the commit. An order that is on hold reserves
 * nothing.
 *
 * Captures run concurrently: the look-ups and commits of many orders share their round trips
 * (`store/sql/batched.ts`, the engine's committer). Captures of the same order take turns, and an exact
 * repeat that arrives meanwhile gets the first one's answer.
 */
import { createHash, randomBytes } from "node:crypto";
import { PAYLOAD_ORDERS_AT_ONCE, READ_ASIDE_CHARACTERS } from "../../config/limits.ts";
import { type EngineTimes, isTracing, traceCapturedOrder, traceClock } from "../../config/trace.ts";
import type { CaptureResult } from "../../contract/orders.ts";
import type { OrderReservation } from "../../engine/allocator-client.ts";
import { planCapture } from "../../orders/capture.ts";
import { jsonWithoutCardNumbers, withoutCardNumbers } from "../../orders/card-number.ts";
import { isCollected } from "../../orders/fulfillment/collection.ts";
import { holdRules } from "../../orders/incoming/hold-rules.ts";
import type { IncomingOrder } from "../../orders/incoming-order.ts";
import type { HoldReason, OrderDocument } from "../../orders/order.ts";
import { orderIdOf } from "../../orders/order-identity.ts";
import { awaitsPaymentMethod } from "../../orders/payment/order-completion.ts";
import { clippedText, storableText } from "../../orders/storable-text.ts";
import { unitsText } from "../../orders/units-text.ts";
import type { ChannelAdapter, ChannelReading } from "../../ports/channels.ts";
import { type Catalog, type Channel, catalogOf } from "../../store/catalog/catalog.ts";
import { nameChangedOrder } from "../../store/channels/changed-orders.ts";
import { hurryRequest } from "../../store/channels/provider-requests.ts";
import { type CapturedOrder, capturedOrderWriter } from "../../store/orders/captured-orders.ts";
import { cancelledBefore, keepChannelWord } from "../../store/orders/channel-versions.ts";
import { type HeldOrder, readHeldOrder } from "../../store/orders/held-orders.ts";
import { askForPaymentRow } from "../../store/orders/notices.ts";
import { findKnownOrder, isCancelRequested, type KnownOrder } from "../../store/orders/orders.ts";
import type { TimelineEntry } from "../../store/orders/timeline.ts";
import { newSealer } from "../../store/personal-data/vault.ts";
import type { Database } from "../../store/sql/database.ts";
import { startRow } from "../../workflows/messages.ts";
import { bringBack } from "../archive/bring-back.ts";
import { atEngine } from "../at-engine.ts";
import { cancelOrder } from "../change/cancel-order.ts";
import type { OperationContext } from "../context.ts";
import { poolOf } from "../holds/channel-pool.ts";
import { oneAtATime } from "../holds/one-at-a-time.ts";
import { completeHeldOrder, releaseHold } from "../holds/release-hold.ts";
import {
  linesToReserve,
  promiseFor,
  type Reserved,
  reservationRequest,
  reservedEntry,
  shortageReason,
  shortageReasons,
} from "../holds/reserve-stock.ts";
import { confirmChannelRefund } from "../refunds/confirm-channel-refund.ts";
import type { RefusalCode } from "../refusal.ts";
import { type ChannelUpdate, receiveUpdate } from "./channel-update.ts";
import { takeErasureRequest } from "./erasure-request.ts";
import { inTurns } from "./in-turns.ts";

/** The answer as it goes over the wire, with a code that the compiler knows. */
export type CodedResult = CaptureResult & { readonly code?: RefusalCode };

type CaptureRequest = {
  readonly channelId: string;
  readonly topic: string | null;
  readonly payload: string;
  readonly adapters: ReadonlyMap<string, ChannelAdapter>;
  /** Who sent it, for the timeline, e.g. `channel:shopify`. */
  readonly cause: string;
  /** It was read at the channel just now: it is what the channel has, whatever came before. Default: no. */
  readonly isCurrent?: boolean;
  /** The channel has signed it: it may ask to have a shopper forgotten. Default: no. */
  readonly isSigned?: boolean;
  /** Aborted when nobody waits for the results any more: what has begun goes on, nothing else is begun. */
  readonly gone?: AbortSignal;
};

/** One order of a request, read. */
type Incoming = {
  readonly orderId: string;
  readonly order: IncomingOrder;
  readonly rawPayload: string;
  readonly contentHash: string;
  /** Why the channel cancels the order in this very payload, else `null`. */
  readonly cancellation: string | null;
  readonly isCurrent: boolean;
};

type Capture = {
  readonly context: OperationContext;
  readonly catalog: Catalog;
  readonly channel: Channel;
  readonly adapter: ChannelAdapter;
  readonly cause: string;
};

/**
 * One result for each order of the payload, in the payload's order. A refusal is a result; another of the
 * channel's documents, a draft or a ping is `ignored`. Rejects with an `EngineError` where the outcome could
 * not be committed: the sender then sends again.
 */
export async function captureOrders(
  context: OperationContext,
  request: CaptureRequest,
): Promise<readonly CodedResult[]> {
  const catalog = catalogOf(context.database);
  const { channelId, cause } = request;
  const channel = await catalog.channel(channelId);
  if (channel === undefined) {
    return [refusal(channelId, null, "channel_not_found", `There is no channel "${channelId}".`)];
  }
  if (!channel.active) {
    return [refusal(channelId, null, "channel_inactive", `Channel ${channelId} is switched off.`)];
  }
  const adapter = request.adapters.get(channel.kind);
  if (adapter === undefined) {
    return [
      refusal(channelId, null, "channel_not_found", `No adapter reads channels of kind "${channel.kind}".`),
    ];
  }
  const { payload, topic, adapters } = request;
  const reader = { ...context, channelAdapters: adapters };
  if (payload.length <= READ_ASIDE_CHARACTERS || adapter.readAside === undefined)
    return captureReadings(adapter.read(payload, topic), request, reader);
  // One sender's large payloads follow each other, so that they hold up nobody but each other.
  return oneAtATime(context.database, `large payloads of ${cause}`, async () => {
    request.gone?.throwIfAborted();
    const readings = (await adapter.readAside?.(payload, topic)) ?? [];
    return captureReadings(readings, request, reader);
  });
}

/**
 * Whether all that the payload says is known word for word, so that taking it would change nothing. Look-ups
 * of many payloads at once share their queries. False where it is not certain.
 */
export async function saysNothingNew(
  context: OperationContext,
  { channelId, payload, adapters }: Pick<CaptureRequest, "channelId" | "payload" | "adapters">,
): Promise<boolean> {
  const channel = await catalogOf(context.database).channel(channelId);
  const adapter = adapters.get(channel?.kind ?? "");
  if (adapter === undefined || channel?.active !== true || payload.length > READ_ASIDE_CHARACTERS)
    return false;
  const readings = adapter.read(payload, null);
  const known = await Promise.all(
    readings.map(async (reading) => {
      if (reading.kind !== "order") return false;
      const order = withoutCardNumbers(reading.order);
      const orderId = orderIdOf(channelId, order.externalId);
      // A cancellation is asked for again as long as the order runs.
      const isCancelled = order.holdReasons.some(({ code }) => code === "cancelled_at_channel");
      if (orderId === undefined || isCancelled) return false;
      return (await findKnownOrder(context.database, orderId))?.contentHash === hashOf(order);
    }),
  );
  return known.length > 0 && known.every(Boolean);
}

async function captureReadings(
  readings: readonly ChannelReading[],
  request: CaptureRequest,
  context: OperationContext,
): Promise<readonly CodedResult[]> {
  const { channelId, cause } = request;
  const cancelled = new Map(
    readings.flatMap((reading) =>
      reading.kind === "cancellation" ? [[reading.externalId, reading.reason] as const] : [],
    ),
  );
  const ordered = new Set(
    readings.flatMap((reading) => (reading.kind === "order" ? [reading.order.externalId] : [])),
  );
  const takeAll = (some: readonly ChannelReading[]) =>
    inTurns(
      some,
      PAYLOAD_ORDERS_AT_ONCE,
      async (reading) => {
        switch (reading.kind) {
          case "refused": {
            const { code, detail, externalId } = reading.refusal;
            const answer = refusal(channelId, externalId ?? null, code, detail);
            return code === "not_an_order" ? { ...answer, outcome: "ignored" } : answer;
          }
          case "changed":
            return named(context, channelId, reading.externalId);
          case "request_changed":
            return noted(await hurry(context, channelId, reading.key));
          case "erasure":
            return noted(await takeErasureRequest(context, request, reading));
          case "cancellation":
            // The order came along in the same payload, and its reading carries the cancellation.
            if (ordered.has(reading.externalId)) return null;
            return captureReading(context, { channelId, cause, said: { reading } });
          case "refund":
            return captureReading(context, { channelId, cause, said: { reading } });
          case "order": {
            const { order, source = request.payload } = reading;
            const cancellation = cancelled.get(order.externalId) ?? null;
            const read = incomingOf(channelId, order, source, cancellation);
            if ("result" in read) return read.result;
            const incoming = { ...read.incoming, isCurrent: request.isCurrent === true };
            return captureReading(context, { channelId, cause, said: { incoming } });
          }
          default: {
            const unreachable: never = reading;
            return unreachable;
          }
        }
      },
      request.gone,
    );
  // What was given back of an order comes after the order.
  const results = [
    ...(await takeAll(readings.filter(({ kind }) => kind !== "refund"))),
    ...(await takeAll(readings.filter(({ kind }) => kind === "refund"))),
  ];
  return results.filter((result): result is CodedResult => result !== null);
}

/**
 * The channel names an order and does not send it. Where the channel is connected the order is read there:
 * that it is to be is committed before this is answered.
 */
async function named(context: OperationContext, channelId: string, externalId: string): Promise<CodedResult> {
  if (orderIdOf(channelId, externalId) === undefined) {
    const shown = clippedText(externalId, 100);
    const detail = `"${shown}" cannot be an order's id; expected 1 to 64 plain characters, for example "1001"`;
    return refusal(channelId, shown, "invalid_order", detail);
  }
  const isToBeRead = await nameChangedOrder(context.database, channelId, externalId);
  const detail = isToBeRead
    ? "The channel tells of a change and does not send the order: it is read there now."
    : "The channel tells of a change and does not send the order: it is read where the channel is connected.";
  return { ...refusal(channelId, externalId, "not_an_order", detail), outcome: "ignored" };
}

/**
 * What the channel's vendor was asked to send is looked at there now, and not in its own time. An order is
 * changed by that look alone: whatever the message says may be old.
 */
async function hurry(context: OperationContext, channelId: string, key: string) {
  const isKnown = await hurryRequest(context.database, channelId, key);
  const detail = isKnown
    ? "The channel tells of something that it was asked to send: it is looked at there now."
    : "The channel tells of something to be sent that it was not asked for here, or that has ended.";
  return { channelId, detail };
}

/** What is no order changes none, and is answered with what becomes of it. */
function noted({ channelId, detail }: { readonly channelId: string; readonly detail: string }): CodedResult {
  return { ...refusal(channelId, null, "not_an_order", detail), outcome: "ignored" };
}

/** An order as it is taken, without what must not be kept; or why it cannot be. */
function incomingOf(
  channelId: string,
  said: IncomingOrder,
  source: string,
  cancellation: string | null,
): { readonly incoming: Omit<Incoming, "isCurrent"> } | { readonly result: CodedResult } {
  const order = withoutCardNumbers(said);
  const orderId = orderIdOf(channelId, order.externalId);
  if (orderId === undefined) {
    const shown = clippedText(order.externalId, 100);
    const detail = `"${shown}" cannot be an order's id; expected 1 to 64 plain characters, for example "1001"`;
    return { result: refusal(channelId, shown, "invalid_order", detail) };
  }
  return {
    incoming: {
      orderId,
      order,
      rawPayload: jsonWithoutCardNumbers(storableText(source)),
      contentHash: hashOf(order),
      cancellation,
    },
  };
}

type SaidByChannel = {
  readonly channelId: string;
  readonly cause: string;
  readonly said:
    | { readonly incoming: Incoming }
    | { readonly reading: Extract<ChannelReading, { kind: "cancellation" | "refund" }> };
};

/**
 * One thing that a channel says, once it is read. It is taken where the order is at home: what is said of one
 * order by several gateways at once is taken in turns there.
 */
const captureReading = atEngine(
  "capture-reading",
  ({ channelId, said }: SaidByChannel) =>
    "incoming" in said
      ? said.incoming.orderId
      : (orderIdOf(channelId, said.reading.externalId) ?? said.reading.externalId),
  async (context: OperationContext, given: SaidByChannel): Promise<CodedResult> => {
    const { channelId, cause, said } = given;
    const catalog = catalogOf(context.database);
    const channel = await catalog.channel(channelId);
    const adapter = context.channelAdapters?.get(channel?.kind ?? "");
    if (channel === undefined || adapter === undefined)
      return refusal(channelId, null, "channel_not_found", `There is no channel "${channelId}".`);
    const capture: Capture = { context, catalog, channel, adapter, cause };
    if ("incoming" in said) return captureInTurn(capture, said.incoming);
    const { reading } = said;
    return reading.kind === "refund"
      ? refundedAt(capture, reading)
      : cancelKnown(capture, reading.externalId, reading.reason);
  },
);

/** Captures under way, by order: an exact repeat shares the first one's answer. */
const underWay = new WeakMap<Database, Map<string, { contentHash: string; result: Promise<CodedResult> }>>();

async function captureInTurn(capture: Capture, incoming: Incoming): Promise<CodedResult> {
  const { orderId, cancellation } = incoming;
  const { database } = capture.context;
  let running = underWay.get(database);
  if (running === undefined) {
    running = new Map();
    underWay.set(database, running);
  }
  const first = running.get(orderId);
  if (first !== undefined && first.contentHash === incoming.contentHash && cancellation === null) {
    const result = await first.result;
    return result.outcome === "refused" ? result : { ...result, outcome: "duplicate" };
  }
  // What the channel says is taken in its order; what it does to the order takes the order's own turns.
  const result = oneAtATime(database, `said of ${orderId}`, () => captureOne(capture, incoming));
  const entry = { contentHash: incoming.contentHash, result };
  running.set(orderId, entry);
  try {
    return await result;
  } finally {
    if (running.get(orderId) === entry) running.delete(orderId);
  }
}

async function captureOne(capture: Capture, incoming: Incoming): Promise<CodedResult> {
  const { database } = capture.context;
  const { orderId, order } = incoming;
  const [known, before] = await Promise.all([
    findKnownOrder(database, orderId),
    // A cancellation, or a deletion, may come before the order does.
    cancelledBefore(database, capture.channel.id, order.externalId),
  ]);
  if (known !== undefined) return receiveAgain(capture, incoming, known);
  const cancelReason = order.holdReasons.find((reason) => reason.code === "cancelled_at_channel");
  const cancellation = incoming.cancellation ?? before;
  const captured = await oneAtATime(database, orderId, () =>
    captureNew(capture, { ...incoming, cancellation }),
  );
  await releaseMapped(capture, captured);
  const reason =
    cancellation ??
    cancelReason?.detail ??
    (await cancelledBefore(database, capture.channel.id, order.externalId)) ??
    undefined;
  if (captured.outcome === "refused" || reason === undefined) return captured;
  // Captured, so that it is known; never to be sent.
  await cancelled(capture, captured, reason);
  return captured;
}

/**
 * A SKU may be mapped between the look at the catalog and the order's commit. Who mapped it has then not seen
 * the order, and nobody would look at it again. What is mapped after this look sees it.
 */
async function releaseMapped({ context, catalog, channel }: Capture, captured: CodedResult): Promise<void> {
  const waits = captured.holdReasons?.some(({ code }) => code === "unknown_sku") ?? false;
  if (!waits || captured.order === null) return;
  const unmapped = captured.lines.filter((line) => line.sku === null);
  const found = await Promise.all(unmapped.map((line) => catalog.skuFor(channel.id, line.channelSku)));
  if (found.every((sku) => sku === null)) return;
  await releaseHold(context, { orderId: captured.order, codes: ["unknown_sku"], by: "catalog" });
}

async function captureNew(capture: Capture, incoming: Incoming): Promise<CodedResult> {
  if (!isTracing()) return reserveAndCommit(capture, incoming);
  const beganAtMs = traceClock();
  const engine: Writable<EngineTimes> = { askedAtMs: beganAtMs, decidedAtMs: null, committedAtMs: beganAtMs };
  const result = await reserveAndCommit(capture, incoming, engine);
  const { channel, outcome } = result;
  // Of one that was refused nothing is kept, and it may be sent again.
  if (outcome !== "refused") traceCapturedOrder(incoming.orderId, { channel, outcome, beganAtMs, engine });
  return result;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** @param times gets when the engine was asked, had decided and was back; absent: nobody wants to know */
async function reserveAndCommit(
  capture: Capture,
  incoming: Incoming,
  times?: Writable<EngineTimes>,
): Promise<CodedResult> {
  const { context, channel } = capture;
  const plan = await planFor(capture, incoming.order, incoming.orderId);
  if (plan.status === "refused") {
    return refusal(channel.id, incoming.order.externalId, plan.code, plan.detail);
  }
  const { document } = plan;
  const holdReasons = withCancellation(plan.holdReasons, incoming.cancellation);
  const lines = linesToReserve(document);
  if (holdReasons.length > 0 || lines.length === 0) {
    const record = recordOf(capture, incoming, document, { holdReasons, reservation: null, promise: null });
    if (times !== undefined) times.askedAtMs = traceClock();
    await context.allocator.commit(capturedOrderWriter, record);
    if (times !== undefined) times.committedAtMs = traceClock();
    return resultOf(record);
  }
  const locations = await capture.catalog.locations();
  const atMs = context.now();
  const recordFor = (reservation: OrderReservation): CapturedOrder | null => {
    if (reservation.short.length > 0 && channel.onShortage === "refuse" && reservation.status === "refused") {
      return null;
    }
    const reserved = reservation.status === "reserved" ? reservation : null;
    return recordOf(capture, incoming, document, {
      holdReasons: shortageReasons(reservation, document),
      reservation: reserved,
      promise:
        reserved === null || reservation.short.length > 0
          ? null
          : promiseFor(document, reserved.holds, locations, atMs),
    });
  };
  let record: CapturedOrder | null = null;
  const request = reservationRequest(document, lines, 0, atMs, await poolOf(context, channel.id));
  if (times !== undefined) times.askedAtMs = traceClock();
  const reservation = await context.allocator.reserveOrder(request, {
    writer: capturedOrderWriter,
    record: (outcome) => {
      if (times !== undefined) times.decidedAtMs = traceClock();
      record = recordFor(outcome);
      return record;
    },
  });
  if (times !== undefined) times.committedAtMs = traceClock();
  // `record` is what was committed. The engine has called `recordFor` before this line.
  const committed = record as CapturedOrder | null;
  if (committed === null) {
    const { detail } = shortageReason(reservation.short);
    return refusal(channel.id, incoming.order.externalId, "insufficient_stock", detail);
  }
  return resultOf(committed);
}

/**
 * An order that is known already. What came is a repeat, a cancellation, the rest of an order that waits for
 * it, or a newer version (`channel-update.ts`).
 */
async function receiveAgain(capture: Capture, incoming: Incoming, known: KnownOrder): Promise<CodedResult> {
  const { context, channel } = capture;
  const { orderId, order } = incoming;
  const duplicate = duplicateOf(known, channel.id, order.externalId);
  const cancelReason = order.holdReasons.find((reason) => reason.code === "cancelled_at_channel");
  const isRepeat = known.contentHash === incoming.contentHash || known.isErased;
  const isRunning = known.status === "open" || known.status === "on_hold";
  if (known.isArchived && (incoming.cancellation !== null || !isRepeat))
    await bringBack(context.database, [orderId]);
  if (incoming.cancellation !== null) return cancelled(capture, duplicate, incoming.cancellation);
  if (cancelReason !== undefined && isRunning) return cancelled(capture, duplicate, cancelReason.detail);
  if (isRepeat) return duplicate;
  // Whatever was said before it was cancelled comes too late.
  if (await isCancelRequested(context.database, orderId)) return duplicate;
  const held = await readHeldOrder(context.database, orderId);
  // It may have been archived since it was looked for.
  if (held === undefined)
    return (await bringBack(context.database, [orderId]))
      ? receiveAgain(capture, incoming, known)
      : duplicate;
  const newer = fuller(capture, held, incoming);
  if (known.status === "on_hold" && held.reservations === 0 && held.document.revision === undefined) {
    const completed = await oneAtATime(context.database, orderId, () => complete(capture, held, newer));
    if (completed !== null) return { ...completed, outcome: "duplicate" };
  }
  const update = await updateOf(capture, incoming, held, newer);
  const replaces = incoming.isCurrent ? known.contentHash : null;
  const outcome = await receiveUpdate(context, { ...update, replaces });
  if (outcome === "nothing_left") return cancelled(capture, duplicate, "Every line was taken off the order.");
  const now = await findKnownOrder(context.database, orderId);
  return now === undefined ? duplicate : duplicateOf(now, channel.id, order.externalId);
}

/** What the channel says now, as an update of what the order was made from. */
async function updateOf(
  capture: Capture,
  incoming: Incoming,
  held: HeldOrder,
  newer: Newer,
): Promise<Omit<ChannelUpdate, "replaces">> {
  const { adapter, channel, cause } = capture;
  const { orderId } = incoming;
  const { externalId } = held.document;
  const plan = await planFor(capture, newer.order, orderId);
  const before = orderIn(adapter, held.rawPayload, externalId);
  const base = before === undefined ? undefined : await planFor(capture, before, orderId);
  return {
    orderId,
    channelId: channel.id,
    updatedAt: newer.order.updatedAt,
    rawPayload: newer.rawPayload,
    contentHash: incoming.contentHash,
    version: plan.status === "refused" ? null : plan,
    why: plan.status === "refused" ? plan.detail : "",
    base: base === undefined || base.status === "refused" ? held.document : base.document,
    cause,
  };
}

/** An order with all that the channel has said of it. */
type Newer = { readonly order: IncomingOrder; readonly rawPayload: string };

/** Some channels spread an order over several documents: what came is joined with what came before. */
function fuller({ adapter }: Capture, held: HeldOrder, incoming: Incoming): Newer {
  const [joined, ...others] = adapter.join([held.rawPayload, incoming.rawPayload]);
  if (joined === undefined || others.length > 0) return incoming;
  const order = orderIn(adapter, joined, held.document.externalId);
  return order === undefined ? incoming : { order, rawPayload: joined };
}

function orderIn(adapter: ChannelAdapter, payload: string, externalId: string): IncomingOrder | undefined {
  const reading = adapter
    .read(payload, null)
    .find((candidate) => candidate.kind === "order" && candidate.order.externalId === externalId);
  return reading?.kind === "order" ? reading.order : undefined;
}

/**
 * Adds what the channel sends now to what it sent before, as long as nothing is reserved for the order.
 * Returns `null` where the order stays as it is: what came is older, says less, or comes too late.
 */
async function complete(capture: Capture, held: HeldOrder, newer: Newer): Promise<CodedResult | null> {
  const { context, channel } = capture;
  const { order, rawPayload } = newer;
  const { document } = held;
  const isLess =
    (order.lines.length === 0 && held.lines.length > 0) ||
    (order.shippingAddress === undefined && document.shippingAddress !== null);
  const isOlder = Date.parse(order.updatedAt) < Date.parse(document.channelUpdatedAt ?? "");
  if (isLess || isOlder) return null;
  const plan = await planFor(capture, order, held.orderId);
  if (plan.status === "refused") return null;
  await completeHeldOrder(context, held, {
    document: { ...plan.document, capturedAt: document.capturedAt },
    holdReasons: plan.holdReasons,
    silentOn: plan.silentOn,
    rawPayload,
    contentHash: hashOf(order),
    cause: capture.cause,
  });
  const now = await findKnownOrder(context.database, held.orderId);
  return now === undefined ? null : duplicateOf(now, channel.id, document.externalId);
}

/** @param isWish whether it is turned away where a channel's order would wait */
export async function planFor(
  {
    catalog,
    channel,
    context,
  }: Pick<Capture, "catalog" | "channel"> & { readonly context: Pick<OperationContext, "now"> },
  order: IncomingOrder,
  orderId: string,
  // A basket in our own web shop can still be corrected by the customer.
  isWish = channel.kind === "holdfast",
) {
  const names = [...new Set(order.lines.map((line) => line.channelSku))];
  const skus = new Map(
    await Promise.all(names.map(async (name) => [name, await catalog.skuFor(channel.id, name)] as const)),
  );
  return planCapture(order, {
    orderId,
    companyId: channel.companyId,
    channelId: channel.id,
    capturedAtMs: context.now(),
    skuOf: (name) => skus.get(name) ?? null,
    stores: isCollected(order) ? await catalog.stores(channel.companyId) : [],
    isWish,
    chargedBy: channel.chargedBy,
    payOnDelivery: channel.payOnDelivery,
    allocation: channel.allocation,
    holdRules: holdRules(channel.holdRules),
    customFields: await catalog.customFields(channel.companyId),
  });
}

function withCancellation(
  reasons: readonly HoldReason[],
  cancellation: string | null,
): readonly HoldReason[] {
  if (cancellation === null || reasons.some((reason) => reason.code === "cancelled_at_channel")) {
    return reasons;
  }
  return [...reasons, { code: "cancelled_at_channel", detail: `The channel says: ${cancellation}.` }];
}

function recordOf(
  capture: Capture,
  incoming: Incoming,
  document: OrderDocument,
  outcome: {
    readonly holdReasons: readonly HoldReason[];
    readonly reservation: Reserved | null;
    readonly promise: CapturedOrder["promise"];
  },
): CapturedOrder {
  const { orderId, channelId } = document;
  const { cause } = capture;
  const { holdReasons, reservation } = outcome;
  const units = document.lines.reduce((sum, line) => sum + line.quantity, 0);
  const entries: TimelineEntry[] = [
    {
      key: "order.captured",
      type: "order.captured",
      summary: `Order ${document.externalNumber} captured from ${channelId}: ${unitsText(units)}.`,
      cause,
      data: { contentHash: incoming.contentHash },
    },
  ];
  if (reservation !== null) entries.push(reservedEntry(reservation, 0, cause));
  if (holdReasons.length > 0) {
    entries.push({
      key: "order.held",
      type: "order.held",
      summary: `On hold: ${holdReasons.map((reason) => reason.detail).join(" ")}`,
      cause,
      data: { holdReasons },
    });
  }
  return {
    document,
    rawPayload: incoming.rawPayload,
    contentHash: incoming.contentHash,
    sealer: newSealer(capture.context.database, orderId),
    holdReasons,
    holds: reservation?.holds ?? [],
    sourcing: reservation?.explanation ?? [],
    promise: outcome.promise,
    trackingToken: randomBytes(16).toString("base64url"),
    entries,
    start: startRow({
      workflow: "orderFulfillment",
      workflowId: orderId,
      args: [{ orderId, channelId, onHold: holdReasons.length > 0 }],
    }),
    ...(awaitsPaymentMethod(holdReasons) ? { ask: askForPaymentRow(orderId, "captured") } : {}),
  };
}

function resultOf(record: CapturedOrder): CodedResult {
  const { document, holdReasons, promise } = record;
  return {
    order: document.orderId,
    channel: document.channelId,
    externalId: document.externalId,
    outcome: holdReasons.length > 0 ? "held" : "accepted",
    lines: document.lines.map(({ lineId, sku, channelSku, quantity }) => ({
      lineId,
      sku,
      channelSku,
      quantity,
    })),
    promise,
    ...(holdReasons.length > 0 ? { holdReasons } : {}),
  };
}

/** The answer about an order that is known, and stays as it is. */
export function duplicateOf(known: KnownOrder, channelId: string, externalId: string | null): CodedResult {
  return {
    order: known.orderId,
    channel: channelId,
    externalId,
    outcome: "duplicate",
    lines: known.lines,
    promise: known.promise,
    ...(known.holdReasons.length > 0 ? { holdReasons: known.holdReasons } : {}),
  };
}

/** Of an order that has not come yet, the word is kept: the order ends as soon as it comes. */
async function cancelKnown(capture: Capture, externalId: string, reason: string): Promise<CodedResult> {
  const { context, channel, cause } = capture;
  const orderId = orderIdOf(channel.id, externalId);
  if (orderId === undefined) {
    const detail = "No order can have such an id.";
    return refusal(channel.id, clippedText(externalId, 100), "order_not_found", detail);
  }
  return oneAtATime(context.database, `said of ${orderId}`, async () => {
    const known = await findKnownOrder(context.database, orderId);
    if (known?.isArchived === true) await bringBack(context.database, [orderId]);
    if (known !== undefined) return cancelled(capture, duplicateOf(known, channel.id, externalId), reason);
    await keepChannelWord(context.database, { channelId: channel.id, externalId, reason, cause });
    // Another process may have captured it meanwhile; where it does so later, it sees the word.
    const since = await findKnownOrder(context.database, orderId);
    if (since !== undefined) return cancelled(capture, duplicateOf(since, channel.id, externalId), reason);
    return {
      order: null,
      channel: channel.id,
      externalId,
      outcome: "accepted",
      lines: [],
      promise: null,
      detail: "The order is not known yet: it will be cancelled when it comes.",
    };
  });
}

/** The channel has refunded some of what it was paid: that closes what is due there. */
async function refundedAt(
  { context, channel, cause }: Capture,
  { externalId, refundId, amount }: ChannelReading & { readonly kind: "refund" },
): Promise<CodedResult> {
  const orderId = orderIdOf(channel.id, externalId);
  const known = orderId === undefined ? undefined : await findKnownOrder(context.database, orderId);
  if (known === undefined)
    return refusal(
      channel.id,
      clippedText(externalId, 100),
      "order_not_found",
      "The channel refunds an order that it never sent.",
    );
  const answer = await confirmChannelRefund(context, {
    orderId: known.orderId,
    amount,
    externalRefundId: refundId,
    by: cause,
  });
  return answer.status === "refused"
    ? refusal(channel.id, externalId, answer.code, answer.detail)
    : { ...duplicateOf(known, channel.id, externalId), detail: "refund noted" };
}

/** A cancellation that comes too late is refused: the channel has to offer a return instead. */
async function cancelled(capture: Capture, known: CodedResult, reason: string): Promise<CodedResult> {
  const { context, cause } = capture;
  const orderId = known.order ?? "";
  const cancel = () => cancelOrder(context, { orderId, reason, by: cause, key: `channel-cancel:${orderId}` });
  let answer = await cancel();
  // It may have been archived since it was looked for.
  if (answer.status === "refused" && answer.code === "order_not_found")
    if (await bringBack(context.database, [orderId])) answer = await cancel();
  if (answer.status !== "refused") return { ...known, detail: "cancellation requested" };
  return { ...known, outcome: "refused", code: answer.code, detail: answer.detail };
}

function refusal(channel: string, externalId: string | null, code: RefusalCode, detail: string): CodedResult {
  return { order: null, channel, externalId, outcome: "refused", lines: [], promise: null, code, detail };
}

/** Tells a repeat from a change, by what the channel says and not by how it formats it. */
function hashOf(order: IncomingOrder): string {
  return createHash("sha256").update(JSON.stringify(order)).digest("hex");
}
