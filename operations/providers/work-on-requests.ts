/**
 * What a provider is asked to send is asked for, followed until it has left and arrived, and called off where
 * somebody wants it called off.
 *
 * Owns one look at each request that is due. Leaves to `book-packages.ts` what becomes of a package in our
 * books, and to the order's saga everything after it.
 *
 * P1 A request is asked for under a key that is written down before: a crash between asking and writing asks
 *    again under the same key, and the provider counts it once. Where a provider shows what it has taken only
 *    later, it is looked for until then and not asked again.
 * P2 An order is cancelled only when every provider has said that nothing leaves. Where one says that it is
 *    too late, the cancellation is refused and what was called off meanwhile is asked for anew.
 * P3 What the provider will not do is told to a person; nothing is tried again for ever in silence.
 */
import type { ProviderProgress } from "../../ports/fulfillment-provider.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import {
  changeRequest,
  dueRequests,
  goOnAsking,
  postponeRequest,
  providerKey,
  providerNames,
  type RequestItem,
  requestsOf,
  type StoredRequest,
} from "../../store/channels/provider-requests.ts";
import { type FulfillmentOrder, readFulfillmentOrders } from "../../store/floor/fulfillment.ts";
import { lockParts, updateFulfillmentOrder } from "../../store/floor/fulfillment-changes.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { readEntryData, recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction, type Queryable } from "../../store/sql/database.ts";
import { isLockedOut, pauseAfter, problemOf } from "../channels/lane.ts";
import { reportFloorException } from "../floor/report-floor-exception.ts";
import { CANCEL_REQUESTED } from "../holds/cancel-order.ts";
import { tellOrderSaga } from "../tell-saga.ts";
import { bookPackage, cutPackages } from "./book-packages.ts";
import { followJourney } from "./follow-journey.ts";
import { causeOf, type ProviderLane } from "./provider-lane.ts";

const AT_ONCE = 50;
/**
 * Providers work for hours: what they have to say is asked for so often at most, and less often with time.
 */
const FIRST_LOOK_MS = 15_000;
const MOST_LOOK_MS = 15 * 60_000;
const SOON_MS = 1_000;
/**
 * What was taken and is not to be seen yet, or was called off and is not decided on, is looked for so often.
 */
const UNDECIDED_LOOK_MS = 15_000;
/** A fault that has come so often in a row is told on the order. */
const TOLD_AFTER = 5;
const NOT_WORKED_ON = { code: "internal_error", detail: "It could not be worked on: the log says why." };
/** A wish to call off that had no effect for so long is told once more. */
const WISH_AGAIN_MS = 15 * 60_000;

/**
 * One that cannot be worked on, by a fault of ours or an answer that makes no sense, waits and keeps nobody
 * else waiting; what was wrong with the first such is thrown in the end.
 *
 * @returns how many were looked at
 * @throws ServiceFault where the provider does not let us in
 */
export async function workOnRequests(lane: ProviderLane): Promise<number> {
  const broken: unknown[] = [];
  const due = await dueRequests(lane.context.database, lane.channelId, AT_ONCE);
  let count = 0;
  for (const request of due) {
    if (lane.isEnding()) break;
    try {
      await workOn(lane, request);
    } catch (error) {
      if (!(error instanceof ServiceFault)) {
        const { attempts, fulfillmentOrderId: id } = request;
        const pauseMs = Math.min(MOST_LOOK_MS, SOON_MS * 2 ** Math.min(attempts, 10));
        await postponeRequest(lane.context.database, id, NOT_WORKED_ON, pauseMs);
        broken.push(error);
        continue;
      }
      // Nothing is wrong: no more calls are made.
      if (lane.isEnding()) break;
      const pauseMs = pauseAfter(request.attempts, error);
      const id = request.fulfillmentOrderId;
      const isTurnedAway = isLockedOut(error) || error.code === "rate_limited";
      // What was asked for before this attempt may be there all the same.
      const wasTurnedAway = isTurnedAway && request.state === "to_ask" && request.sentMsAgo === null;
      await postponeRequest(lane.context.database, id, problemOf(error), pauseMs, wasTurnedAway);
      // Nothing is wrong with this request, and the next one would fare no better.
      if (isTurnedAway) throw error;
      if (!error.retryable || request.attempts === TOLD_AFTER) await tellOfFault(lane, request, error);
    }
    count += 1;
  }
  if (broken.length > 0) throw broken[0];
  return count;
}

/** What does not pass by itself is seen where the order is looked at; it is tried again all the same. */
async function tellOfFault(
  lane: ProviderLane,
  { fulfillmentOrderId, orderId, round }: StoredRequest,
  fault: ServiceFault,
): Promise<void> {
  await recordEntry(lane.context.database, {
    orderId,
    key: `provider-fault:${fulfillmentOrderId}:${round}:${fault.code}`,
    type: "fulfillment.exception",
    summary: `${lane.provider.shownName} cannot be asked about ${fulfillmentOrderId}: ${fault.message}. It is tried again.`,
    cause: causeOf(lane),
    data: { fulfillmentOrderId, code: fault.code },
  });
}

function workOn(lane: ProviderLane, request: StoredRequest): Promise<void> {
  switch (request.state) {
    case "to_ask":
      return isUnwanted(request) ? callOff(lane, request) : ask(lane, request);
    case "asked":
      return isUnwanted(request) ? callOff(lane, request) : follow(lane, request);
    case "leaving":
      return bookPackage(lane, request);
    default:
      return followJourney(lane, request);
  }
}

/** It may have been taken, and may not be to be seen yet. */
const isInDoubt = ({ provider }: ProviderLane, { sentMsAgo }: StoredRequest): boolean =>
  sentMsAgo !== null && sentMsAgo < provider.unseenMs;

const look = ({ provider, budget }: ProviderLane, key: string, items: readonly RequestItem[]) =>
  budget.call("orders", () => provider.follow(key, items));

const isUnwanted = ({ callOff: wanted, callOffAnswer, isEnded }: StoredRequest): boolean =>
  isEnded || (wanted !== null && callOffAnswer === null);

async function ask(lane: ProviderLane, request: StoredRequest): Promise<void> {
  const { context, provider, budget } = lane;
  const { database } = context;
  const { fulfillmentOrderId, orderId, round } = request;
  // Somebody else of the order was called off, and it is not known yet whether the order is.
  if (request.callOff !== null) return changeRequest(database, fulfillmentOrderId, { dueInMs: SOON_MS });
  const order = await readOrderProgress(database, orderId);
  const part = (await readFulfillmentOrders(database, orderId)).find(({ id }) => id === fulfillmentOrderId);
  if (order === undefined || part === undefined) return;
  const { document } = order;
  const { shippingAddress } = document;
  if (shippingAddress === null) return refuse(lane, request, "The order has no shipping address.");
  if (request.key !== null && isInDoubt(lane, request)) {
    if ((await look(lane, request.key, request.items)) !== null) return noteAsked(lane, request, request.key);
    return changeRequest(database, fulfillmentOrderId, { dueInMs: UNDECIDED_LOOK_MS });
  }
  const key = request.key ?? providerKey(fulfillmentOrderId, round);
  // What was asked for under a key is asked for as it was.
  const items = request.key === null ? await itemsOf(lane, part) : request.items;
  await changeRequest(database, fulfillmentOrderId, { key, items, isSent: true });
  const answer = await budget.call("orders", () =>
    provider.request({
      key,
      orderNumber: document.externalNumber,
      placedAt: document.placedAt,
      speed: speedOf(document.shippingService),
      to: shippingAddress,
      email: document.customer.email ?? shippingAddress.email ?? "",
      items: items.map(({ item, sku, quantity }) => ({ item, sku, quantity })),
    }),
  );
  if (answer.status === "refused") return refuse(lane, request, answer.message);
  await noteAsked(lane, request, key);
}

async function itemsOf(lane: ProviderLane, part: FulfillmentOrder): Promise<readonly RequestItem[]> {
  const { context, channelId } = lane;
  const skus = part.lines.map(({ sku }) => sku);
  const names = await providerNames(context.database, channelId, skus);
  return part.lines.map(({ holdId, sku, quantity }, index) => ({
    item: String(index + 1),
    holdId,
    sku: names.get(sku) ?? sku,
    quantity,
  }));
}

async function noteAsked(lane: ProviderLane, request: StoredRequest, key: string): Promise<void> {
  const { context, provider } = lane;
  const { fulfillmentOrderId, orderId } = request;
  await inTransaction(context.database, async (client) => {
    await changeRequest(client, fulfillmentOrderId, {
      state: "asked",
      isAsked: true,
      dueInMs: FIRST_LOOK_MS,
    });
    await recordEntry(client, {
      orderId,
      key: `asked:${key}`,
      type: "fulfillment.asked",
      summary: `${provider.shownName} is asked to send ${fulfillmentOrderId}, as ${key}.`,
      cause: causeOf(lane),
      data: { fulfillmentOrderId, provider: provider.name, key },
    });
  });
}

/** In the words that services have at channels. */
function speedOf(service: string): "standard" | "expedited" | "priority" {
  if (/priority|overnight|next.?day|same.?day/i.test(service)) return "priority";
  return /express|expedited|second.?day|2.?day/i.test(service) ? "expedited" : "standard";
}

async function follow(lane: ProviderLane, request: StoredRequest): Promise<void> {
  const { database } = lane.context;
  const { key, fulfillmentOrderId } = request;
  const progress = key === null ? null : await look(lane, key, request.items);
  if (progress === null && isInDoubt(lane, request))
    return changeRequest(database, fulfillmentOrderId, { dueInMs: UNDECIDED_LOOK_MS });
  // The provider has lost it, or never had it: it is asked for again, under the same key.
  if (progress === null) return changeRequest(database, fulfillmentOrderId, { state: "to_ask" });
  await takeProgress(lane, request, progress);
}

async function takeProgress(
  lane: ProviderLane,
  request: StoredRequest,
  progress: ProviderProgress,
): Promise<void> {
  const { fulfillmentOrderId } = request;
  const isAllGone = await cutPackages(lane, request, progress.packages);
  if (isAllGone) return;
  if (progress.status === "open") {
    const dueInMs = Math.min(MOST_LOOK_MS, await ageOf(lane, request));
    return changeRequest(lane.context.database, fulfillmentOrderId, { dueInMs });
  }
  const missing = progress.missing.reduce((sum, { quantity }) => sum + quantity, 0);
  const units = missing > 0 ? ` ${missing} ${missing === 1 ? "unit does" : "units do"} not leave.` : "";
  return refuse(lane, request, `${progress.detail}${units}`);
}

/**
 * A tenth of the time since it was asked for, or since the provider said that it has changed: so a young one
 * is looked at often, and what was said while somebody looked is looked at soon.
 */
async function ageOf(lane: ProviderLane, { fulfillmentOrderId }: StoredRequest): Promise<number> {
  const { rows } = await lane.context.database.query<{ ms: number }>(
    `select extract(epoch from now() - greatest(coalesce(asked_at, made_at), named_at))::double precision * 1000 as ms
       from provider_request where fulfillment_order_id = $1`,
    [fulfillmentOrderId],
  );
  return Math.max(FIRST_LOOK_MS, Math.round((rows[0]?.ms ?? 0) / 10));
}

/** It does not leave from there: the floor's way out for what cannot be sent, with the provider's words. */
async function refuse(lane: ProviderLane, request: StoredRequest, detail: string): Promise<void> {
  const { context, provider } = lane;
  const { fulfillmentOrderId, orderId } = request;
  // First, so that a person may move it: a crash in between reports it with the next look.
  await reportFloorException(context, {
    fulfillmentOrderId,
    code: "provider_refused",
    detail: detail.startsWith(provider.shownName) ? detail : `${provider.shownName}: ${detail}`,
    cause: causeOf(lane),
  });
  await inTransaction(context.database, async (client) => {
    await lockParts(client, orderId);
    await changeRequest(client, fulfillmentOrderId, { state: "ended", outcome: "refused" });
    await updateFulfillmentOrder(client, fulfillmentOrderId, { stage: "waiting" });
    await conclude(client, lane, orderId);
  });
}

/** Nothing of it is wanted any more. */
async function callOff(lane: ProviderLane, request: StoredRequest): Promise<void> {
  const { context, provider, budget } = lane;
  const { key, fulfillmentOrderId, orderId, callOffSentMsAgo } = request;
  const progress = key === null ? null : await look(lane, key, request.items);
  // What is not to be seen yet cannot be called off yet: it would be sent all the same.
  const isUndecided = progress === null && key !== null && isInDoubt(lane, request);
  let answer: "called_off" | "too_late" | "asked" = isUndecided ? "asked" : "called_off";
  let isCallOffSent = false;
  if (key !== null && progress !== null && progress.status !== "cancelled" && progress.status !== "refused") {
    if (progress.packages.length > 0) answer = "too_late";
    else if (callOffSentMsAgo !== null && callOffSentMsAgo < WISH_AGAIN_MS) answer = "asked";
    else {
      const { status } = await budget.call("orders", () => provider.cancel(key, request.items));
      answer = status === "refused" ? "too_late" : status === "asked" ? "asked" : "called_off";
      isCallOffSent = answer === "asked";
    }
  }
  if (answer === "asked")
    return changeRequest(context.database, fulfillmentOrderId, {
      dueInMs: UNDECIDED_LOOK_MS,
      ...(isCallOffSent ? { isCallOffSent } : {}),
    });
  if (request.isEnded) return endUnwanted(lane, request, answer);
  await inTransaction(context.database, async (client) => {
    await lockParts(client, orderId);
    await changeRequest(client, fulfillmentOrderId, {
      callOffAnswer: answer,
      ...(answer === "called_off" ? { state: "ended", outcome: "called_off" } : { state: "asked" }),
    });
    await conclude(client, lane, orderId);
  });
}

/** Its fulfillment order has ended without waiting for the provider: what leaves now leaves for nothing. */
async function endUnwanted(
  lane: ProviderLane,
  { fulfillmentOrderId, orderId, key }: StoredRequest,
  answer: "called_off" | "too_late",
): Promise<void> {
  await inTransaction(lane.context.database, async (client) => {
    await changeRequest(client, fulfillmentOrderId, {
      state: "ended",
      outcome: answer === "called_off" ? "called_off" : "forgotten",
    });
    if (answer === "called_off") return;
    await recordEntry(client, {
      orderId,
      key: `sent-all-the-same:${key}`,
      type: "fulfillment.exception",
      summary: `${lane.provider.shownName} sends ${key} although it was given up: it was too late to call it off.`,
      cause: causeOf(lane),
      data: { fulfillmentOrderId, provider: lane.provider.name, key },
    });
  });
}

/**
 * Once every provider has answered: the order is cancelled, or it goes on. Where nobody wants it cancelled
 * nothing happens. With the last answer, so that no crash comes between: what has ended is not looked at
 * again.
 */
async function conclude(client: Queryable, lane: ProviderLane, orderId: string): Promise<void> {
  const wanted = (await requestsOf(client, orderId)).filter(({ callOff: wish }) => wish !== null);
  const [first] = wanted;
  if (first?.callOff == null) return;
  const isAnswered = ({ state, callOffAnswer }: StoredRequest) => callOffAnswer !== null || state === "ended";
  if (!wanted.every(isAnswered)) return;
  const by = first.callOff;
  if (wanted.every(({ callOffAnswer }) => callOffAnswer !== "too_late")) {
    const entry = await readEntryData(client, orderId, CANCEL_REQUESTED);
    await tellOrderSaga(client, orderId, {
      key: `cancel-requested:${orderId}`,
      type: "cancel-requested",
      reason: String(entry?.["reason"] ?? "no reason given"),
      by,
    });
    return;
  }
  await recordEntry(client, {
    orderId,
    key: `cancellation-refused:${lane.provider.name}:${orderId}`,
    type: "order.cancellation_refused",
    summary: `Not cancelled: ${lane.provider.shownName} is sending it and cannot stop it. The goods can be returned.`,
    cause: causeOf(lane),
    data: { by },
  });
  await goOnAsking(client, orderId);
}
