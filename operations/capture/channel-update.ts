/**
 * What a channel says of an order after its capture: the newer version is compared with the one that ours was
 * made from, and becomes a change (`orders/change/channel-document.ts`), units done elsewhere, or a reason to
 * stop.
 *
 * Applied is what still can be. Where it cannot, the order is held with a named reason, and the floor halts
 * until a person has decided. What is older than what was heard before changes nothing: so messages that
 * come in any order, and however often, come to the same end.
 */
import { createHash } from "node:crypto";
import { channelDocument } from "../../orders/change/channel-document.ts";
import { unitsKept } from "../../orders/change/order-change.ts";
import { readInstant } from "../../orders/instant.ts";
import { type HoldCode, type HoldReason, isOurs, MAX_LINES, type OrderDocument } from "../../orders/order.ts";
import { clippedText } from "../../orders/storable-text.ts";
import type { LockedParts } from "../../store/floor/fulfillment-changes.ts";
import { noteChannelVersion, readChannelVersion } from "../../store/orders/channel-versions.ts";
import { type OrderProgress, readOrderProgress } from "../../store/orders/order-progress.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { sealerOf } from "../../store/personal-data/vault.ts";
import { areRefundsOurs } from "../../store/refunds/refunds.ts";
import { bringBack } from "../archive/bring-back.ts";
import { documentAsItStands, nextLineNumber } from "../change/edit-order.ts";
import { reviseOrder } from "../change/revise-order.ts";
import type { OperationContext } from "../context.ts";
import { markFulfilledElsewhere } from "../fulfillment/mark-fulfilled-elsewhere.ts";
import { haltOrder } from "../holds/put-hold.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** A version of the order, read and planned as for its capture. */
type ChannelVersion = {
  readonly document: OrderDocument;
  readonly holdReasons: readonly HoldReason[];
  /** Codes that the version does not speak of. */
  readonly silentOn?: readonly HoldCode[] | undefined;
};

export type ChannelUpdate = {
  readonly orderId: string;
  readonly channelId: string;
  /** As the channel says; empty where it does not. */
  readonly updatedAt: string;
  readonly rawPayload: string;
  readonly contentHash: string;
  /** `null`: nothing can be made of it; `why` says so. */
  readonly version: ChannelVersion | null;
  readonly why: string;
  /** The version that the order was made from. */
  readonly base: OrderDocument;
  readonly cause: string;
  /**
   * The version that the order was made from, where this one was read at the channel just now. Versions of
   * one second have one time: which is the newer one only the channel knows. Null: it came by itself.
   */
  readonly replaces: string | null;
};

/** `cancelled`: nothing of the order is wanted any more. */
export type UpdateOutcome = "applied" | "noted" | "held" | "nothing_left";

/** They say where the order stands at the channel. Once the channel says otherwise, they are gone. */
const CLEARED_BY_CHANNEL: readonly HoldCode[] = [
  "payment_pending",
  "payment_disputed",
  "changed_at_channel",
  "held_at_channel",
];

/** These come of what a message lacks; an order that has gone on has it. */
const OF_CAPTURE: ReadonlySet<HoldCode> = new Set([
  // Asked again by the change itself, in its commit.
  "held_by_rule",
  "address_missing",
  "email_unusable",
  "lines_missing",
  "payment_missing",
  "insufficient_stock",
  "backordered",
]);

export async function receiveUpdate(
  context: OperationContext,
  update: ChannelUpdate,
): Promise<UpdateOutcome> {
  const { orderId, channelId, contentHash } = update;
  const { database } = context;
  const seen = await readChannelVersion(database, orderId);
  const isOlder = Date.parse(update.updatedAt) < Date.parse(seen?.updatedAt ?? "");
  const isHeard = seen?.contentHashes.includes(contentHash.slice(0, 24)) === true;
  if (isOlder || (isHeard && update.replaces === null)) {
    await note(context, update, `${channelId} sent an older version of the order: nothing is changed.`);
    return "noted";
  }
  const order = await readOrderProgress(database, orderId);
  // It may have been archived since it was looked for.
  if (order === undefined)
    return (await bringBack(database, [orderId])) ? receiveUpdate(context, update) : "noted";
  const outcome = update.version === null ? unreadable(update) : await apply(context, update, update.version);
  if (outcome.status === "refused") {
    await hold(context, update, { code: "changed_at_channel", detail: outcome.detail });
    await noteChannelVersion(database, orderId, { updatedAt: readInstant(update.updatedAt) ?? null });
    await note(
      context,
      update,
      `${channelId} changed the order, which waits for a person: ${outcome.detail}`,
    );
    return "held";
  }
  await noteChannelVersion(database, orderId, {
    updatedAt: readInstant(update.updatedAt) ?? null,
    accepted: update,
  });
  await note(context, update, `${channelId} sent the order again; it is ${outcome.said}.`);
  if (outcome.said === "given up") return "nothing_left";
  const isHeld = await takeReasons(
    context,
    update,
    update.version?.holdReasons ?? [],
    update.version?.silentOn ?? [],
  );
  if (isHeld) return "held";
  return outcome.said === "changed" ? "applied" : "noted";
}

type Applied = { readonly status: "done"; readonly said: "changed" | "as it is" | "given up" };

async function apply(
  context: OperationContext,
  update: ChannelUpdate,
  version: ChannelVersion,
): Promise<Applied | Refusal> {
  const { orderId, cause, contentHash } = update;
  const elsewhere = await takeElsewhere(context, update, version.document);
  if (elsewhere !== null) return elsewhere;
  const odd = version.holdReasons.find(({ code }) => AMOUNTS_IN_DOUBT.has(code));
  if (odd !== undefined) return refuse("change_not_supported", odd.detail);
  const revised = await reviseOrder(context, {
    orderId,
    key: `channel:${contentHash}${update.replaces === null ? "" : `:${update.replaces.slice(0, 12)}`}`,
    by: cause,
    next: (order, begun) => mergedDocument(order, begun, update.base, version.document),
  });
  switch (revised.status) {
    case "done":
      return { status: "done", said: "changed" };
    case "nothing_left":
      return { status: "done", said: "given up" };
    case "refused":
      // Of an order that has ended, a channel may say what it likes.
      return AS_IT_IS.has(revised.code) ? { status: "done", said: "as it is" } : revised;
  }
}

const AS_IT_IS: ReadonlySet<string> = new Set(["nothing_changes", "order_ended", "order_being_cancelled"]);

const AMOUNTS_IN_DOUBT: ReadonlySet<HoldCode> = new Set([
  "sum_mismatch",
  "price_missing",
  "quantity_unusable",
  "currency_unusable",
]);

function mergedDocument(
  order: OrderProgress,
  begun: LockedParts["parts"],
  base: OrderDocument,
  next: OrderDocument,
): OrderDocument | Refusal {
  // Another process may have applied a newer version meanwhile.
  const { channelUpdatedAt = "" } = order.document;
  if (Date.parse(next.channelUpdatedAt ?? "") < Date.parse(channelUpdatedAt))
    return refuse("nothing_changes", "The channel has said something newer.");
  const merged = channelDocument({
    base,
    next,
    ours: documentAsItStands(order),
    nextLineNumber: nextLineNumber(order),
    keptOf: (lineId) => unitsKept({ lines: order.lines, begun }, lineId),
  });
  // The channel's lines, and those that were added or are sent as something else here.
  const { length } = merged.lines;
  return length > MAX_LINES
    ? refuse("too_many_lines", `The order would have ${length} lines; at most ${MAX_LINES} are taken.`)
    : merged;
}

/** Units that the channel, or somebody else, has handed over by now. */
async function takeElsewhere(
  context: OperationContext,
  { orderId, cause, contentHash, base }: ChannelUpdate,
  document: OrderDocument,
): Promise<Refusal | null> {
  const order = await readOrderProgress(context.database, orderId);
  const units = document.lines.flatMap(({ externalLineId, channelSku, fulfilledElsewhere = 0 }) => {
    const was = base.lines.find((line) => line.externalLineId === externalLineId)?.fulfilledElsewhere ?? 0;
    const ours = order?.document.lines.find(
      (line) => line.externalLineId === externalLineId && line.channelSku === channelSku,
    );
    if (ours === undefined || fulfilledElsewhere <= was) return [];
    // Most of it is what we have sent, as the channel was told.
    const sent = order?.lines.find(({ lineId }) => lineId === ours.lineId)?.shipped ?? 0;
    const others = fulfilledElsewhere - sent;
    return others > 0 ? [{ lineId: ours.lineId, quantity: others }] : [];
  });
  if (units.length === 0) return null;
  const marked = await markFulfilledElsewhere(context, {
    orderId,
    units,
    by: cause,
    key: `channel:${contentHash}`,
  });
  return marked.status === "refused" ? marked : null;
}

/** Puts the reasons that this version gives, and takes off those that it gives no longer. */
async function takeReasons(
  context: OperationContext,
  update: ChannelUpdate,
  reasons: readonly HoldReason[],
  silentOn: readonly HoldCode[],
): Promise<boolean> {
  const { orderId, cause } = update;
  const order = await readOrderProgress(context.database, orderId);
  if (order === undefined || order.status === "completed" || order.status === "cancelled") return false;
  const isMapped = order.lines.every((line) => line.sku !== null || !isOurs(line));
  const said = reasons.filter(
    ({ code }) =>
      !OF_CAPTURE.has(code) && !AMOUNTS_IN_DOUBT.has(code) && !(code === "unknown_sku" && isMapped),
  );
  const gone = order.holdReasons
    .map(({ code }) => code)
    .filter((code) => CLEARED_BY_CHANNEL.includes(code) && !silentOn.includes(code))
    // Of a payment that we took, the provider and finance have said so.
    .filter((code) => code !== "payment_disputed" || order.document.paymentBy !== "merchant")
    .filter((code) => said.every((reason) => reason.code !== code));
  if (gone.length > 0) await releaseHold(context, { orderId, codes: gone, by: cause });
  let isHeld = false;
  // What the channel gave back because we told it to is no reason to wait.
  const isTold = said.some(({ code }) => code === "refunded_at_channel")
    ? await areRefundsOurs(context.database, orderId)
    : false;
  for (const reason of said.filter(({ code }) => !(isTold && code === "refunded_at_channel")))
    isHeld = (await hold(context, update, reason, isOutdated(said, reason))) || isHeld;
  return isHeld;
}

/** What the channel said of the same before, in words that it has changed since. */
function isOutdated(said: readonly HoldReason[], { code }: HoldReason): (reason: HoldReason) => boolean {
  const now = said.filter((reason) => reason.code === code).map(({ detail }) => detail);
  return (reason) => reason.code === code && reason.by === undefined && !now.includes(reason.detail);
}

/** A reason that a person has decided about is not put again. @returns whether the order waits for it now */
async function hold(
  context: OperationContext,
  update: ChannelUpdate,
  reason: HoldReason,
  replaces: (reason: HoldReason) => boolean = () => false,
): Promise<boolean> {
  const { orderId, cause } = update;
  const digest = createHash("sha256").update(`${reason.code}\n${reason.detail}`).digest("hex").slice(0, 12);
  const halted = await haltOrder(context, {
    orderId,
    held: { ...reason, id: digest },
    entryKey: `order.held:channel:${digest}`,
    by: cause,
    replaces,
  });
  return halted.status === "done";
}

function unreadable({ why }: ChannelUpdate): Refusal {
  return refuse("change_not_supported", why);
}

async function note(context: OperationContext, update: ChannelUpdate, summary: string): Promise<void> {
  const { orderId, contentHash, cause, rawPayload } = update;
  const sealer = await sealerOf(context.database, orderId);
  await recordEntry(context.database, {
    orderId,
    key: `channel.update_received:${contentHash.slice(0, 24)}`,
    type: "channel.update_received",
    summary,
    cause,
    data: { payload: sealer.text(clippedText(rawPayload, 20_000)) },
  });
}
