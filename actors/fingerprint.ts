import type { StockCommand } from "./commands.ts";

/** Who looks for a repeat asks, and so does the event that the same command becomes. */
let lastCommand: StockCommand | null = null;
let lastFingerprint = 0;

/**
 * 53 bits that tell one command body from another under the same command id.
 *
 * The body is everything but `atMs`: a repeat comes later than the first and is still the same command.
 *
 * @param command as it stays
 */
export function commandFingerprint(command: StockCommand): number {
  if (command !== lastCommand) {
    lastFingerprint = fingerprintOf(bodyText(command));
    lastCommand = command;
  }
  return lastFingerprint;
}

function fingerprintOf(text: string): number {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 2654435761);
    high = Math.imul(high ^ unit, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return 4294967296 * (2097151 & high) + (low >>> 0);
}

/**
 * U+001F separates the fields. No id may contain it (printable ASCII); texts for people may, so their length
 * goes before them: no two bodies run into each other.
 */
function bodyText(command: StockCommand): string {
  const start = `${command.type}\u001f${command.sku}\u001f${command.locationId}\u001f${sized(command.cause)}\u001f`;
  switch (command.type) {
    case "receive":
      return `${start}${command.quantity}\u001f${command.reference ?? ""}\u001f${command.lotExpiresAtMs ?? ""}\u001f${named(command)}`;
    case "expect":
      return `${start}${command.reference}\u001f${command.quantity}\u001f${command.dueAtMs}`;
    case "cancel-expected":
      return `${start}${command.reference}`;
    case "adjust":
      return `${start}${command.delta}\u001f${sized(command.reason)}\u001f${command.expectedOnHand ?? ""}\u001f${sized(command.unavailableReason ?? "")}\u001f${command.lotExpiresAtMs ?? ""}\u001f${named(command)}`;
    case "count":
      return `${start}${command.countId}\u001f${command.counted}\u001f${command.threshold}\u001f${sized(command.reason)}\u001f${command.expectedOnHand ?? ""}\u001f${named(command)}`;
    case "approve-count":
    case "reject-count":
      return `${start}${command.countId}`;
    case "set-safety-stock":
      return `${start}${command.quantity}`;
    case "set-pool":
      return `${start}${command.pool}\u001f${command.kind}\u001f${command.units}`;
    case "set-tracking":
      return `${start}${command.tracking}`;
    case "transfer-out":
      return `${start}${command.transferId}\u001f${command.toLocationId}\u001f${command.quantity}\u001f${command.dueAtMs}\u001f${named(command)}`;
    case "transfer-in":
      return `${start}${command.transferId}\u001f${command.quantity}\u001f${command.close === true}\u001f${named(command)}`;
    case "quarantine":
    case "release-quarantine":
      return `${start}${command.quantity}\u001f${sized(command.reason)}\u001f${named(command)}`;
    case "reserve":
      return `${start}${command.holdId}\u001f${command.quantity}\u001f${command.expiresAtMs}\u001f${command.pool ?? ""}`;
    case "extend":
      return `${start}${command.holdId}\u001f${command.expiresAtMs}`;
    case "claim":
      return `${start}${command.lane}\u001f${command.number}\u001f${command.holdId}\u001f${command.orderId ?? ""}\u001f${command.lineId ?? ""}`;
    case "release":
      return `${start}${command.holdId}\u001f${command.quantity ?? ""}`;
    case "deallocate":
      // As before there were `of` and serials, where they are not used: a journal's repeats are known by it.
      return `${start}${command.holdId}\u001f${command.quantity ?? ""}${command.of === undefined ? "" : `\u001f${command.of}`}${command.serials === undefined ? "" : `\u001f${named(command)}`}`;
    case "expire":
    case "allocate":
    case "open-demand":
    case "cancel-demand":
      return `${start}${command.holdId}`;
    case "expire-lot":
      return `${start}${command.lot}`;
    case "pick":
    case "ship":
      return `${start}${command.holdId}\u001f${command.quantity}\u001f${named(command)}`;
    case "short-pick":
      return `${start}${command.holdId}\u001f${command.missing}\u001f${sized(command.reason)}\u001f${command.effect}\u001f${named(command)}`;
    case "return-receive":
      return `${start}${command.quantity}\u001f${command.disposition}\u001f${command.lotExpiresAtMs ?? ""}\u001f${named(command)}`;
    case "enqueue-demand":
      return `${start}${command.holdId}\u001f${command.orderId}\u001f${command.lineId}\u001f${command.quantity}\u001f${command.priority}\u001f${command.kind}\u001f${command.notBeforeMs}\u001f${command.pool ?? ""}`;
    default: {
      const unreachable: never = command;
      return unreachable;
    }
  }
}

function sized(text: string): string {
  return `${text.length}\u001f${text}`;
}

function named(command: { readonly lot?: string; readonly serials?: readonly string[] }): string {
  return `${command.lot ?? ""}\u001f${command.serials?.join("\u001f") ?? ""}`;
}
