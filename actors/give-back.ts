/** The commands that give holds back: what they held is free again. */
import type { StockCommand } from "./commands.ts";

export type HeldUnits = { readonly holdId: string; readonly sku: string; readonly locationId: string };

/**
 * One command for each hold and place, however often `holds` names them. Repeating one with the same id
 * changes nothing.
 *
 * @param by `release` is for soft holds only, `deallocate` for firm ones too
 */
export function giveBack(
  holds: readonly HeldUnits[],
  by: {
    readonly type: "release" | "deallocate";
    readonly commandId: (hold: HeldUnits) => string;
    readonly cause: string;
    readonly atMs: number;
  },
): readonly StockCommand[] {
  const { type, cause, atMs } = by;
  const commands = new Map<string, StockCommand>();
  for (const hold of holds) {
    const { holdId, sku, locationId } = hold;
    const commandId = by.commandId(hold);
    commands.set(commandId, { type, commandId, holdId, sku, locationId, atMs, cause });
  }
  return [...commands.values()];
}
