/**
 * A person puts an order on hold: nothing of it is picked, packed or sent until he, or somebody else,
 * releases it. What the floor has begun is recalled, and stays where it is.
 *
 * Several may hold an order at once, each for a reason of its own, which bears an id and who has put it.
 */
import { createHash } from "node:crypto";
import { isEnded } from "../../orders/fulfillment-order.ts";
import { unitsOf } from "../../orders/line-ledger.ts";
import type { HoldReason } from "../../orders/order.ts";
import {
  type LockedParts,
  lockParts,
  recallTasks,
  updateFulfillmentOrder,
} from "../../store/floor/fulfillment-changes.ts";
import { changeOrder } from "../../store/orders/order-progress.ts";
import { recordQuote } from "../../store/orders/timeline.ts";
import { findHoldReason } from "../../store/settings/hold-reasons.ts";
import { type DatabaseClient, inTransaction, type Queryable } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";
import { freeUnbegun } from "./free-unbegun.ts";

type HoldRequest = {
  readonly orderId: string;
  /** One sentence for whoever has to decide; absent: the label of the company's own reason. */
  readonly reason?: string | undefined;
  /** The company's own reason, by its code; absent: none. */
  readonly ownReason?: string | undefined;
  /** `staff:…`, `api-key:…`. */
  readonly by: string;
  /** Repeating a request under its key changes nothing. */
  readonly key: string;
};

type HoldPut = { readonly status: "done"; readonly holdId: string };

export async function putHold(
  context: OperationContext,
  { orderId, reason, ownReason, by, key }: HoldRequest,
): Promise<HoldPut | Refusal> {
  const holdId = createHash("sha256").update(`${orderId}\n${key}`).digest("hex").slice(0, 12);
  const own = ownReason === undefined ? null : await findHoldReason(context.database, { orderId }, ownReason);
  if (own === undefined)
    return refuse("hold_reason_not_found", `There is no hold reason "${ownReason}", or it is off.`);
  const detail = reason ?? own?.label;
  if (detail === undefined)
    return refuse(
      "hold_reason_missing",
      "body/reason is missing; expected why in words, or in ownReason the code of a hold reason, for example " +
        '{"reason":"The shopper asks to wait."}',
    );
  const held: HoldReason = {
    code: "put_by_staff",
    detail,
    id: holdId,
    by,
    ...(ownReason === undefined ? {} : { ownReason }),
  };
  const halted = await haltOrder(context, {
    orderId,
    held,
    entryKey: `order.held:staff:${holdId}`,
    by,
    freesStock: own?.keepsStock === false,
  });
  return halted.status === "refused" ? halted : { status: "done", holdId };
}

type Halt = {
  readonly orderId: string;
  /** With an id. */
  readonly held: HoldReason;
  /** Of the timeline: the order is halted once under it. */
  readonly entryKey: string;
  readonly by: string;
  /** Reasons that say the same in former words: this one takes their place. Default: none. */
  readonly replaces?: (reason: HoldReason) => boolean;
  /** Whether what nobody has begun to pick goes back meanwhile. Default: no. */
  readonly freesStock?: boolean;
};

/** `known`: it was halted under this key before, and may have been released since. */
type Halted = { readonly status: "done" } | { readonly status: "known" } | Refusal;

export function haltOrder(context: OperationContext, halt: Halt): Promise<Halted> {
  return inTransaction(context.database, (client) => haltInOrder(client, halt));
}

/** The same within a transaction that may have the order's lock already. */
export async function haltInOrder(
  client: DatabaseClient,
  { orderId, held, entryKey, by, replaces = () => false, freesStock = false }: Halt,
): Promise<Halted> {
  const locked = await lockParts(client, orderId);
  if (locked === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
  const { order, parts } = locked;
  if (order.status === "completed" || order.status === "cancelled")
    return refuse("order_ended", `Order ${orderId} is ${order.status}.`);
  const fresh = await recordQuote(client, {
    orderId,
    key: entryKey,
    type: "order.held",
    summary: `On hold: ${held.detail}`,
    cause: by,
    data: {
      code: held.code,
      holdId: held.id,
      ...(held.ownReason === undefined ? {} : { ownReason: held.ownReason }),
    },
  });
  const others = order.holdReasons.filter((reason) => !replaces(reason));
  if (!fresh) {
    // It waits for this by other words, and the former ones are right again.
    if (others.length === order.holdReasons.length) return { status: "known" };
    await changeOrder(client, order, { holdReasons: [...others.filter(({ id }) => id !== held.id), held] });
    return { status: "done" };
  }
  await haltParts(client, parts);
  const freed = freesStock ? await freeUnbegun(client, locked, `hold:${held.id}`) : [];
  await changeOrder(client, order, {
    holdReasons: [...others, held],
    ...(freed.length === 0 ? {} : { ledger: ({ lineId }) => ({ allocated: -unitsOf(freed, lineId) }) }),
  });
  await tellOrderSaga(client, orderId, {
    key: `fulfillment-changed:held:${held.id}`,
    type: "fulfillment-changed",
  });
  return { status: "done" };
}

/** Nobody works on these any longer; what has left, or has not begun its day, stays as it is. */
export async function haltParts(client: Queryable, parts: LockedParts["parts"]): Promise<void> {
  const stopped = parts.filter(
    ({ status, stage }) => status !== "scheduled" && !isEnded(status) && stage !== "shipped",
  );
  await recallTasks(
    client,
    stopped.map(({ id }) => id),
  );
  for (const { id } of stopped) await updateFulfillmentOrder(client, id, { status: "on_hold" });
}
