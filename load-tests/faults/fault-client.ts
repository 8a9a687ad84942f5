/**
 * A client that survives the faults: sends seeded operations, one message at a time, logs what it asked and
 * what it was told, and asks again with the same ids where it does not know the outcome.
 *
 * K1 A hold is changed only by the client that made it, and only once its reserve is known to be applied. So
 *    every operation has one right outcome, whatever happened before.
 * K2 An unknown outcome is asked for again, at once or when the clients are brought to rest, until it is
 *    answered.
 */
import { LANE_CODES, LANE_KIND, LANE_WORDS, writeLaneOperation } from "../../actors/lanes/lane-operations.ts";
import { Random } from "../../config/seeded-random.ts";
import { type LogEvent, type Operation, OperationLog, type StockOperation } from "./operation-log.ts";
import { type Endpoint, StreamConnection } from "./stream-connection.ts";

/** What the clients may buy, and where it is. */
export type Assortment = {
  readonly skus: readonly string[];
  /** Bought over reservation lanes only, so that errors of lanes show here. */
  readonly laneSkus: readonly string[];
  readonly locationIds: readonly string[];
  readonly channel: string;
};

type FaultClientOptions = {
  readonly name: string;
  readonly seed: string;
  readonly logFile: string;
  readonly assortment: Assortment;
  /** Where to connect to now; `null` while there is no server. */
  readonly endpoint: () => Endpoint | null;
  readonly onAnswer: (askedAtMs: number) => void;
  /** Stays with a server that does not answer until its patience ends, even if there is another one. */
  readonly loyal: boolean;
};

type Message = {
  readonly operations: readonly Operation[];
  /**
   * It was sent once without an answer. A later promise that nothing was done only covers the later time.
   */
  doubtful: boolean;
};

const ANSWER_TIMEOUT_MS = 15_000;
const RECONNECT_MS = 50;
/** Between two messages: there are many clients, and the faults need some of the machine too. */
const PAUSE_MS = 4;

/** Codes by which the server promises that nothing of the message was done (docs/errors.md). */
const NOTHING_DONE = new Set([
  "fenced",
  "shard_elsewhere",
  "shard_unavailable",
  "engine_overloaded",
  "engine_stopped",
  "stopping",
  "credit_exceeded",
  "attachment_rejected",
]);

type Hold = {
  readonly holdId: string;
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
  state: "reserved" | "allocated";
};

type LaneHold = {
  readonly number: string;
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
};

export class FaultClient {
  private readonly options: FaultClientOptions;
  private readonly random: Random;
  private readonly log: OperationLog;
  private connection: StreamConnection | null = null;
  private connectedTo: Endpoint | null = null;
  private readonly holds: Hold[] = [];
  private readonly laneHolds: LaneHold[] = [];
  private nextLaneNumber = 1;
  /** The handles by which the server of this connection knows the lane's positions. */
  private handles: ReadonlyMap<string, number> = new Map();
  /** Operations whose effect on `holds` is counted already: the answer to a repeat is no second effect. */
  private readonly settled = new Set<string>();
  /** Messages without a known outcome. */
  private readonly unresolved: Message[] = [];
  private nextOperation = 1;
  private nextMessage = 1;
  private mode: "working" | "resting" | "ended" = "working";
  private readonly atRest: (() => void)[] = [];
  private onResume: (() => void) | null = null;
  private readonly running: Promise<void>;

  constructor(options: FaultClientOptions) {
    this.options = options;
    this.random = new Random(`${options.seed}/${options.name}`);
    this.log = new OperationLog(options.logFile);
    this.running = this.run();
  }

  /** Asks for nothing new. Resolves once every outcome is known. */
  rest(): Promise<void> {
    this.mode = "resting";
    return new Promise((resolve) => this.atRest.push(resolve));
  }

  resume(): void {
    this.mode = "working";
    this.onResume?.();
    this.onResume = null;
  }

  /** From now on another server serves the clients. */
  moved(): void {
    if (!this.options.loyal) this.connection?.close();
  }

  async end(): Promise<void> {
    this.mode = "ended";
    this.onResume?.();
    this.connection?.close();
    await this.running;
    this.log.close();
  }

  private async run(): Promise<void> {
    while (this.mode !== "ended") {
      const resting = this.mode === "resting";
      if (resting && this.unresolved.length === 0) {
        for (const resolve of this.atRest.splice(0)) resolve();
        await new Promise<void>((resolve) => {
          this.onResume = resolve;
        });
        continue;
      }
      const again = this.unresolved.length > 0 && (resting || this.random.chance(0.5));
      const message = again ? (this.unresolved.shift() as Message) : this.invent();
      await this.send(message);
      await pause(PAUSE_MS);
    }
  }

  private async send(message: Message): Promise<void> {
    const connection = await this.connected();
    if (connection === null) {
      this.unresolved.push(message);
      return;
    }
    const id = `${this.options.name}-${this.nextMessage}`;
    this.nextMessage += 1;
    const askedAtMs = Date.now();
    this.write({ event: "invoke", atMs: askedAtMs, message: id, operations: message.operations });
    try {
      const reply = await connection.ask(id, this.wireOf(message), ANSWER_TIMEOUT_MS);
      if (reply.type === "error") this.refused(id, message, reply.code);
      else {
        const results = resultsOf(reply, message);
        this.write({ event: "ok", atMs: Date.now(), message: id, results });
        this.options.onAnswer(askedAtMs);
        this.learn(message, results);
        // Sometimes it asks again although the outcome is known.
        if (this.random.chance(0.03)) this.unresolved.push(message);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.doubt(id, message, why);
      this.disconnect();
    }
  }

  private refused(id: string, message: Message, code: string): void {
    // Operations of one message may be in several shards, and the promise is only that of the refusing shard.
    if (NOTHING_DONE.has(code) && message.operations.length === 1) {
      this.write({ event: "fail", atMs: Date.now(), message: id, code });
      // A client may believe the promise and forget the message. Then the message must have no effect.
      if (!message.doubtful && this.random.chance(0.5)) this.giveUp(message);
      else this.unresolved.push(message);
    } else this.doubt(id, message, code);
  }

  private doubt(id: string, message: Message, why: string): void {
    this.write({ event: "unknown", atMs: Date.now(), message: id, why });
    message.doubtful = true;
    this.unresolved.push(message);
  }

  /** Nothing was done: the holds that the message would have changed are unchanged. */
  private giveUp(message: Message): void {
    for (const operation of message.operations) {
      if (this.settled.has(operation.id)) continue;
      if (operation.kind === "lane-release") {
        const { holdId, sku, locationId, quantity } = operation;
        this.laneHolds.push({ number: holdId, sku, locationId, quantity });
      }
      if (operation.kind === "release" || operation.kind === "allocate" || operation.kind === "deallocate") {
        this.holds.push({
          holdId: operation.holdId,
          sku: operation.sku,
          locationId: operation.locationId,
          quantity: operation.quantity,
          state: operation.kind === "deallocate" ? "allocated" : "reserved",
        });
      }
    }
  }

  private async connected(): Promise<StreamConnection | null> {
    const endpoint = this.options.endpoint();
    if (this.connection !== null && endpoint === this.connectedTo) return this.connection;
    this.disconnect();
    if (endpoint !== null) {
      try {
        const connection = await StreamConnection.open(endpoint);
        this.connection = connection;
        this.connectedTo = endpoint;
        this.handles = await this.openPositions(connection);
        return connection;
      } catch {
        // There is no server, or none that can answer. The next attempt comes soon.
        this.disconnect();
      }
    }
    await pause(RECONNECT_MS);
    return null;
  }

  private async openPositions(connection: StreamConnection): Promise<ReadonlyMap<string, number>> {
    const { laneSkus, locationIds } = this.options.assortment;
    const positions = laneSkus.flatMap((sku) => locationIds.map((locationId) => ({ sku, locationId })));
    const reply = await connection.ask("open", { type: "positions.open", positions }, ANSWER_TIMEOUT_MS);
    if (reply.type !== "positions.opened") throw new Error(`no handles: ${JSON.stringify(reply)}`);
    const handles = new Map<string, number>();
    for (const [index, { sku, locationId }] of positions.entries()) {
      const handle = reply.handles[index];
      if (handle == null) throw new Error(`there is no position of ${sku} at ${locationId}`);
      handles.set(positionKey(sku, locationId), handle);
    }
    return handles;
  }

  private disconnect(): void {
    this.connection?.close();
    this.connection = null;
  }

  private write(event: LogEvent): void {
    this.log.write(event);
  }

  private wireOf(message: Message): Readonly<Record<string, unknown>> {
    const [first] = message.operations;
    if (first?.kind === "order") {
      return {
        type: "order.capture",
        channel: this.options.assortment.channel,
        payload: orderPayload(first.id, first.lines),
      };
    }
    if (first?.kind === "lane-reserve" || first?.kind === "lane-release") {
      return {
        type: "lane.apply",
        lane: this.options.name,
        operations: this.laneOperations(message.operations as readonly StockOperation[]),
      };
    }
    return {
      type: "stock.execute",
      commands: message.operations.map((operation) => commandOf(operation as StockOperation)),
    };
  }

  private laneOperations(operations: readonly StockOperation[]): Uint8Array {
    const words = new Uint32Array(operations.length * LANE_WORDS);
    for (const [index, operation] of operations.entries()) {
      const reserves = operation.kind === "lane-reserve";
      writeLaneOperation(words, index, {
        number: Number(operation.holdId),
        position: this.handles.get(positionKey(operation.sku, operation.locationId)) ?? 0,
        kind: reserves ? LANE_KIND.reserve : LANE_KIND.release,
        quantity: reserves ? operation.quantity : 0,
        expiresInMs: operation.expiresInMs,
      });
    }
    return new Uint8Array(words.buffer);
  }

  private learn(message: Message, results: readonly string[]): void {
    for (const [index, operation] of message.operations.entries()) {
      if (operation.kind === "order" || results[index] !== "applied") continue;
      if (operation.expiresAtMs > 0 || operation.expiresInMs > 0) continue;
      const { holdId, sku, locationId, quantity } = operation;
      if (this.settled.has(operation.id)) continue;
      this.settled.add(operation.id);
      if (operation.kind === "lane-reserve") {
        this.laneHolds.push({ number: holdId, sku, locationId, quantity });
      }
      if (operation.kind === "reserve")
        this.holds.push({ holdId, sku, locationId, quantity, state: "reserved" });
      if (operation.kind === "allocate") {
        this.holds.push({ holdId, sku, locationId, quantity, state: "allocated" });
      }
    }
  }

  private invent(): Message {
    if (this.random.chance(0.15)) return { operations: [this.inventOrder()], doubtful: false };
    const operations: Operation[] = [];
    if (this.random.chance(0.35)) {
      const count = this.random.chance(0.3) ? 1 : this.random.integer(2, 40);
      while (operations.length < count) operations.push(this.inventLaneOperation());
      return { operations, doubtful: false };
    }
    const count = this.random.chance(0.5) ? 1 : this.random.integer(2, 6);
    for (let index = 0; index < count; index += 1) operations.push(this.inventCommand());
    return { operations, doubtful: false };
  }

  private inventOrder(): Operation {
    const lines = new Map<string, number>();
    const count = this.random.integer(1, 3);
    while (lines.size < count) {
      lines.set(this.random.pick(this.options.assortment.skus), this.random.integer(1, 3));
    }
    return {
      id: this.newId(),
      kind: "order",
      lines: [...lines].map(([sku, quantity]) => ({ sku, quantity })),
    };
  }

  private inventCommand(): StockOperation {
    const dice = this.random.next();
    const hold = dice < 0.35 ? this.takeHold() : undefined;
    const id = this.newId();
    if (hold !== undefined) {
      const { holdId, sku, locationId, quantity } = hold;
      const kind =
        hold.state === "allocated" ? "deallocate" : this.random.chance(0.7) ? "release" : "allocate";
      return { id, kind, sku, locationId, quantity, holdId, expiresAtMs: 0, expiresInMs: 0 };
    }
    const sku = this.random.pick(this.options.assortment.skus);
    const locationId = this.random.pick(this.options.assortment.locationIds);
    if (dice > 0.95) {
      const quantity = this.random.integer(1, 20);
      return { id, kind: "receive", sku, locationId, quantity, holdId: "", expiresAtMs: 0, expiresInMs: 0 };
    }
    const expiresAtMs = this.random.chance(0.15) ? Date.now() + this.random.integer(300, 1_200) : 0;
    return {
      id,
      kind: "reserve",
      sku,
      locationId,
      quantity: this.random.integer(1, 4),
      holdId: id,
      expiresAtMs,
      expiresInMs: 0,
    };
  }

  private inventLaneOperation(): StockOperation {
    const lane = this.options.name;
    if (this.random.chance(0.45) && this.laneHolds.length > 0) {
      const index = this.random.integer(0, this.laneHolds.length - 1);
      const [hold] = this.laneHolds.splice(index, 1) as [LaneHold];
      const { number, ...rest } = hold;
      const id = `${this.options.seed}.${lane}/${number}.release`;
      return { id, kind: "lane-release", ...rest, holdId: number, expiresAtMs: 0, expiresInMs: 0 };
    }
    const number = String(this.nextLaneNumber);
    this.nextLaneNumber += 1;
    return {
      id: `${this.options.seed}.${lane}/${number}`,
      kind: "lane-reserve",
      sku: this.random.pick(this.options.assortment.laneSkus),
      locationId: this.random.pick(this.options.assortment.locationIds),
      quantity: this.random.integer(1, 3),
      holdId: number,
      expiresAtMs: 0,
      expiresInMs: this.random.chance(0.15) ? this.random.integer(300, 1_200) : 0,
    };
  }

  private takeHold(): Hold | undefined {
    if (this.holds.length === 0) return undefined;
    return this.holds.splice(this.random.integer(0, this.holds.length - 1), 1)[0];
  }

  private newId(): string {
    const id = `${this.options.seed}.${this.options.name}.${this.nextOperation}`;
    this.nextOperation += 1;
    return id;
  }
}

function positionKey(sku: string, locationId: string): string {
  return `${sku}@${locationId}`;
}

function commandOf(operation: StockOperation): Readonly<Record<string, unknown>> {
  const { id, kind, sku, locationId, quantity, holdId, expiresAtMs } = operation;
  // The cause names the operation, so that the movements show how often it took effect.
  const common = { type: kind, commandId: id, sku, locationId, atMs: 0, cause: id };
  if (kind === "receive") return { ...common, quantity };
  if (kind === "reserve") return { ...common, holdId, quantity, expiresAtMs };
  return { ...common, holdId };
}

function orderPayload(
  id: string,
  lines: readonly { readonly sku: string; readonly quantity: number }[],
): string {
  return JSON.stringify({
    id,
    currency: "USD",
    lines: lines.map(({ sku, quantity }) => ({ sku, quantity, unitPrice: "10.00" })),
    paymentMethod: "pm_card_visa",
    shippingAddress: {
      name: "Fault Test",
      line1: "1 Main Street",
      city: "Reno",
      postalCode: "89501",
      country: "US",
    },
    customer: { name: "Fault Test", email: "fault@example.com" },
    allocation: "all_or_nothing",
  });
}

type Reply = Awaited<ReturnType<StreamConnection["ask"]>>;

function resultsOf(reply: Reply, message: Message): readonly string[] {
  if (reply.type === "stock.executed") {
    return reply.outcomes.map((outcome) => (outcome.status === "applied" ? "applied" : outcome.code));
  }
  if (reply.type === "order.captured") {
    // A duplicate is an order that was accepted the first time, whose answer was lost.
    return reply.results.map((result) =>
      result.outcome === "accepted" || result.outcome === "duplicate"
        ? "applied"
        : (result.code ?? result.outcome),
    );
  }
  if (reply.type === "lane.applied") {
    return message.operations.map((_, index) => LANE_CODES[reply.codes?.[index] ?? 0] ?? "unknown_code");
  }
  throw new Error(`${reply.type} is no answer to ${message.operations[0]?.kind}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
