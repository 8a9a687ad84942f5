/**
 * The engine's clients: each asks for one thing after the other, again and again until it is answered.
 *
 * Requests are repeated, overtake each other, go to former owners, and their answers get lost. Only what an
 * owner says is compared with what is durable, whether or not the answer arrives.
 */
import { LANE_WORDS, writeLaneOperation } from "../../../actors/lanes/lane-operations.ts";
import type { Random } from "../../../config/seeded-random.ts";
import type { Allocator } from "../../allocator.ts";
import type { CommitWriter } from "../../allocator-client.ts";
import { EngineError } from "../../errors.ts";
import { shardOf } from "../../shard/shard-of.ts";
import type { Checker } from "../audit/checker.ts";
import type { Answer, Ask, LaneStep, Operation } from "../audit/operation.ts";
import { Violation } from "../audit/violation.ts";
import type { SimulatedRecord } from "../world/simulated-disk.ts";
import type { Story } from "../world/story.ts";
import type { VirtualTime } from "../world/virtual-time.ts";
import type { Weather } from "../world/weather.ts";
import type { Owner } from "./owner.ts";

const MAX_DETOUR_MS = 200;
const MIN_PATIENCE_MS = 300;
const MAX_PATIENCE_MS = 3_000;
const MIN_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 640;

/** After these the engine has promised that nothing was done. */
const NOTHING_DONE = new Set([
  "engine_overloaded",
  "fenced",
  "shard_elsewhere",
  "shard_unavailable",
  "engine_stopped",
  "attachment_rejected",
]);

const LANE_VERBS = ["reserve", "release", "extend"];

/** The disk takes records as they are; this writer is never called. */
const writer: CommitWriter<SimulatedRecord> = { name: "simulated", write: () => Promise.resolve() };

type ClientsOptions = {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly weather: () => Weather;
  readonly checker: Checker;
  readonly shardCount: number;
  /** The owner to ask: sometimes one that has been taken over. */
  readonly owner: (former: boolean, ask: Ask) => Owner | null;
  readonly story: Story | null;
};

export class Clients {
  private readonly options: ClientsOptions;

  constructor(options: ClientsOptions) {
    this.options = options;
  }

  /** Asks until there is an answer. */
  ask(operation: Operation, answered: (answer: Answer | null) => void): void {
    this.options.checker.expect(operation);
    this.options.story?.tell(`operation ${operation.number}: ${describe(operation)}`);
    this.attempt(operation, answered);
  }

  private attempt(
    operation: Operation,
    answered: (answer: Answer | null) => void,
    backoffMs = MIN_BACKOFF_MS,
  ): void {
    if (operation.isAnswered) return;
    const { time, random, weather } = this.options;
    const again = () => this.attempt(operation, answered, Math.min(2 * backoffMs, MAX_BACKOFF_MS));
    let isOver = false;
    const retryAfter = (ms: number) => {
      if (isOver) return;
      isOver = true;
      time.after(ms, again);
    };
    time.after(random.next() * weather().travelMs, () => {
      this.deliver(operation, answered, () => retryAfter(backoffMs * (0.5 + random.next())));
    });
    if (random.chance(weather().requestRepeated)) {
      time.after(random.next() * MAX_DETOUR_MS, () => this.deliver(operation, answered, () => {}));
    }
    time.after(MIN_PATIENCE_MS + random.next() * (MAX_PATIENCE_MS - MIN_PATIENCE_MS), () => {
      if (!operation.isAnswered) retryAfter(0);
    });
  }

  private deliver(operation: Operation, answered: (answer: Answer | null) => void, failed: () => void): void {
    const { random, weather, checker } = this.options;
    const owner = this.options.owner(random.chance(weather().formerOwnerAsked), operation.ask);
    if (owner === null || owner.client === null || !owner.process.isAlive) {
      failed();
      return;
    }
    const { client, process } = owner;
    process.after(0, () => {
      operation.open += 1;
      const askedAt = checker.book.version;
      const reply = (answer: Answer | null) => {
        if (!process.isAlive) return;
        if (random.chance(weather().replyLost)) return;
        this.options.time.after(random.next() * weather().travelMs, () => {
          if (operation.isAnswered) return;
          operation.isAnswered = true;
          answered(answer);
        });
      };
      send(client, operation).then(
        (answer) => {
          if (!process.isAlive) return;
          operation.open -= 1;
          checker.answered(process.name, operation, answer, askedAt);
          reply(answer);
        },
        (error: unknown) => {
          if (!process.isAlive) return;
          this.options.story?.tell(`${process.name} fails operation ${operation.number}: ${codeOf(error)}`);
          if (this.takeError(operation, error)) reply(null);
          else failed();
        },
      );
    });
  }

  /** Returns whether the error is an answer. */
  private takeError(operation: Operation, error: unknown): boolean {
    const { checker } = this.options;
    const code = codeOf(error);
    if (code !== "commit_outcome_unknown" && !NOTHING_DONE.has(code)) {
      checker.note(
        new Violation("every fault has its code", error instanceof Error ? `${error.stack}` : code),
      );
      return true;
    }
    // In a call over several shards, those that did not fail may have done their parts.
    if (NOTHING_DONE.has(code) && !this.isSpread(operation)) {
      operation.open -= 1;
      if (operation.open === 0 && !operation.isAcknowledged) checker.checkNothingDone(operation);
    }
    return code === "attachment_rejected";
  }

  private isSpread({ ask }: Operation): boolean {
    const skus = ask.kind === "execute" ? ask.commands : ask.kind === "lane" ? ask.steps : [];
    return new Set(skus.map(({ sku }) => shardOf(sku, this.options.shardCount))).size > 1;
  }
}

async function send(client: Allocator, { ask }: Operation): Promise<Answer> {
  switch (ask.kind) {
    case "execute":
      return { kind: "execute", outcomes: await client.execute(ask.commands) };
    case "order": {
      const { record } = ask;
      const attachment = {
        writer,
        record: (outcome: { readonly status: string }) => (outcome.status === "reserved" ? record : null),
      };
      const reservation = await (record === null
        ? client.reserveOrder(ask.request)
        : client.reserveOrder(ask.request, attachment));
      return { kind: "order", reservation };
    }
    case "amend":
      return { kind: "amend", outcome: await client.amendOrder(ask.amendment) };
    case "cancel":
      return { kind: "cancel", outcome: await client.cancelOrder(ask.cancellation) };
    case "lane":
      return { kind: "lane", codes: await applyLane(client, ask) };
    case "record":
      await client.commit(writer, ask.record);
      return { kind: "record" };
    case "positions":
      return { kind: "positions", views: await client.positions(ask.skus) };
    case "holds":
      return { kind: "holds", views: await client.holds(ask.address) };
    default: {
      const unreachable: never = ask;
      return unreachable;
    }
  }
}

/** Steps whose position is not there yet are left out. */
async function applyLane(
  client: Allocator,
  { lane, steps }: Extract<Ask, { kind: "lane" }>,
): Promise<readonly (number | null)[]> {
  const handles = await client.openPositions(steps.map(({ sku, locationId }) => ({ sku, locationId })));
  const known = steps.flatMap((step, index) => {
    const position = handles[index];
    return position === null || position === undefined ? [] : [{ ...step, position, index }];
  });
  const answers: (number | null)[] = steps.map(() => null);
  if (known.length === 0) return answers;
  const operations = new Uint32Array(known.length * LANE_WORDS);
  for (const [place, step] of known.entries()) writeLaneOperation(operations, place, step);
  const codes = await client.applyLane({ lane, operations, atMs: 0 });
  for (const [place, { index }] of known.entries()) answers[index] = codes?.[place] ?? 0;
  return answers;
}

function codeOf(error: unknown): string {
  return error instanceof EngineError ? error.code : String(error);
}

function describeOrder({ request, record }: Extract<Ask, { readonly kind: "order" }>): string {
  return `order ${request.orderId} ${request.policy}${record?.poison === true ? " (poison)" : ""}`;
}

function describeStep({ kind, number, sku, locationId }: LaneStep): string {
  return `${LANE_VERBS[kind]} ${number} ${sku}@${locationId}`;
}

function describe({ ask }: Operation): string {
  switch (ask.kind) {
    case "execute":
      return ask.commands
        .map((command) => `${command.type} ${command.commandId} ${command.sku}@${command.locationId}`)
        .join(", ");
    case "order":
      return describeOrder(ask);
    case "amend":
      return `amendment ${ask.amendment.amendmentId} of ${ask.amendment.orderId}`;
    case "cancel":
      return `cancellation of ${ask.cancellation.orderId}`;
    case "lane":
      return `lane ${ask.lane}: ${ask.steps.map(describeStep).join(", ")}`;
    case "record":
      return `record ${ask.record.id}`;
    case "positions":
      return `positions of ${ask.skus.join(" ")}`;
    case "holds":
      return `holds of ${ask.address.sku}@${ask.address.locationId}`;
    default: {
      const unreachable: never = ask;
      return unreachable;
    }
  }
}
