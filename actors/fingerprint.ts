import type { StockCommand } from "./commands.ts";

/**
 * 53 bits that tell one command body from another under the same command id.
 *
 * The body is everything but `atMs`: a repeat comes later than the first and is still the same command.
 */
export function commandFingerprint(command: StockCommand): number {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  const text = bodyText(command);
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 2654435761);
    high = Math.imul(high ^ unit, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return 4294967296 * (2097151 & high) + (low >>> 0);
}

/** U+001F separates the fields: no id may contain it (printable ASCII), so no two bodies run into each other. */
function bodyText(command: StockCommand): string {
  const start = `${command.type}\u001f${command.sku}\u001f${command.locationId}\u001f${command.cause}\u001f`;
  switch (command.type) {
    case "receive":
    case "set-safety-stock":
      return `${start}${command.quantity}`;
    case "adjust":
      return `${start}${command.delta}\u001f${command.reason}\u001f${command.expectedOnHand ?? ""}`;
    case "reserve":
      return `${start}${command.holdId}\u001f${command.quantity}\u001f${command.expiresAtMs}`;
    case "extend":
      return `${start}${command.holdId}\u001f${command.expiresAtMs}`;
    case "release":
    case "expire":
    case "allocate":
    case "deallocate":
      return `${start}${command.holdId}`;
    case "pick":
    case "ship":
      return `${start}${command.holdId}\u001f${command.quantity}`;
    case "short-pick":
      return `${start}${command.holdId}\u001f${command.missing}\u001f${command.reason}\u001f${command.effect}`;
    case "return-receive":
      return `${start}${command.quantity}\u001f${command.disposition}`;
    default: {
      const unreachable: never = command;
      return unreachable;
    }
  }
}
