/**
 * Stock commands of a caller. The engine decides what each of them does; here is what one person may not do
 * alone, and that it is known who asked.
 *
 * S1 A count is approved by another than whoever counted. Who counted is read from the audit log, where it
 *    stands before the engine hears of the count; so a count that nobody is known to have made is approved by
 *    nobody.
 * S2 What a person takes from stock, or adds to it, without goods that came or left, is at most the limit; for
 *    more, one counts and another approves. Keys are other systems, whose people approve among themselves.
 * S3 What corrects or rules stock is in the audit log before it is done. Its outcome is in the movements of the
 *    position: a process may die between the two.
 */
import type { StockCommand, StockOutcome } from "../../actors/commands.ts";
import { type Act, recordAuditAlone } from "../../store/audit-log/record-audit.ts";
import { stockSubject, whoCounted } from "../../store/audit-log/who-counted.ts";
import { readStockLimits } from "../../store/settings/stock-limits.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** Goods that come, move and leave have documents of their own; these have only the word of who sends them. */
const RECORDED: ReadonlySet<StockCommand["type"]> = new Set([
  "adjust",
  "count",
  "approve-count",
  "reject-count",
  "quarantine",
  "release-quarantine",
  "set-pool",
  "set-tracking",
  "set-safety-stock",
]);

type Executed<Outcome> = { readonly status: "done"; readonly outcomes: readonly (Outcome | StockOutcome)[] };

/**
 * @param request.isPerson a member of staff sends them, not another system
 * @param execute has commands run, with an outcome for each
 * @returns a refusal where one of them is not to be done by this caller; none of them was done then
 */
export async function runStockCommands<Outcome>(
  context: OperationContext,
  request: {
    readonly commands: readonly StockCommand[];
    readonly by: string;
    readonly isPerson: boolean;
  },
  execute: (commands: readonly StockCommand[]) => Promise<readonly Outcome[]>,
): Promise<Executed<Outcome> | Refusal> {
  const { commands, by } = request;
  const recorded = commands.filter(({ type }) => RECORDED.has(type));
  if (recorded.length === 0) return { status: "done", outcomes: await execute(commands) };
  const { approvalUnits } = await readStockLimits(context.database);
  const tooMuch = request.isPerson ? tooMuchAlone(commands, approvalUnits) : null;
  if (tooMuch !== null) return tooMuch;
  const unknown = new Set<StockCommand>();
  for (const command of commands) {
    if (command.type !== "approve-count") continue;
    const counters = await whoCounted(context.database, command);
    if (counters.includes(by))
      return refuse(
        "four_eyes_needed",
        `The count ${command.countId} is yours: somebody else approves it. You may reject it.`,
      );
    if (counters.length === 0) unknown.add(command);
  }
  await recordAuditAlone(context.database, callerIn(context, by), ...recorded.map(actOf));
  const known = commands.filter((command) => !unknown.has(command));
  const outcomes = await execute(
    known.map((command) => (command.type === "count" ? { ...command, threshold: approvalUnits } : command)),
  );
  const next = outcomes.values();
  return {
    status: "done",
    outcomes: commands.map((command): Outcome | StockOutcome => {
      if (unknown.has(command)) return noSuchCount(command);
      const { value } = next.next();
      if (value === undefined) throw new Error("the engine gave fewer outcomes than it got commands");
      return value;
    }),
  };
}

function tooMuchAlone(commands: readonly StockCommand[], most: number): Refusal | null {
  const byPosition = new Map<string, number>();
  for (const command of commands) {
    if (command.type !== "adjust") continue;
    const position = stockSubject(command);
    const units = (byPosition.get(position) ?? 0) + Math.abs(command.delta);
    byPosition.set(position, units);
    if (units > most)
      return refuse(
        "approval_needed",
        `One person adjusts ${command.sku} at ${command.locationId} by at most ${most} units: send a count of it, ` +
          "which somebody else approves.",
      );
  }
  return null;
}

function noSuchCount(command: StockCommand): StockOutcome {
  const id = command.type === "approve-count" ? command.countId : "";
  // As the engine says it of a count that it does not know.
  return refuse("count_not_found", `no count ${id} waits here`) as StockOutcome;
}

function actOf(command: StockCommand): Act {
  const { sku, locationId, ...rest } = command as StockCommand & {
    readonly sku: string;
    readonly locationId: string;
  };
  return { act: "stock.commanded", subject: stockSubject({ sku, locationId }), after: rest };
}
