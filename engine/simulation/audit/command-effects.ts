/**
 * Commands and their outcomes: each effect was asked for, comes once for each id, and is what its position
 * allowed at that moment (`verdict.ts`). Keeps every effect, since an owner may answer with any that is
 * committed.
 */
import type { StockCommand, StockOutcome } from "../../../actors/commands.ts";
import type { StockEvent } from "../../../actors/position/events.ts";
import type { OrderAmendment } from "../../allocator-client.ts";
import { amendmentMark } from "../../planning/order-amendment.ts";
import { BUCKETS, type Buckets } from "./booked-position.ts";
import type { Ask, Operation } from "./operation.ts";
import { REMEMBERED_MS } from "./remembered.ts";
import type { StockBook } from "./stock-book.ts";
import { verdictOn } from "./verdict.ts";
import { Violation } from "./violation.ts";

type Execute = Extract<Ask, { readonly kind: "execute" }>;

/** What a committed command came to. */
type Effect = {
  /** `applied`, or the code of the refusal. */
  readonly outcome: string;
  readonly buckets: Buckets;
  readonly nowMs: number;
};

type AskedCommand = { readonly command: StockCommand; readonly operation: Operation };

export class CommandEffects {
  private readonly book: StockBook;
  private readonly asked = new Map<string, AskedCommand>();
  private readonly effects = new Map<string, Effect[]>();
  /** Ids under which shards remember amendments, and when each position was changed under them. */
  private readonly marks = new Map<string, Map<string, number>>();

  constructor(book: StockBook) {
    this.book = book;
  }

  expect(operation: Operation, commands: readonly StockCommand[]): void {
    for (const command of commands) this.asked.set(command.commandId, { command, operation });
  }

  expectAmendment(amendment: OrderAmendment): void {
    this.marks.set(amendmentMark(amendment), new Map());
  }

  isCommitted(command: StockCommand): boolean {
    return this.effects.has(command.commandId);
  }

  /** Before the event is posted to the books. */
  check(event: StockEvent, nowMs: number): void {
    const mark = this.marks.get(event.commandId);
    if (mark !== undefined) checkMark(mark, event, nowMs);
    else if (event.commandId !== "") this.checkCommand(event, nowMs);
  }

  /** After it was posted. */
  remember(event: StockEvent, buckets: Buckets, nowMs: number): void {
    if (event.commandId === "" || this.marks.has(event.commandId)) return;
    const outcome = event.type === "command-refused" ? event.reason : "applied";
    const effect: Effect = { outcome, buckets, nowMs };
    const known = this.effects.get(event.commandId);
    if (known === undefined) this.effects.set(event.commandId, [effect]);
    else known.push(effect);
  }

  /** An owner has answered these commands. */
  checkAnswers({ commands, flaw }: Execute, outcomes: readonly StockOutcome[]): void {
    if (outcomes.length !== commands.length) {
      throw new Violation(
        "every command is answered",
        `${commands.length} asked, ${outcomes.length} answered`,
      );
    }
    for (const [index, command] of commands.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) this.checkAnswer(command, flaw, outcome);
    }
  }

  private checkAnswer(command: StockCommand, flaw: Execute["flaw"], outcome: StockOutcome): void {
    const said = outcome.status === "applied" ? "applied" : outcome.code;
    if (flaw !== "none") {
      const due = flaw === "invalid" ? "invalid_command" : "command_id_reused";
      if (said === due) return;
      throw new Violation("exactly one effect per key", `${command.commandId} should be ${due}, was ${said}`);
    }
    const effects = this.effects.get(command.commandId) ?? [];
    const isCommitted = effects.some(
      (effect) =>
        effect.outcome === said &&
        (outcome.status === "refused" ||
          BUCKETS.every((bucket) => effect.buckets[bucket] === outcome.position[bucket])),
    );
    if (isCommitted) return;
    const committed = effects.map((effect) => effect.outcome).join() || "nothing";
    throw new Violation(
      "nothing uncommitted is seen",
      `${command.type} ${command.commandId} was answered ${said}, committed is ${committed}`,
    );
  }

  /** The event is what its command asked for, once, and what its position allows. */
  private checkCommand(event: StockEvent, nowMs: number): void {
    const { command, operation } = this.askedAs(event);
    if (operation.open === 0 && !operation.isAcknowledged) {
      throw new Violation("nothing was done", `${event.type} of ${event.commandId}, of which it was said`);
    }
    const before = this.effects.get(event.commandId)?.at(-1);
    if (before !== undefined && nowMs - before.nowMs <= REMEMBERED_MS) {
      throw new Violation("exactly one effect per key", `${event.commandId} has a second one: ${event.type}`);
    }
    const what = `${command.type} ${command.commandId} on ${event.sku} at ${event.locationId}`;
    if (event.sku !== command.sku || event.locationId !== command.locationId) {
      throw new Violation("an effect is what was asked", `${what} was asked for ${command.sku}`);
    }
    if (!this.book.isTracked(event.sku)) this.checkVerdict(command, event, what);
  }

  private askedAs(event: StockEvent): AskedCommand {
    const asked = this.asked.get(event.commandId);
    if (asked !== undefined) return asked;
    throw new Violation(
      "no effect without a cause",
      `${event.type} under ${event.commandId}, which nobody asked for`,
    );
  }

  private checkVerdict(command: StockCommand, event: StockEvent, what: string): void {
    const { sku, locationId } = event;
    const position = this.book.find(sku, locationId) ?? this.book.blank(sku, locationId);
    const verdict = verdictOn(command, position);
    if (verdict === null) return;
    if (typeof verdict === "string") {
      if (event.type === "command-refused" && event.reason === verdict) return;
      throw new Violation(
        "an effect is what was asked",
        `${what} should be ${verdict}, was ${event.type} ${event.reason}`,
      );
    }
    if (event.type === "command-refused") {
      throw new Violation(
        "an effect is what was asked",
        `${what} was refused with ${event.reason} without cause`,
      );
    }
    for (const bucket of BUCKETS) {
      // Fences and expected units follow rules that the books know.
      if (bucket === "fenced" || bucket === "incoming") continue;
      const due = verdict[bucket] ?? 0;
      if (event[bucket] === due) continue;
      throw new Violation("conservation", `${what} changed ${bucket} by ${event[bucket]} instead of ${due}`);
    }
  }
}

function checkMark(mark: Map<string, number>, event: StockEvent, nowMs: number): void {
  const bearer = `${event.sku} ${event.locationId}`;
  const before = mark.get(bearer);
  if (before !== undefined && nowMs - before <= REMEMBERED_MS) {
    throw new Violation("exactly one effect per key", `amendment ${event.commandId} was made twice`);
  }
  mark.set(bearer, nowMs);
}
