/**
 * Stock commands of a caller. The engine decides what each of them does; here is what one person may not do
 * alone, and that it is known who asked.
 *
 * S1 A count is approved by another than whoever counted, and the id of a count is its counter's alone. Who
 *    counted is read from the audit log, where it stands before the engine hears of the count; so a count
 *    that nobody is known to have made is approved by nobody.
 * S2 What a person takes from a position, or adds to it, without goods that came or left, is at most the
 *    limit in a day; for more, one counts and another approves. Keys are other systems, whose people approve
 *    among themselves.
 * S3 What corrects or rules stock is in the audit log before it is done. Its outcome is in the movements of
 *    the position: a process may die between the two.
 */
import type { StockCommand, StockOutcome } from "../../actors/commands.ts";
import { type Act, recordAudit } from "../../store/audit-log/record-audit.ts";
import { lockStockActs, stockSubject, unitsAdjusted, whoCounted } from "../../store/audit-log/stock-acts.ts";
import { readStockLimits } from "../../store/settings/stock-limits.ts";
import { inTransaction, type Queryable } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

/**
 * Goods that come, move and leave have documents of their own; these have only the word of who sends them.
 */
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

type Request = {
  readonly commands: readonly StockCommand[];
  readonly by: string;
  /** A member of staff sends them, not another system. */
  readonly isPerson: boolean;
};

/**
 * @param execute has commands run, with an outcome for each
 * @returns a refusal where one of them is not to be done by this caller; none of them was done then
 */
export async function runStockCommands<Outcome>(
  context: OperationContext,
  request: Request,
  execute: (commands: readonly StockCommand[]) => Promise<readonly Outcome[]>,
): Promise<Executed<Outcome> | Refusal> {
  const { commands, by } = request;
  const recorded = commands.filter(({ type }) => RECORDED.has(type));
  if (recorded.length === 0) return { status: "done", outcomes: await execute(commands) };
  const allowed = await inTransaction(context.database, async (client) => {
    const decided = await decide(client, request);
    if ("allowed" in decided) await recordAudit(client, callerIn(context, by), ...recorded.map(actOf));
    return decided;
  });
  if (!("allowed" in allowed)) return allowed;
  const outcomes = await execute(allowed.allowed.filter((command) => command !== null));
  const next = outcomes.values();
  return {
    status: "done",
    outcomes: commands.map((command, index): Outcome | StockOutcome => {
      if (allowed.allowed[index] === null) return noSuchCount(command);
      const { value } = next.next();
      if (value === undefined) throw new Error("the engine gave fewer outcomes than it got commands");
      return value;
    }),
  };
}

/** The commands as the engine is to run them, one for each; null: it approves a count that is not there. */
type Allowed = { readonly allowed: readonly (StockCommand | null)[] };

/** Holds the commands against what was recorded before. @param client of the transaction that records them */
async function decide(client: Queryable, { commands, by, isPerson }: Request): Promise<Allowed | Refusal> {
  const counts = commands.filter(isCount);
  const adjusts = isPerson ? commands.filter(isAdjust) : [];
  if (counts.length === 0 && adjusts.length === 0) return { allowed: commands };
  await lockStockActs(client, [...counts, ...adjusts].map(stockSubject));
  const counters = new Map<StockCommand, readonly string[]>();
  for (const [index, names] of (await whoCounted(client, counts)).entries()) {
    const command = counts[index];
    if (command === undefined) continue;
    const problem = problemOfCount(command, names, by);
    if (problem !== null) return problem;
    counters.set(command, names);
  }
  // Read where something is held against it only.
  const isLimited = adjusts.length > 0 || counts.some(({ type }) => type === "count");
  const most = isLimited ? (await readStockLimits(client)).approvalUnits : 0;
  const tooMuch = adjusts.length === 0 ? null : await tooMuchAlone(client, adjusts, by, most);
  if (tooMuch !== null) return tooMuch;
  const corrected = new Set<string>();
  return {
    allowed: commands.map((command) => {
      if (command.type === "approve-count") return counters.get(command)?.length === 0 ? null : command;
      if (command.type !== "adjust" && command.type !== "count") return command;
      const subject = stockSubject(command);
      const isCorrected = isPerson && corrected.has(subject);
      corrected.add(subject);
      return command.type === "count" ? { ...command, threshold: isCorrected ? 0 : most } : command;
    }),
  };
}

type Count = Extract<StockCommand, { readonly type: "count" | "approve-count" }>;
type Adjust = Extract<StockCommand, { readonly type: "adjust" }>;

function problemOfCount({ type, countId }: Count, counters: readonly string[], by: string): Refusal | null {
  if (type === "count")
    return counters.every((counter) => counter === by)
      ? null
      : refuse("count_id_taken", `Somebody else has counted as ${countId}: send the count under another id.`);
  return counters.includes(by)
    ? refuse(
        "four_eyes_needed",
        `The count ${countId} is yours: somebody else approves it. You may reject it.`,
      )
    : null;
}

/** S2. @param adjusts of a person */
async function tooMuchAlone(
  client: Queryable,
  adjusts: readonly Adjust[],
  by: string,
  most: number,
): Promise<Refusal | null> {
  const subjects = [...new Set(adjusts.map(stockSubject))];
  const ids = adjusts.map(({ commandId }) => commandId);
  const units = new Map(await unitsAdjusted(client, by, subjects, ids));
  for (const command of adjusts) {
    const subject = stockSubject(command);
    const sum = (units.get(subject) ?? 0) + Math.abs(command.delta);
    units.set(subject, sum);
    if (sum > most)
      return refuse(
        "approval_needed",
        `One person adjusts ${command.sku} at ${command.locationId} by at most ${most} units in 24 hours: send a ` +
          "count of it, which somebody else approves.",
      );
  }
  return null;
}

function isCount(command: StockCommand): command is Count {
  return command.type === "count" || command.type === "approve-count";
}

function isAdjust(command: StockCommand): command is Adjust {
  return command.type === "adjust";
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
