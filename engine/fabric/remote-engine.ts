/**
 * Engines of other processes: requests go to whoever has the shard that they are about, and answers come
 * back.
 *
 * R1 Every request is settled within `patienceMs`: with an engine's answer, with its fault, or with one of
 *    ours. `engine_unreachable` says that nothing was done: no try was heard by anybody. Where one may have
 *    been, it is `commit_outcome_unknown`, and whoever asks again with the same ids gets the first outcome.
 * R2 What is lost on the way is sent again under its number, and an engine's process does nothing twice
 *    under one number (`engine-door.ts`).
 * R3 Another process that takes the shard over knows no numbers of before. It is sent only what may be
 *    repeated by its own ids, or what nobody can have heard or done. Who gave a shard away and has others
 *    still answers what it has begun.
 * R4 What waits is bounded by number and bytes. Beyond that a request is refused at once.
 * R5 The deadline counts from when the process that is asked was last heard, so that a caller whose own
 *    callers wait in turns does not have each of them wait as long: while it stays away, new requests are
 *    refused soon.
 */
import type { Logger } from "pino";
import { ENGINE_PATIENCE_MS } from "../../config/limits.ts";
import { inPartSpan } from "../../config/trace.ts";
import { EngineError, isMoving } from "../errors.ts";
import type { FabricLink } from "./fabric-link.ts";
import {
  type Ask,
  answerIn,
  FABRIC_VERSION,
  type FabricMessage,
  type FabricMethod,
  MESSAGE_BYTES,
  pack,
} from "./fabric-messages.ts";
import { ShardMap } from "./shard-map.ts";

/** What a request is given while nothing has been heard for as long as it would otherwise have. */
const LEAST_PATIENCE_MS = 250;
/** A process that is there is heard each second, whatever it works at. */
const SILENT_AFTER_MS = 2_500;
/** How long an answer may take before it is asked for again. A commit takes milliseconds. */
const ANSWER_WITHIN_MS = 1_000;
const LOOK_MS = 100;
/** A process that is started anew is there after some seconds. */
const TRY_AGAIN_MS = 1_000;
const OVERLOAD_RETRY_MS = 200;
/** In the place of a name, where it is not known who has a shard. */
const NOBODY = "";
/** Requests of one process that wait for their answers. */
const MAX_WAITING = 16_384;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;

/** What changes nothing leaves no outcome to wonder about. */
const READS: ReadonlySet<FabricMethod> = new Set<FabricMethod>([
  "positions",
  "namedUnits",
  "holds",
  "capableToPromise",
  "quoteOrder",
  "available",
  "availableByLocation",
  "openPositions",
  "status",
  "stockOf",
  "outlooks",
]);

export type AskOptions = {
  /** A SKU, or an order's id: who has its shard is asked. */
  readonly key: string;
  /** Whether its own ids make a repeat harmless, at whichever process. */
  readonly isRepeatable: boolean;
  /** The only process that can answer it; absent: whoever has the shard. */
  readonly only?: string;
  /** Whether it is about more shards than the key's, which its caller finds anew where one has moved. */
  readonly isOfSeveral?: boolean;
  /** How long its caller still waits, milliseconds; absent: as long as anybody. */
  readonly withinMs?: number;
};

type Answered = { readonly value: unknown; readonly by: string };

type Waiting = AskOptions & {
  number: number;
  readonly method: FabricMethod;
  readonly given: Buffer;
  readonly traceparent: string | null;
  readonly until: number;
  /** Who was sent it last; null: it is still to be sent. */
  sentTo: string | null;
  sentAt: number;
  /** It is sent again at this time at the earliest. */
  notBefore: number;
  /** Whether a try may have been heard; and whether one before the last may. */
  isHeard: boolean;
  wasHeard: boolean;
  /** Why it is sent again, where an engine has said so. */
  refusal: EngineError | null;
  resolve(answer: Answered): void;
  reject(error: Error): void;
};

export class RemoteEngine {
  private readonly link: FabricLink;
  private readonly map: ShardMap;
  private readonly patienceMs: number;
  /** By number, and so in the order in which they were asked. */
  private readonly waiting = new Map<number, Waiting>();
  private waitingBytes = 0;
  private asked = 0;
  /** By who is asked (`NOBODY`: it is not known): since when requests wait for it and it was not heard. */
  private readonly silentSince = new Map<string, number>();
  private isSending = false;
  private isStopped = false;
  private readonly looking: NodeJS.Timeout;

  constructor(options: { readonly link: FabricLink; readonly logger: Logger; readonly patienceMs?: number }) {
    this.link = options.link;
    this.patienceMs = options.patienceMs ?? ENGINE_PATIENCE_MS;
    this.map = new ShardMap(this.link, () => {
      options.logger.info({ owners: [...this.map.owners()] }, "shards are at other processes now");
      this.moved();
    });
    this.link.onMessage((message) => {
      if (message.kind === "answers") this.hear(message);
    });
    this.link.onUp(() => {
      this.thereIsHope();
      this.askAgain(performance.now());
      this.sendSoon();
    });
    this.looking = setInterval(() => this.look(), LOOK_MS);
  }

  /** Who has the shard of a SKU, or of an order's id; null: nobody is known. */
  ownerOf(key: string): string | null {
    return this.map.ownerOf(key);
  }

  /** Who has a shard; null: nobody is known. */
  ownerOfShard(shard: number): string | null {
    return this.map.ownerOfShard(shard);
  }

  /** In all; 0: not known yet. */
  shardCount(): number {
    return this.map.shardCount();
  }

  /** By which this process is reached itself. */
  get self(): string {
    return this.link.self;
  }

  /** Those who have shards. */
  owners(): ReadonlySet<string> {
    return this.map.owners();
  }

  /** Has the process that has a shard run a method. @returns its answer, and by whom it was given */
  ask(method: FabricMethod, given: readonly unknown[], options: AskOptions): Promise<Answered> {
    return inPartSpan(`engine ${method}`, (traceparent) =>
      this.askUnder(traceparent, method, given, options),
    );
  }

  private askUnder(
    traceparent: string | null,
    method: FabricMethod,
    given: readonly unknown[],
    options: AskOptions,
  ): Promise<Answered> {
    if (this.isStopped) return Promise.reject(new EngineError("engine_stopped", "this process is stopping"));
    const bytes = pack(given);
    if (this.waiting.size >= MAX_WAITING || this.waitingBytes + bytes.length > MAX_WAITING_BYTES)
      return Promise.reject(
        new EngineError("engine_overloaded", `${this.waiting.size} requests wait for the engine's process`, {
          retryAfterMs: OVERLOAD_RETRY_MS,
        }),
      );
    this.asked += 1;
    const number = this.asked;
    this.waitingBytes += bytes.length;
    const now = performance.now();
    const asked = options.only ?? this.map.ownerOf(options.key) ?? NOBODY;
    const silentSince = this.silentSince.get(asked) ?? now;
    this.silentSince.set(asked, silentSince);
    return new Promise((resolve, reject) => {
      this.waiting.set(number, {
        ...options,
        number,
        method,
        given: bytes,
        traceparent,
        until: now + Math.min(this.patienceAfter(now - silentSince), options.withinMs ?? this.patienceMs),
        sentTo: null,
        sentAt: 0,
        notBefore: 0,
        isHeard: false,
        wasHeard: false,
        refusal: null,
        resolve,
        reject,
      });
      this.sendSoon();
    });
  }

  /** What still waits is refused: its outcome is told to nobody any more. */
  stop(): void {
    this.isStopped = true;
    clearInterval(this.looking);
    for (const one of [...this.waiting.values()]) this.giveUp(one);
  }

  /** With everything else that is asked in this turn of the loop. */
  private sendSoon(): void {
    if (this.isSending || this.isStopped) return;
    this.isSending = true;
    setImmediate(() => {
      this.isSending = false;
      this.sendUnsent();
    });
  }

  private sendUnsent(): void {
    const now = performance.now();
    const byTarget = new Map<string, Waiting[]>();
    for (const one of this.waiting.values()) {
      if (one.sentTo !== null || one.notBefore > now) continue;
      const to = this.targetOf(one);
      if (to === null) continue;
      const those = byTarget.get(to);
      if (those === undefined) byTarget.set(to, [one]);
      else those.push(one);
    }
    for (const [to, those] of byTarget) for (const message of inMessages(those)) void this.send(to, message);
  }

  private async send(to: string, those: readonly Waiting[]): Promise<void> {
    const now = performance.now();
    for (const one of those) {
      one.sentTo = to;
      one.sentAt = now;
      one.wasHeard = one.isHeard;
    }
    const asks = those.map(
      ({ number, method, given, traceparent }): Ask =>
        traceparent === null ? [number, method, given] : [number, method, given, traceparent],
    );
    const sent = await this.link.send(to, this.message({ kind: "asks", floor: this.floor(), asks }));
    for (const one of those) {
      if (sent !== "nobody") one.isHeard = true;
      // Nobody was there: the next look sends it again, perhaps to another.
      else if (one.sentTo === to && one.sentAt === now) one.sentTo = null;
    }
    if (sent === "nobody") void this.map.read();
  }

  private look(): void {
    const now = performance.now();
    for (const one of [...this.waiting.values()]) if (one.until <= now) this.giveUp(one);
    if (this.waiting.size === 0) return;
    this.askAgain(now - ANSWER_WITHIN_MS);
    if ([...this.waiting.values()].some((one) => this.targetOf(one) === null)) void this.map.read();
    this.sendSoon();
  }

  private targetOf({ only, key }: Waiting): string | null {
    return only ?? this.map.ownerOf(key);
  }

  /** Asks for the answers to what was sent before a moment. */
  private askAgain(before: number, isMeant: (one: Waiting) => boolean = () => true): void {
    const now = performance.now();
    const byTarget = new Map<string, number[]>();
    for (const one of this.waiting.values()) {
      if (one.sentTo === null || one.sentAt > before || !isMeant(one)) continue;
      one.sentAt = now;
      const numbers = byTarget.get(one.sentTo);
      if (numbers === undefined) byTarget.set(one.sentTo, [one.number]);
      else numbers.push(one.number);
    }
    for (const [to, numbers] of byTarget) void this.askOneAgain(to, numbers);
  }

  /** Whoever has no shard any more and hears nothing has died. */
  private async askOneAgain(to: string, numbers: readonly number[]): Promise<void> {
    const sent = await this.link.send(to, this.message({ kind: "again", floor: this.floor(), numbers }));
    const owners = this.map.owners();
    if (sent !== "nobody" || owners.size === 0 || owners.has(to)) return;
    for (const number of numbers) {
      const one = this.waiting.get(number);
      if (one?.sentTo === to && one.only === undefined) this.giveUp(one);
    }
  }

  /**
   * Shards are another's. While one is nobody's, whoever had it may still answer: Redis forgets the map
   * when it is started anew.
   */
  private moved(): void {
    const owners = this.map.owners();
    if (owners.size === 0) return;
    this.silentSince.delete(NOBODY);
    this.thereIsHope();
    const now = performance.now();
    for (const one of [...this.waiting.values()]) {
      one.notBefore = 0;
      const to = this.targetOf(one);
      if (one.only !== undefined) {
        if (!owners.has(one.only)) this.giveUp(one);
      } else if (to === null || one.sentTo === null || one.sentTo === to) continue;
      else if (one.isRepeatable || !one.isHeard) one.sentTo = null;
    }
    // Who has nothing any more may still answer what it has begun, or have died.
    this.askAgain(now, (one) => one.sentTo !== null && !owners.has(one.sentTo));
    this.sendSoon();
  }

  /** R5 */
  private patienceAfter(silentMs: number): number {
    if (silentMs < SILENT_AFTER_MS) return this.patienceMs;
    return Math.max(LEAST_PATIENCE_MS, this.patienceMs - silentMs);
  }

  /** Redis is back, or another has shards: who asks from now on waits for it. */
  private thereIsHope(): void {
    const now = performance.now();
    for (const name of this.silentSince.keys()) this.silentSince.set(name, now);
  }

  private hear({ answers, unknown, from }: Extract<FabricMessage, { kind: "answers" }>): void {
    for (const [number, bytes] of answers) {
      const one = this.waiting.get(number);
      // Its time was up, or the answer came twice.
      if (one === undefined || one.sentTo !== from) continue;
      this.settle(one, from, bytes);
    }
    for (const number of unknown) {
      const one = this.waiting.get(number);
      // It is sent again under the same number, to the same process: it did not come, or did nothing.
      if (one !== undefined && one.sentTo === from) one.sentTo = null;
    }
    if (unknown.length > 0) this.sendSoon();
    this.silentSince.delete(from);
  }

  private settle(one: Waiting, by: string, bytes: Uint8Array): void {
    let value: unknown;
    try {
      value = answerIn(bytes);
    } catch (error) {
      if (one.only === undefined && isForLater(error, one)) {
        if (error.code !== "fenced") one.isHeard = one.wasHeard;
        one.refusal = error;
        one.sentTo = null;
        this.numberAnew(one);
        one.notBefore = performance.now() + LOOK_MS;
        void this.map.read();
        return;
      }
      this.forget(one);
      one.reject(error as Error);
      return;
    }
    this.forget(one);
    one.resolve({ value, by });
  }

  /** Under the former number its answer is remembered, and it would get no other one there. */
  private numberAnew(one: Waiting): void {
    this.waiting.delete(one.number);
    this.asked += 1;
    one.number = this.asked;
    this.waiting.set(one.number, one);
  }

  private giveUp(one: Waiting): void {
    this.forget(one);
    if (!one.isHeard && one.refusal?.code === "shard_unavailable") {
      one.reject(one.refusal);
      return;
    }
    one.reject(
      one.isHeard && !READS.has(one.method)
        ? new EngineError(
            "commit_outcome_unknown",
            `no answer to ${one.method} came from the engine's process`,
          )
        : new EngineError(
            one.only === undefined ? "engine_unreachable" : "handles_void",
            one.only === undefined
              ? "no request comes through to the engine's process"
              : "the engine has been started anew",
            { retryAfterMs: TRY_AGAIN_MS },
          ),
    );
  }

  private forget(one: Waiting): void {
    if (this.waiting.delete(one.number)) this.waitingBytes -= one.given.length;
  }

  /** The lowest number whose answer is waited for. */
  private floor(): number {
    for (const number of this.waiting.keys()) return number;
    return this.asked + 1;
  }

  private message(message: Content): Buffer {
    return pack({ version: FABRIC_VERSION, from: this.link.self, ...message });
  }
}

type Content =
  | Omit<Extract<FabricMessage, { kind: "asks" }>, "version" | "from">
  | Omit<Extract<FabricMessage, { kind: "again" }>, "version" | "from">;

/**
 * Whether it is asked again soon, of another process perhaps: this one takes no more work, or has not the
 * shard, or not yet, and has done nothing, or nothing that a repeat would double.
 */
function isForLater(error: unknown, { isRepeatable, isOfSeveral }: Waiting): error is EngineError {
  if (!(error instanceof EngineError)) return false;
  if (isMoving(error)) return isOfSeveral !== true;
  return error.code === "engine_stopped" || (error.code === "fenced" && isRepeatable);
}

/** In their order, cut where a message would become too long. */
function inMessages(those: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const messages: Waiting[][] = [];
  let bytes = MESSAGE_BYTES;
  for (const one of those) {
    if (bytes + one.given.length > MESSAGE_BYTES) {
      messages.push([]);
      bytes = 0;
    }
    messages.at(-1)?.push(one);
    bytes += one.given.length;
  }
  return messages;
}
