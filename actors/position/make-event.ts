/**
 * Makes events from commands: what happened, that nothing did, or the refusal. All of one shape, defaults
 * filled in.
 */
import type { RefusalCode, StockCommand } from "../commands.ts";
import { commandFingerprint } from "../fingerprint.ts";
import type {
  EventDetail,
  HoldAction,
  LotChange,
  SerialChange,
  StockEvent,
  StockEventType,
} from "./events.ts";

export const NO_LOTS: readonly LotChange[] = [];
export const NO_SERIALS: readonly SerialChange[] = [];

/** What is left out is 0, empty or none. */
export type Change = {
  readonly onHand?: number;
  readonly reserved?: number;
  readonly allocated?: number;
  readonly picked?: number;
  readonly unavailable?: number;
  readonly safetyStock?: number;
  readonly incoming?: number;
  readonly fenced?: number;
  readonly hold?: HoldAction;
  readonly holdId?: string;
  readonly orderId?: string;
  readonly lineId?: string;
  readonly expiresAtMs?: number;
  readonly pool?: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly more?: EventDetail | null;
  /** Where the event happens, if not at the command's location. */
  readonly locationId?: string;
  /** False: the event needs no memory of its command. Default true. */
  readonly remembered?: boolean;
};

export function change(command: StockCommand, type: StockEventType, what: Change): StockEvent {
  return what.remembered === false
    ? eventOf(command, type, what, "", 0)
    : eventOf(command, type, what, command.commandId, commandFingerprint(command));
}

/**
 * An event that follows from another without a command of its own: same moment and cause, not remembered.
 */
export function consequence(event: StockEvent, type: StockEventType, what: Change): StockEvent {
  return eventOf(event, type, what, "", 0);
}

function eventOf(
  origin: StockCommand | StockEvent,
  type: StockEventType,
  what: Change,
  commandId: string,
  fingerprint: number,
): StockEvent {
  return {
    type,
    sku: origin.sku,
    locationId: what.locationId ?? origin.locationId,
    commandId,
    fingerprint,
    atMs: origin.atMs,
    cause: origin.cause,
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
    incoming: what.incoming ?? 0,
    fenced: what.fenced ?? 0,
    pool: what.pool ?? "",
    more: what.more ?? null,
  };
}

export function details(what: Partial<EventDetail>): EventDetail {
  return {
    reference: what.reference ?? "",
    variant: what.variant ?? "",
    units: what.units ?? 0,
    discrepancy: what.discrepancy ?? 0,
    priority: what.priority ?? 0,
    dueAtMs: what.dueAtMs ?? 0,
    otherLocationId: what.otherLocationId ?? "",
    unavailableReason: what.unavailableReason ?? "",
    lots: what.lots ?? NO_LOTS,
    serials: what.serials ?? NO_SERIALS,
  };
}

/** Details where an event has any of these, else `null`. */
export function detailsIfAny(
  lots: readonly LotChange[],
  serials: readonly SerialChange[],
  unavailableReason: string,
): EventDetail | null {
  return lots.length === 0 && serials.length === 0 && unavailableReason === ""
    ? null
    : details({ lots, serials, unavailableReason });
}

export function nothing(command: StockCommand, remembered = true): StockEvent {
  return change(command, "nothing-changed", { remembered });
}

export function refuse(command: StockCommand, code: RefusalCode, detail: string): StockEvent {
  return change(command, "command-refused", { reason: code, detail });
}
