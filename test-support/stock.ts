/** An allocator over the real stock positions (`actors/`), in memory: what sagas need of the engine, without threads. */
import { decide, invalidity } from "../actors/apply-command.ts";
import type { PositionAddress, StockCommand, StockOutcome } from "../actors/commands.ts";
import { commandFingerprint } from "../actors/fingerprint.ts";
import { applyToPosition, bucketsOf, newPosition, type StockPosition } from "../actors/stock-position.ts";
import type { AllocatorClient, HoldView } from "../engine/allocator-client.ts";

export type StockInMemory = AllocatorClient & {
  /** As if it had just been made. */
  clear(): void;
};

export function stockInMemory(): StockInMemory {
  const positions = new Map<string, StockPosition>();
  const outcomes = new Map<string, { readonly fingerprint: number; readonly outcome: StockOutcome }>();
  const at = ({ sku, locationId }: PositionAddress) => {
    const key = `${sku} ${locationId}`;
    const position = positions.get(key) ?? newPosition(sku, locationId);
    positions.set(key, position);
    return position;
  };
  const run = (command: StockCommand): StockOutcome => {
    const wrong = invalidity(command);
    if (wrong !== undefined) return { status: "refused", code: "invalid_command", detail: wrong };
    const fingerprint = commandFingerprint(command);
    const earlier = outcomes.get(command.commandId);
    if (earlier !== undefined)
      return earlier.fingerprint === fingerprint
        ? earlier.outcome
        : { status: "refused", code: "command_id_reused", detail: command.commandId };
    const position = at(command);
    const event = decide(position, command, null);
    applyToPosition(position, event);
    const outcome: StockOutcome =
      event.type === "command-refused"
        ? { status: "refused", code: event.reason as "hold_not_found", detail: event.detail }
        : { status: "applied", position: bucketsOf(position) };
    outcomes.set(command.commandId, { fingerprint, outcome });
    return outcome;
  };
  const notNeeded = () => Promise.reject(new Error("not part of this double"));
  return {
    clear: () => {
      positions.clear();
      outcomes.clear();
    },
    execute: async (commands) => commands.map(run),
    positions: async (skus) =>
      [...positions.values()]
        .filter((position) => skus.includes(position.sku))
        .map((position) => ({
          sku: position.sku,
          locationId: position.locationId,
          ...bucketsOf(position),
        })),
    holds: async (address) =>
      [...(at(address).holds?.values() ?? [])].flatMap((hold) =>
        (["reserved", "allocated", "picked"] as const)
          .filter((state) => hold[state] > 0)
          .map(
            (state): HoldView => ({
              ...address,
              holdId: hold.holdId,
              state,
              quantity: hold[state],
              expiresAtMs: hold.expiresAtMs,
              cause: hold.cause,
            }),
          ),
      ),
    reserveOrder: notNeeded,
    commit: notNeeded,
    setLocations: () => {},
    setSourcingRules: () => {},
    setKits: () => {},
    amendOrder: notNeeded,
    cancelOrder: notNeeded,
    status: notNeeded,
  };
}
