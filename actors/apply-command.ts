/**
 * Decides what a command does to a position: validates it wholly, then says what happens, as one event.
 *
 * Owns the rules and the precedence of refusals. Changes nothing: the shard folds the event (`stock-position.ts`).
 * Repeats of a command id are the shard's to recognise before it asks here.
 *
 * Refusals are given in this order, the first that holds:
 * 1. `invalid_command` (the body makes no sense, whatever the stock; never remembered under its id)
 * 2. `hold_exists`, `hold_not_found`
 * 3. `hold_not_reserved`, `hold_not_allocated` (the hold is in another state)
 * 4. `quantity_exceeds_hold`
 * 5. `on_hand_changed`
 * 6. `insufficient_stock`, `stock_is_promised`
 * 7. `quantity_limit` (a bucket would outgrow MAX_UNITS)
 */
import type { RefusalCode, StockCommand } from "./commands.ts";
import type { HoldAction, StockEvent, StockEventType } from "./events.ts";
import { commandFingerprint } from "./fingerprint.ts";
import { availableToPromise, type Hold, MAX_UNITS, type StockPosition } from "./stock-position.ts";

const MAX_ID_LENGTH = 128;
/** Causes and reasons are for people; longer texts belong into a document. */
const MAX_TEXT_LENGTH = 512;
const PRINTABLE = /^[\x20-\x7e]+$/;

/** What is wrong with the command's body, or `undefined`. Needs no state, so it runs before ids are looked up. */
export function invalidity(command: StockCommand): string | undefined {
  if (!isId(command.commandId)) return "commandId is 1 to 128 characters of printable ASCII";
  if (!isId(command.sku)) return "sku is 1 to 128 characters of printable ASCII";
  if (!isId(command.locationId)) return "locationId is 1 to 128 characters of printable ASCII";
  if (!isTime(command.atMs)) return "atMs is a time in milliseconds since the Unix epoch";
  if (!isText(command.cause)) return "cause is 1 to 512 characters";
  switch (command.type) {
    case "receive":
    case "return-receive":
      if (!isQuantity(command.quantity)) return QUANTITY;
      return command.type === "return-receive" &&
        command.disposition !== "restocked" &&
        command.disposition !== "damaged"
        ? "disposition is restocked or damaged"
        : undefined;
    case "adjust":
      if (!Number.isSafeInteger(command.delta) || command.delta === 0)
        return "delta is an integer other than 0";
      if (!isText(command.reason)) return "reason is 1 to 512 characters";
      return command.expectedOnHand !== undefined && !isUnits(command.expectedOnHand)
        ? "expectedOnHand is an integer of at least 0"
        : undefined;
    case "set-safety-stock":
      return isUnits(command.quantity) ? undefined : "quantity is an integer of at least 0";
    case "reserve":
      if (!isId(command.holdId)) return HOLD_ID;
      if (!isQuantity(command.quantity)) return QUANTITY;
      return isTime(command.expiresAtMs) ? undefined : EXPIRY;
    case "extend":
      if (!isId(command.holdId)) return HOLD_ID;
      return isTime(command.expiresAtMs) ? undefined : EXPIRY;
    case "expire":
    case "allocate":
      return isId(command.holdId) ? undefined : HOLD_ID;
    case "release":
    case "deallocate":
      if (!isId(command.holdId)) return HOLD_ID;
      return command.quantity === undefined || isQuantity(command.quantity) ? undefined : QUANTITY;
    case "pick":
    case "ship":
      if (!isId(command.holdId)) return HOLD_ID;
      return isQuantity(command.quantity) ? undefined : QUANTITY;
    case "short-pick":
      if (!isId(command.holdId)) return HOLD_ID;
      if (!isQuantity(command.missing)) return "missing is an integer of at least 1";
      if (!isText(command.reason)) return "reason is 1 to 512 characters";
      return command.effect === "none" || command.effect === "write-off" || command.effect === "quarantine"
        ? undefined
        : "effect is none, write-off or quarantine";
    default:
      return "no such command";
  }
}

const QUANTITY = "quantity is an integer of at least 1";
const HOLD_ID = "holdId is 1 to 128 characters of printable ASCII";
const EXPIRY = "expiresAtMs is a time in milliseconds since the Unix epoch, or 0";

/**
 * The event that a valid command causes. `order` names the order and line of a hold that the order path places; its
 * events carry no command id because the order itself is remembered.
 */
export function decide(
  position: StockPosition,
  command: StockCommand,
  order: { readonly orderId: string; readonly lineId: string } | null,
): StockEvent {
  switch (command.type) {
    case "receive":
      return position.onHand + command.quantity > MAX_UNITS
        ? refuse(command, "quantity_limit", limitDetail(position, command.quantity))
        : change(command, "stock-received", { onHand: command.quantity });
    case "return-receive":
      if (position.onHand + command.quantity > MAX_UNITS) {
        return refuse(command, "quantity_limit", limitDetail(position, command.quantity));
      }
      return change(command, "stock-returned", {
        onHand: command.quantity,
        unavailable: command.disposition === "damaged" ? command.quantity : 0,
        reason: command.disposition,
      });
    case "adjust": {
      if (command.expectedOnHand !== undefined && command.expectedOnHand !== position.onHand) {
        return refuse(
          command,
          "on_hand_changed",
          `on hand is ${position.onHand}, not ${command.expectedOnHand}`,
        );
      }
      const committed = position.reserved + position.allocated + position.picked + position.unavailable;
      if (command.delta < 0 && position.onHand + command.delta < committed) {
        return refuse(
          command,
          "stock_is_promised",
          `${committed} of ${position.onHand} on hand are promised or set apart`,
        );
      }
      if (position.onHand + command.delta > MAX_UNITS) {
        return refuse(command, "quantity_limit", limitDetail(position, command.delta));
      }
      return change(command, "stock-adjusted", { onHand: command.delta, reason: command.reason });
    }
    case "set-safety-stock":
      return change(command, "safety-stock-set", { safetyStock: command.quantity - position.safetyStock });
    case "reserve": {
      if (position.holds?.has(command.holdId)) {
        return refuse(command, "hold_exists", `hold ${command.holdId} exists already`);
      }
      const available = availableToPromise(position);
      if (command.quantity > available) {
        return refuse(
          command,
          "insufficient_stock",
          `${command.quantity} asked for, ${Math.max(0, available)} available to promise`,
        );
      }
      return change(command, "stock-reserved", {
        reserved: command.quantity,
        hold: "opened",
        holdId: command.holdId,
        expiresAtMs: command.expiresAtMs,
        orderId: order?.orderId ?? "",
        lineId: order?.lineId ?? "",
        remembered: order === null,
      });
    }
    default:
      return decideOnHold(position.holds?.get(command.holdId), command);
  }
}

type HoldCommand = Exclude<
  StockCommand,
  { readonly type: "receive" | "return-receive" | "adjust" | "set-safety-stock" | "reserve" }
>;

function decideOnHold(hold: Hold | undefined, command: HoldCommand): StockEvent {
  switch (command.type) {
    case "release":
      if (hold === undefined) return nothing(command);
      if (hold.reserved === 0) return refuse(command, "hold_not_reserved", stateDetail(hold));
      if (command.quantity !== undefined && command.quantity > hold.reserved) {
        return refuse(command, "quantity_exceeds_hold", `${hold.reserved} are reserved`);
      }
      return changeHold(command, "hold-released", hold, { reserved: -(command.quantity ?? hold.reserved) });
    case "expire":
      if (
        hold === undefined ||
        hold.reserved === 0 ||
        hold.expiresAtMs === 0 ||
        hold.expiresAtMs > command.atMs
      ) {
        return nothing(command);
      }
      return changeHold(command, "hold-expired", hold, { reserved: -hold.reserved, expiresAtMs: 0 });
    case "deallocate":
      // Whatever state the hold is in: the undo of allocate may run before allocate did, and after the pick.
      if (hold === undefined) return nothing(command);
      if (command.quantity !== undefined) {
        if (command.quantity > hold.reserved + hold.allocated) {
          return refuse(command, "quantity_exceeds_hold", stateDetail(hold));
        }
        const reserved = Math.min(command.quantity, hold.reserved);
        return changeHold(command, "hold-deallocated", hold, {
          reserved: -reserved,
          allocated: reserved - command.quantity,
        });
      }
      return changeHold(command, "hold-deallocated", hold, {
        reserved: -hold.reserved,
        allocated: -hold.allocated,
        picked: -hold.picked,
      });
    case "extend":
      if (hold === undefined) return notFound(command);
      if (hold.reserved === 0) return refuse(command, "hold_not_reserved", stateDetail(hold));
      return changeHold(command, "hold-extended", hold, { expiresAtMs: command.expiresAtMs });
    case "allocate":
      if (hold === undefined) return notFound(command);
      if (hold.reserved === 0) return refuse(command, "hold_not_reserved", stateDetail(hold));
      return changeHold(command, "hold-allocated", hold, {
        reserved: -hold.reserved,
        allocated: hold.reserved,
        expiresAtMs: 0,
      });
    case "pick":
      if (hold === undefined) return notFound(command);
      if (hold.allocated === 0) return refuse(command, "hold_not_allocated", stateDetail(hold));
      if (command.quantity > hold.allocated) {
        return refuse(command, "quantity_exceeds_hold", `${hold.allocated} are allocated`);
      }
      return changeHold(command, "stock-picked", hold, {
        allocated: -command.quantity,
        picked: command.quantity,
      });
    case "short-pick":
      if (hold === undefined) return notFound(command);
      if (hold.allocated === 0) return refuse(command, "hold_not_allocated", stateDetail(hold));
      if (command.missing > hold.allocated) {
        return refuse(command, "quantity_exceeds_hold", `${hold.allocated} are allocated`);
      }
      return changeHold(command, "stock-short-picked", hold, {
        allocated: -command.missing,
        onHand: command.effect === "write-off" ? -command.missing : 0,
        unavailable: command.effect === "quarantine" ? command.missing : 0,
        reason: command.reason,
      });
    case "ship":
      if (hold === undefined) return notFound(command);
      if (command.quantity > hold.picked) {
        return refuse(command, "quantity_exceeds_hold", `${hold.picked} are picked`);
      }
      return changeHold(command, "stock-shipped", hold, {
        picked: -command.quantity,
        onHand: -command.quantity,
      });
    default: {
      const unreachable: never = command;
      return unreachable;
    }
  }
}

type Change = {
  readonly onHand?: number;
  readonly reserved?: number;
  readonly allocated?: number;
  readonly picked?: number;
  readonly unavailable?: number;
  readonly safetyStock?: number;
  readonly hold?: HoldAction;
  readonly holdId?: string;
  readonly orderId?: string;
  readonly lineId?: string;
  readonly expiresAtMs?: number;
  readonly reason?: string;
  readonly detail?: string;
  /** False: the event needs no memory of its command. Default true. */
  readonly remembered?: boolean;
};

function change(command: StockCommand, type: StockEventType, what: Change): StockEvent {
  const remembered = what.remembered ?? true;
  return {
    type,
    sku: command.sku,
    locationId: command.locationId,
    commandId: remembered ? command.commandId : "",
    fingerprint: remembered ? commandFingerprint(command) : 0,
    atMs: command.atMs,
    cause: command.cause,
    onHand: what.onHand ?? 0,
    reserved: what.reserved ?? 0,
    allocated: what.allocated ?? 0,
    picked: what.picked ?? 0,
    unavailable: what.unavailable ?? 0,
    safetyStock: what.safetyStock ?? 0,
    hold: what.hold ?? "none",
    holdId: what.holdId ?? "",
    orderId: what.orderId ?? "",
    lineId: what.lineId ?? "",
    expiresAtMs: what.expiresAtMs ?? 0,
    reason: what.reason ?? "",
    detail: what.detail ?? "",
  };
}

function changeHold(command: HoldCommand, type: StockEventType, hold: Hold, what: Change): StockEvent {
  return change(command, type, {
    hold: "changed",
    holdId: hold.holdId,
    orderId: hold.orderId,
    lineId: hold.lineId,
    expiresAtMs: hold.expiresAtMs,
    remembered: command.type !== "expire",
    ...what,
  });
}

function nothing(command: HoldCommand): StockEvent {
  return change(command, "nothing-changed", { remembered: command.type !== "expire" });
}

function refuse(command: StockCommand, code: RefusalCode, detail: string): StockEvent {
  return change(command, "command-refused", { reason: code, detail });
}

function notFound(command: HoldCommand): StockEvent {
  return refuse(command, "hold_not_found", `there is no hold ${command.holdId} here`);
}

function stateDetail(hold: Hold): string {
  return `of hold ${hold.holdId}, ${hold.reserved} are reserved, ${hold.allocated} allocated, ${hold.picked} picked`;
}

function limitDetail(position: StockPosition, more: number): string {
  return `${position.onHand} on hand and ${more} more are beyond ${MAX_UNITS}`;
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_ID_LENGTH && PRINTABLE.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= MAX_TEXT_LENGTH;
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isQuantity(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isUnits(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_UNITS;
}
