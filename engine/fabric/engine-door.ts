/**
 * The engine's door to other processes: what they ask over the fabric is asked of the engine here, and its
 * answer, given after the commit as ever, goes back.
 *
 * D1 Nothing is done twice under one number of one process: what runs is left to run, and what was answered
 *    is answered from memory until its process says that it has the answer. That memory is bounded by what
 *    each process may have waiting.
 * D2 Requests are begun in the order in which they come, without waiting for each other.
 * D3 A process that stops takes nothing more, answers what it has begun, and then says that it has no shards.
 */
import type { Logger } from "pino";
import { inCallersSpan } from "../../config/trace.ts";
import type { AllocatorClient } from "../allocator-client.ts";
import { EngineError } from "../errors.ts";
import type { OwnEngine } from "../own-engine.ts";
import type { FabricLink } from "./fabric-link.ts";
import {
  type Answer,
  type Ask,
  FABRIC_VERSION,
  type FabricMessage,
  type FabricMethod,
  MESSAGE_BYTES,
  pack,
  packFault,
  packValue,
  unpack,
} from "./fabric-messages.ts";
import { claimShards, type OwnedShard } from "./shard-map.ts";

const CLAIM_MS = 1_000;
/** A process that is gone for so long has given up all that it had asked. Far longer than its patience. */
const FORGOTTEN_MS = 60_000;
/** Requests of all processes that run at a time. */
const MAX_RUNNING = 65_536;
const OVERLOAD_RETRY_MS = 200;
const DRAIN_MS = 10_000;

type Methods = {
  readonly [Method in FabricMethod]: (...given: readonly never[]) => unknown;
};

/** Another process, and what it has asked. */
type Asker = {
  heardAt: number;
  /** Answers below this number have arrived. */
  floor: number;
  /** By number; null: it runs. */
  readonly asked: Map<number, Buffer | null>;
};

export type EngineDoorOptions = {
  readonly link: FabricLink;
  readonly own: OwnEngine;
  /** The same over all engines: what is promised of a kit may be at several. */
  readonly allocator: Pick<
    AllocatorClient,
    "available" | "availableByLocation" | "capableToPromise" | "quoteOrder"
  >;
  /** The engine, as far as it says which shards are live in it. */
  readonly shards: {
    ownShards(): readonly OwnedShard[];
    onShardsMoved(listener: () => void): void;
  };
  /** Carries out an operation that belongs beside the engine. */
  readonly operation: (name: string, given: unknown, caller: unknown) => Promise<unknown>;
  readonly logger: Logger;
};

export class EngineDoor {
  private readonly link: FabricLink;
  private readonly own: OwnEngine;
  private readonly shards: EngineDoorOptions["shards"];
  private readonly logger: Logger;
  private readonly methods: Methods;
  private readonly askers = new Map<string, Asker>();
  private readonly outbox = new Map<string, Answer[]>();
  private readonly timer: NodeJS.Timeout;
  private running = 0;
  private isFlushing = false;
  private isClaiming = false;
  private isStopping = false;
  private whenIdle: (() => void) | null = null;

  constructor({ link, own, allocator, shards, operation, logger }: EngineDoorOptions) {
    this.link = link;
    this.own = own;
    this.shards = shards;
    this.logger = logger;
    this.methods = methodsOf(own, allocator, operation);
    link.onMessage((message) => this.hear(message));
    link.onUp(() => this.claim());
    this.timer = setInterval(() => {
      this.claim();
      this.forget();
    }, CLAIM_MS);
    shards.onShardsMoved(() => this.claimSoon());
    this.claim();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    if (this.running > 0) await this.untilIdle();
    this.flush();
    await claimShards(this.link, [], this.own.shardCount).catch(() => {});
  }

  /** As long as those wait who asked: what takes longer is not waited for by them either. */
  private async untilIdle(): Promise<void> {
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, DRAIN_MS);
      this.whenIdle = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }

  /** So that others find them. While Redis is away nobody does, and the next time comes soon. */
  private claim(): void {
    if (!this.link.isUp() || this.isStopping) return;
    void this.claimNow().catch((error: unknown) =>
      this.logger.debug({ err: error }, "nobody could be told who has the shards"),
    );
  }

  private async claimNow(): Promise<void> {
    await claimShards(this.link, this.shards.ownShards(), this.own.shardCount);
  }

  /** Shards move by the dozen: all that move in one turn of the loop are told of at once. */
  private claimSoon(): void {
    if (this.isClaiming) return;
    this.isClaiming = true;
    setImmediate(() => {
      this.isClaiming = false;
      this.claim();
    });
  }

  private forget(): void {
    const before = performance.now() - FORGOTTEN_MS;
    for (const [name, asker] of this.askers) if (asker.heardAt < before) this.askers.delete(name);
  }

  private hear(message: FabricMessage): void {
    if (message.kind !== "asks" && message.kind !== "again") return;
    const asker = this.askerOf(message.from, message.floor);
    if (message.kind === "asks") for (const ask of message.asks) this.take(message.from, asker, ask);
    else this.repeat(message.from, asker, message.numbers);
  }

  private askerOf(name: string, floor: number): Asker {
    let asker = this.askers.get(name);
    if (asker === undefined) {
      asker = { heardAt: 0, floor, asked: new Map() };
      this.askers.set(name, asker);
    }
    asker.heardAt = performance.now();
    for (; asker.floor < floor; asker.floor += 1) asker.asked.delete(asker.floor);
    return asker;
  }

  private take(from: string, asker: Asker, [number, method, given, traceparent]: Ask): void {
    if (number < asker.floor) return;
    const known = asker.asked.get(number);
    if (known !== undefined) {
      if (known !== null) this.answer(from, number, known);
      return;
    }
    asker.asked.set(number, null);
    // In the trace of whoever asks; what is not traced there is not traced here.
    const running =
      traceparent === undefined
        ? this.run(method, given)
        : inCallersSpan(`engine ${method}`, { traceparent }, {}, () => this.run(method, given));
    void running.then((bytes) => {
      asker.asked.set(number, bytes);
      this.answer(from, number, bytes);
    });
  }

  private repeat(from: string, asker: Asker, numbers: readonly number[]): void {
    const unknown: number[] = [];
    for (const number of numbers) {
      const known = asker.asked.get(number);
      if (known === undefined) unknown.push(number);
      else if (known !== null) this.answer(from, number, known);
    }
    // Also where all of it still runs: who asks is to know that somebody is there.
    this.tell(from, [], unknown);
  }

  private async run(method: FabricMethod, given: Uint8Array): Promise<Buffer> {
    if (this.isStopping) return packFault(new EngineError("engine_stopped", "the engine is stopping"));
    if (this.running >= MAX_RUNNING)
      return packFault(
        new EngineError("engine_overloaded", "too many requests of other processes", {
          retryAfterMs: OVERLOAD_RETRY_MS,
        }),
      );
    this.running += 1;
    try {
      if (!Object.hasOwn(this.methods, method))
        throw new EngineError("invalid_request", `the engine has no ${method}`);
      const work = this.methods[method] as (...given: readonly unknown[]) => unknown;
      return packValue(await work(...(unpack(given) as readonly unknown[])));
    } catch (error) {
      if (!(error instanceof EngineError)) this.logger.warn({ err: error, method }, "a request has failed");
      return packFault(error);
    } finally {
      this.running -= 1;
      if (this.running === 0) this.whenIdle?.();
    }
  }

  /** With everything else that is answered in this turn of the loop. */
  private answer(to: string, number: number, bytes: Buffer): void {
    const answers = this.outbox.get(to);
    if (answers === undefined) this.outbox.set(to, [[number, bytes]]);
    else answers.push([number, bytes]);
    if (this.isFlushing) return;
    this.isFlushing = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.isFlushing = false;
    for (const [to, answers] of this.outbox) {
      let open: Answer[] = [];
      let bytes = 0;
      for (const answer of answers) {
        if (open.length > 0 && bytes + answer[1].length > MESSAGE_BYTES) {
          this.tell(to, open, []);
          open = [];
          bytes = 0;
        }
        open.push(answer);
        bytes += answer[1].length;
      }
      this.tell(to, open, []);
    }
    this.outbox.clear();
  }

  /** What does not arrive is asked for again. */
  private tell(to: string, answers: readonly Answer[], unknown: readonly number[]): void {
    const message = {
      version: FABRIC_VERSION,
      from: this.link.self,
      kind: "answers",
      answers,
      unknown,
    } as const;
    void this.link.send(to, pack(message));
  }
}

/** What may be asked. The list is the whole of it: a name that comes over the fabric reaches nothing else. */
function methodsOf(
  a: OwnEngine,
  overAll: EngineDoorOptions["allocator"],
  operation: EngineDoorOptions["operation"],
): Methods {
  return {
    execute: (commands: Parameters<AllocatorClient["execute"]>[0]) => a.execute(commands),
    positions: (skus: readonly string[]) => a.positions(skus),
    namedUnits: (skus: readonly string[]) => a.namedUnits(skus),
    holds: (address: Parameters<AllocatorClient["holds"]>[0]) => a.holds(address),
    capableToPromise: (request: Parameters<AllocatorClient["capableToPromise"]>[0]) =>
      overAll.capableToPromise(request),
    quoteOrder: (request: Parameters<AllocatorClient["quoteOrder"]>[0]) => overAll.quoteOrder(request),
    available: (...given: Parameters<AllocatorClient["available"]>) =>
      (a.isKit(given[0]) ? overAll : a).available(...given),
    availableByLocation: (sku: string) => (a.isKit(sku) ? overAll : a).availableByLocation(sku),
    amendOrder: (amendment: Parameters<AllocatorClient["amendOrder"]>[0]) => a.amendOrder(amendment),
    cancelOrder: (cancellation: Parameters<AllocatorClient["cancelOrder"]>[0]) => a.cancelOrder(cancellation),
    openPositions: (addresses: Parameters<AllocatorClient["openPositions"]>[0]) => a.openPositions(addresses),
    applyLane: (lane: string, operations: Uint8Array, atMs: number) =>
      a.applyLane({ lane, operations: wordsOf(operations), atMs }),
    status: () => a.status(),
    stockOf: (skus: readonly string[], pool: string | undefined) => a.stockOf(skus, pool),
    outlooks: (skus: readonly string[]) => a.outlooks(skus),
    operation: (name: string, given: unknown, caller: unknown) => operation(name, given, caller),
  };
}

/** On a word's boundary, and nobody else's: the engine may overwrite them. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  if (bytes.length % Uint32Array.BYTES_PER_ELEMENT !== 0)
    throw new EngineError("invalid_request", "lane operations are whole words");
  return new Uint32Array(bytes.slice().buffer);
}
