/**
 * Whether a command's body makes sense, whatever the stock. Needs no state, so it runs before ids are looked
 * up; what fails here is refused as `invalid_command` and not remembered under its id.
 */
import { ANY_LOCATION, DISPOSITIONS, type StockCommand } from "../commands.ts";
import { MAX_UNITS } from "../position/stock-position.ts";

const MAX_ID_LENGTH = 128;
/** Causes and reasons are for people; longer texts belong in a document. */
const MAX_TEXT_LENGTH = 512;
/** Serials of one command; more of them come in more commands. */
export const MAX_SERIALS = 1000;
const PRINTABLE = /^[\x20-\x7e]+$/;

const QUANTITY = "quantity is an integer of at least 1";
const HOLD_ID = "holdId is 1 to 128 characters of printable ASCII";
const EXPIRY = "expiresAtMs is a time in milliseconds since the Unix epoch, or 0";
const REASON = "reason is 1 to 512 characters";
const EXPECTED = "expectedOnHand is an integer of at least 0";
const POOL = "pool is 1 to 128 characters of printable ASCII";
const UNITS = "is an integer of at least 0";

/** What is wrong with the command's body, or `undefined`. */
export function invalidity(command: StockCommand): string | undefined {
  if (!isId(command.commandId)) return "commandId is 1 to 128 characters of printable ASCII";
  if (!isId(command.sku)) return "sku is 1 to 128 characters of printable ASCII";
  if (!isId(command.locationId)) return "locationId is 1 to 128 characters of printable ASCII";
  if (!isTime(command.atMs)) return "atMs is a time in milliseconds since the Unix epoch";
  if (!isText(command.cause)) return "cause is 1 to 512 characters";
  if (command.locationId === ANY_LOCATION && !mayBeAnywhere(command.type)) {
    return "only demand that waits may be at any location";
  }
  if ("lot" in command || "serials" in command || "lotExpiresAtMs" in command) {
    const wrong = invalidNames(command);
    if (wrong !== undefined) return wrong;
  }
  return invalidBody(command);
}

function invalidBody(command: StockCommand): string | undefined {
  switch (command.type) {
    case "receive":
      if (!isQuantity(command.quantity)) return QUANTITY;
      return command.reference === undefined || isId(command.reference)
        ? undefined
        : "reference is 1 to 128 characters of printable ASCII";
    case "return-receive":
      if (!isQuantity(command.quantity)) return QUANTITY;
      return DISPOSITIONS.includes(command.disposition)
        ? undefined
        : `disposition is one of ${DISPOSITIONS.join(", ")}`;
    case "expect":
      if (!isId(command.reference)) return "reference is 1 to 128 characters of printable ASCII";
      if (!isQuantity(command.quantity)) return QUANTITY;
      return isTime(command.dueAtMs) ? undefined : "dueAtMs is a time in milliseconds since the Unix epoch";
    case "cancel-expected":
      return isId(command.reference) ? undefined : "reference is 1 to 128 characters of printable ASCII";
    case "adjust":
      if (!Number.isSafeInteger(command.delta) || command.delta === 0) {
        return "delta is an integer other than 0";
      }
      if (!isText(command.reason)) return REASON;
      if (command.unavailableReason !== undefined && !isText(command.unavailableReason)) {
        return "unavailableReason is 1 to 512 characters";
      }
      return command.expectedOnHand === undefined || isUnits(command.expectedOnHand) ? undefined : EXPECTED;
    case "count":
      if (!isId(command.countId)) return "countId is 1 to 128 characters of printable ASCII";
      if (!isUnits(command.counted)) return `counted ${UNITS}`;
      if (!isText(command.reason)) return REASON;
      if (!isUnits(command.threshold)) return `threshold ${UNITS}`;
      if (command.serials !== undefined && command.serials.length !== command.counted) {
        return "counted is the number of serials";
      }
      return command.expectedOnHand === undefined || isUnits(command.expectedOnHand) ? undefined : EXPECTED;
    case "approve-count":
    case "reject-count":
      return isId(command.countId) ? undefined : "countId is 1 to 128 characters of printable ASCII";
    case "set-safety-stock":
      return isUnits(command.quantity) ? undefined : `quantity ${UNITS}`;
    case "set-pool":
      if (!isId(command.pool)) return POOL;
      if (command.kind !== "shared" && command.kind !== "ring-fenced" && command.kind !== "capped") {
        return "kind is shared, ring-fenced or capped";
      }
      return isUnits(command.units) ? undefined : `units ${UNITS}`;
    case "set-tracking":
      return command.tracking === "none" || command.tracking === "lot" || command.tracking === "serial"
        ? undefined
        : "tracking is none, lot or serial";
    case "transfer-out":
      if (!isId(command.transferId)) return "transferId is 1 to 128 characters of printable ASCII";
      if (!isId(command.toLocationId)) return "toLocationId is 1 to 128 characters of printable ASCII";
      if (command.toLocationId === command.locationId || command.toLocationId === ANY_LOCATION) {
        return "toLocationId is another location";
      }
      if (!isQuantity(command.quantity)) return QUANTITY;
      return isTime(command.dueAtMs)
        ? undefined
        : "dueAtMs is a time in milliseconds since the Unix epoch, or 0";
    case "transfer-in":
      if (!isId(command.transferId)) return "transferId is 1 to 128 characters of printable ASCII";
      if (command.close !== undefined && typeof command.close !== "boolean") return "close is true or false";
      return isQuantity(command.quantity) || (command.quantity === 0 && command.close === true)
        ? undefined
        : "quantity is an integer of at least 1, or 0 with close";
    case "quarantine":
    case "release-quarantine":
      if (!isQuantity(command.quantity)) return QUANTITY;
      return isText(command.reason) ? undefined : REASON;
    case "reserve":
      if (!isId(command.holdId)) return HOLD_ID;
      if (!isQuantity(command.quantity)) return QUANTITY;
      if (command.pool !== undefined && !isId(command.pool)) return POOL;
      return isTime(command.expiresAtMs) ? undefined : EXPIRY;
    case "extend":
      if (!isId(command.holdId)) return HOLD_ID;
      return isTime(command.expiresAtMs) ? undefined : EXPIRY;
    case "claim":
      if (!isId(command.lane)) return "lane is 1 to 128 characters of printable ASCII";
      if (!isQuantity(command.number)) return "number is an integer of at least 1";
      if (!isId(command.holdId)) return HOLD_ID;
      return isOrderLine(command.orderId ?? "", command.lineId ?? "");
    case "deallocate":
      if (!isId(command.holdId)) return HOLD_ID;
      if (command.of !== undefined && command.of !== "picked") return "of is picked";
      if (command.of !== undefined && command.quantity === undefined) return QUANTITY;
      if (command.serials !== undefined && command.of === undefined)
        return "serials are of picked units: of is picked";
      return command.quantity === undefined || isQuantity(command.quantity) ? undefined : QUANTITY;
    case "release":
      if (!isId(command.holdId)) return HOLD_ID;
      return command.quantity === undefined || isQuantity(command.quantity) ? undefined : QUANTITY;
    case "expire":
    case "allocate":
    case "open-demand":
    case "cancel-demand":
      return isId(command.holdId) ? undefined : HOLD_ID;
    case "expire-lot":
      return undefined;
    case "pick":
    case "ship":
      if (!isId(command.holdId)) return HOLD_ID;
      return isQuantity(command.quantity) ? undefined : QUANTITY;
    case "short-pick":
      if (!isId(command.holdId)) return HOLD_ID;
      if (!isQuantity(command.missing)) return "missing is an integer of at least 1";
      if (!isText(command.reason)) return REASON;
      return command.effect === "none" || command.effect === "write-off" || command.effect === "quarantine"
        ? undefined
        : "effect is none, write-off or quarantine";
    case "enqueue-demand":
      if (!isId(command.holdId)) return HOLD_ID;
      if (!isQuantity(command.quantity) || command.quantity > MAX_UNITS) return QUANTITY;
      if (!Number.isInteger(command.priority) || Math.abs(command.priority) > MAX_UNITS) {
        return "priority is an integer";
      }
      if (command.kind !== "backorder" && command.kind !== "pre-order")
        return "kind is backorder or pre-order";
      if (!isTime(command.notBeforeMs))
        return "notBeforeMs is a time in milliseconds since the Unix epoch, or 0";
      if (command.pool !== undefined && !isId(command.pool)) return POOL;
      return isOrderLine(command.orderId, command.lineId);
    default:
      return "no such command";
  }
}

function invalidNames(command: {
  readonly lot?: unknown;
  readonly lotExpiresAtMs?: unknown;
  readonly serials?: unknown;
}): string | undefined {
  if (command.lot !== undefined && !isId(command.lot)) return "lot is 1 to 128 characters of printable ASCII";
  if (command.lotExpiresAtMs !== undefined && !isTime(command.lotExpiresAtMs)) {
    return "lotExpiresAtMs is a time in milliseconds since the Unix epoch, or 0";
  }
  const serials = command.serials;
  if (serials === undefined) return undefined;
  return Array.isArray(serials) &&
    serials.length <= MAX_SERIALS &&
    serials.every(isId) &&
    new Set(serials).size === serials.length
    ? undefined
    : `serials are at most ${MAX_SERIALS}, each once, each 1 to 128 characters of printable ASCII`;
}

/** Empty, or an order and line. */
function isOrderLine(orderId: unknown, lineId: unknown): string | undefined {
  return (orderId === "" || isId(orderId)) && (lineId === "" || isId(lineId))
    ? undefined
    : "orderId and lineId are at most 128 characters of printable ASCII";
}

function mayBeAnywhere(type: StockCommand["type"]): boolean {
  return type === "enqueue-demand" || type === "cancel-demand" || type === "open-demand";
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
