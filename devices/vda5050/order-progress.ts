/**
 * What a robot's state says about one pick task. A pure function, because a state is cumulative: if a state
 * is lost, repeated or overtaken, nothing is lost; the next one says the same and more.
 */
import type { PickedUnits } from "../../operations/floor/confirm-pick.ts";
import type { AssignedTask } from "../../store/floor/floor-tasks.ts";
import type { RobotError, RobotOrder, RobotState } from "./messages.ts";
import { cancelActionId, dropActionId, pickActionId, robotOrderId } from "./pick-order.ts";

export type Picks = {
  readonly picked: readonly PickedUnits[];
  /** The robot's reason where it found fewer than asked for. */
  readonly shortReason?: string;
};

type OrderProgress =
  /** The robot does not have this order: it never got it, or it restarted since. */
  | { readonly status: "unknown" }
  | { readonly status: "rejected"; readonly detail: string }
  | { readonly status: "picking"; readonly done: number; readonly of: number }
  /** Every line has been picked or found short; the tote is under way to the conveyor. */
  | { readonly status: "picked"; readonly picks: Picks }
  /** As `picked`, and the tote is on the conveyor. */
  | { readonly status: "dropped"; readonly picks: Picks }
  | { readonly status: "failed"; readonly detail: string };

/** An order as it was sent: by what of it a robot's error may name it. */
export type Offer = {
  readonly order: RobotOrder;
  /** Of each message that carried it. */
  readonly headerIds: ReadonlySet<number>;
  /** What the robot complained of before the first of them, as `errorKey` has it. */
  readonly errorsBefore: ReadonlySet<string>;
};

/**
 * A robot that was driven by hand, or lost its place, may keep the order's id with nothing left of it
 * (VDA 5050 3.0, 6.6.7): it will never go on with it.
 */
const CLEARED = "the robot has cleared the order";

/** Tells an error from another one. */
export function errorKey(error: RobotError): string {
  return JSON.stringify(error);
}

/** @param offer how the order was sent; `null`: that is not known any more */
export function orderProgress(task: AssignedTask, state: RobotState, offer: Offer | null): OrderProgress {
  const orderId = robotOrderId(task);
  if (state.orderId !== orderId) {
    const refusal = state.errors.find((error) => isRefusal(error, orderId, offer));
    return refusal === undefined ? { status: "unknown" } : { status: "rejected", detail: refusal.text };
  }
  const picked: PickedUnits[] = [];
  let shortReason: string | undefined;
  for (const [index, line] of task.lines.entries()) {
    const action = state.actions.get(pickActionId(orderId, index));
    if (action?.status === "FINISHED") {
      picked.push({ holdId: line.holdId, quantity: line.quantity, ...namedUnits(action.result) });
    } else if (action?.status === "FAILED") {
      const short = parseShortPick(action.result, line.quantity);
      if (short === undefined) return { status: "failed", detail: action.result || "pick failed" };
      picked.push({ holdId: line.holdId, quantity: short.picked, ...namedUnits(action.result) });
      shortReason ??= short.reason;
    } else if (action === undefined && state.nodesAhead === 0) {
      return { status: "failed", detail: CLEARED };
    } else {
      return { status: "picking", done: picked.length, of: task.lines.length };
    }
  }
  const picks: Picks = shortReason === undefined ? { picked } : { picked, shortReason };
  const drop = state.actions.get(dropActionId(orderId));
  if (drop === undefined && state.nodesAhead === 0) return { status: "failed", detail: CLEARED };
  if (drop?.status === "FAILED") return { status: "failed", detail: drop.result || "drop failed" };
  return drop?.status === "FINISHED" ? { status: "dropped", picks } : { status: "picked", picks };
}

/**
 * Whether a robot that does not show the order refuses it by this error. The standard names no one way: by
 * the order, by the message, by a part of it, or by no reference at all. What is not ours alone, such as a
 * node, counts only where the robot did not complain of it before.
 */
function isRefusal(error: RobotError, orderId: string, offer: Offer | null): boolean {
  const values = (key: string) =>
    error.references.filter((each) => each.key === key).map(({ value }) => value);
  const orders = values("orderId");
  if (orders.length > 0) return orders.includes(orderId);
  const parts = [...values("actionId"), ...values("edgeId")];
  if (parts.some((part) => isPartOf(part, orderId))) return true;
  if (offer === null || offer.errorsBefore.has(errorKey(error))) return false;
  const topics = values("topic");
  if (topics.length > 0 && !topics.some((topic) => /(^|\/)order$/.test(topic))) return false;
  const headers = values("headerId");
  // An instant action is named by its message or by itself; neither is the order.
  if (headers.length > 0) return parts.length === 0 && headers.some((id) => offer.headerIds.has(Number(id)));
  const nodes = values("nodeId");
  if (nodes.length > 0) return offer.order.nodes.some(({ nodeId }) => nodes.includes(nodeId));
  return error.references.every(({ key }) => key === "topic");
}

function isPartOf(id: string, orderId: string): boolean {
  return id.startsWith(`${orderId}:`) && id !== cancelActionId(orderId);
}

/** A robot that finds fewer units fails the action with `picked=<n>;reason=<word>`. */
export function shortPickResult(picked: number, reason: string): string {
  return `picked=${picked};reason=${reason}`;
}

/** What a failed pick has found; undefined: it says no such thing. */
export function parseShortPick(
  result: string,
  asked: number,
): { picked: number; reason: string } | undefined {
  const parts = /^picked=(\d{1,6});reason=([a-z_]{1,32})(?:;|$)/.exec(result);
  const picked = Number(parts?.[1]);
  const reason = parts?.[2];
  return reason === undefined || picked >= asked ? undefined : { picked, reason };
}

/**
 * A robot that reads serial numbers names the units that it took as `serials=<a>,<b>`, and the missing ones
 * as `missing=<c>`. Fields of a result are separated by `;`.
 */
export function namedUnits(result: string): Pick<PickedUnits, "serials" | "missingSerials"> {
  const fields = new Map(result.split(";").map((field) => [field.split("=", 1)[0], field] as const));
  const serials = listIn(fields.get("serials"));
  const missingSerials = listIn(fields.get("missing"));
  return {
    ...(serials === undefined ? {} : { serials }),
    ...(missingSerials === undefined ? {} : { missingSerials }),
  };
}

function listIn(field: string | undefined): readonly string[] | undefined {
  const list = field?.slice(field.indexOf("=") + 1) ?? "";
  return /^[\x21-\x7e]+$/.test(list) ? list.split(",") : undefined;
}
