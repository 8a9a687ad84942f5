/**
 * A conveyor that keeps to its protocol's one promise and to nothing else: each event stays in its outbox,
 * and is sent again, until it is acknowledged. Numbers wrap and begin anew, clocks jump, and now and then an
 * event leaves it garbled.
 *
 * W1 no event is given a number while an acknowledgement of another one under it may be under way: for three
 *    times as long as one has ever taken. (With eight bits, a device has no other way to tell them apart.)
 */
import type { Random } from "../../../config/seeded-random.ts";
import { deviceTopic } from "../../../devices/mqtt/topics.ts";
import { AREA } from "../../../devices/simulators/area.ts";
import { type Mutation, mutationsOf } from "../../../devices/simulators/mutations.ts";
import { gs1CheckDigit } from "../../../orders/handling-unit.ts";
import type { AckAudit, SentEvent } from "./ack-audit.ts";
import { BadLink } from "./bad-link.ts";
import { Counter } from "./counter.ts";
import { JumpingClock } from "./jumping-clock.ts";
import type { Tally } from "./tally.ts";

const GARBLED = 0.01;
const AGAIN = 0.01;
const RESTART = 0.0005;
const MOST_OUTSTANDING = 100;
/** Milliseconds. */
const RESEND_MS = 1_000;
const LONGEST_RESEND_MS = 8_000;
const LEAST_REST_MS = 5_000;
const REMEMBERED = 20;

type Entry = SentEvent & {
  readonly seq: number;
  dueAt: number;
  patienceMs: number;
  /** When it was sent for the first time, if nothing went wrong with it on the way; else 0. */
  cleanAt: number;
};

type EventKind = SentEvent["kind"];

export class WildConveyor {
  readonly deviceId: string;
  private readonly root: string;
  private readonly link: BadLink;
  private readonly random: Random;
  private readonly tally: Tally;
  private readonly audit: AckAudit;
  private readonly counter: Counter;
  private readonly clock: JumpingClock;
  private readonly mutations: Readonly<Record<EventKind, readonly Mutation[]>>;
  private readonly onLatency: (milliseconds: number) => void;
  private readonly outbox = new Map<number, Entry>();
  private readonly settled: Entry[] = [];
  private plates = 0;
  private wantsRestart = false;
  private quietSince = 0;
  private longestMs = 0;
  /** By number. */
  private readonly startedAt = new Map<number, number>();
  private readonly settledAt = new Map<number, number>();

  constructor(options: {
    readonly mqttUrl: string;
    readonly deviceId: string;
    readonly locationId: string;
    readonly nth: number;
    readonly random: Random;
    readonly tally: Tally;
    readonly audit: AckAudit;
    readonly onLatency: (milliseconds: number) => void;
  }) {
    const { deviceId, locationId, random, tally } = options;
    this.deviceId = deviceId;
    this.random = random;
    this.tally = tally;
    this.audit = options.audit;
    this.onLatency = options.onLatency;
    this.counter = new Counter(deviceId, options.nth, random.fork(), tally);
    this.clock = new JumpingClock(random.fork(), tally);
    this.root = deviceTopic(locationId, AREA, deviceId, "ack").replace(/ack$/, "");
    // A number that is garbled would be another event's.
    const garbling = (kind: EventKind): readonly Mutation[] =>
      mutationsOf(this.body(kind, 1)).filter(({ what }) => !/^(seq|bootId|from)\b/.test(what));
    this.mutations = {
      scan: garbling("scan"),
      divert: garbling("divert"),
      recirculation: garbling("recirculation"),
    };
    this.link = new BadLink({
      mqttUrl: options.mqttUrl,
      deviceId,
      random: random.fork(),
      tally,
      subscriptions: [`${this.root}ack`],
      onMessage: (_, payload) => this.onAck(JSON.parse(payload.toString())),
    });
  }

  connected(): Promise<void> {
    return this.link.connected();
  }

  stop(): Promise<void> {
    return this.link.stop();
  }

  get outstanding(): number {
    return this.outbox.size;
  }

  /** What it has not heard of for long, for the report. */
  stuck(): readonly string[] {
    return [...this.outbox.values()].map(
      ({ what, seq }) => `${this.deviceId}, ${this.counter.bootId} ${seq}: ${what}`,
    );
  }

  /**
   * Says something new, if its outbox has room.
   * @param most of its events outstanding at once; a sensor that is stuck knows no measure
   */
  act(now: number, most = MOST_OUTSTANDING): void {
    if (this.wantsRestart) {
      this.restartWhenQuiet(now);
      return;
    }
    if (this.outbox.size >= most) return;
    if (this.random.chance(RESTART)) this.wantsRestart = true;
    if (this.settled.length > 0 && this.random.chance(AGAIN)) {
      this.sayAgain();
      return;
    }
    const chosen = this.random.next();
    const kind: EventKind = chosen < 0.7 ? "scan" : chosen < 0.9 ? "divert" : "recirculation";
    if (!this.isFree(this.counter.ahead, now)) return;
    const seq = this.counter.next();
    const body = this.body(kind, seq);
    const isGarbled = this.random.chance(GARBLED);
    const mutation = isGarbled ? this.random.pick(this.mutations[kind]) : null;
    if (isGarbled) this.tally.garbled += 1;
    const entry: Entry = {
      deviceId: this.deviceId,
      kind,
      seq,
      topic: `${this.root}evt/${kind}`,
      payload: mutation?.of(body) ?? Buffer.from(JSON.stringify(body)),
      what: mutation?.what ?? kind,
      dueAt: now + RESEND_MS,
      patienceMs: RESEND_MS,
      cleanAt: 0,
    };
    this.outbox.set(seq, entry);
    this.startedAt.set(seq, now);
    if (this.link.send(entry.topic, entry.payload, 0) && !isGarbled) entry.cleanAt = now;
  }

  /** Sends again what is due; what cannot be acknowledged is done with once it can be read up. */
  sweep(now: number): void {
    for (const [seq, entry] of this.outbox) {
      if (now < entry.dueAt) continue;
      const isNamed = this.audit.canBeNamed(entry, this.counter.bootId, seq);
      if (!isNamed && this.audit.isPutAside(entry)) {
        this.outbox.delete(seq);
        continue;
      }
      entry.patienceMs = Math.min(entry.patienceMs * 2, LONGEST_RESEND_MS);
      entry.dueAt = now + entry.patienceMs;
      this.link.send(entry.topic, entry.payload, 0);
    }
  }

  private onAck(ack: {
    readonly bootId: unknown;
    readonly seq: unknown;
    readonly refused?: { readonly code: string };
  }): void {
    if (ack.bootId !== this.counter.bootId || typeof ack.seq !== "number") return;
    const entry = this.outbox.get(ack.seq);
    if (entry === undefined) return;
    this.outbox.delete(ack.seq);
    this.quietSince = performance.now();
    this.settledAt.set(ack.seq, this.quietSince);
    const tookMs = this.quietSince - (this.startedAt.get(ack.seq) ?? this.quietSince);
    this.longestMs = Math.max(this.longestMs, tookMs);
    if (entry.cleanAt > 0) this.onLatency(performance.now() - entry.cleanAt);
    this.audit.acknowledged(entry, ack.refused?.code ?? null);
    this.settled.push(entry);
    if (this.settled.length > REMEMBERED) this.settled.shift();
  }

  /** Something that was acknowledged comes once more, from wherever it was kept. */
  private sayAgain(): void {
    const { topic, payload } = this.random.pick(this.settled);
    this.link.send(topic, payload, 0);
  }

  private restartWhenQuiet(now: number): void {
    if (this.outbox.size > 0 || now - this.quietSince < this.restMs) return;
    this.wantsRestart = false;
    this.settled.length = 0;
    this.settledAt.clear();
    this.startedAt.clear();
    this.counter.restart();
  }

  private isFree(seq: number, now: number): boolean {
    if (this.outbox.has(seq)) return false;
    const settledAt = this.settledAt.get(seq);
    return settledAt === undefined || now - settledAt >= this.restMs;
  }

  private get restMs(): number {
    return Math.max(LEAST_REST_MS, 3 * this.longestMs);
  }

  private body(kind: EventKind, seq: number): object {
    const { bootId } = this.counter;
    const oldest = this.outbox.keys().next().value ?? seq;
    const head = { bootId, seq, from: oldest, ts: this.clock.now().toISOString() };
    const lpn = this.plate();
    const cmdId = `${bootId}:${seq}`;
    switch (kind) {
      case "scan":
        return { ...head, scanPointId: "scan-1", barcodes: [`]C100${lpn}`, "]d20109521234000013\u001d10L7"] };
      case "divert":
        return {
          ...head,
          cmdId,
          lpn,
          lane: this.random.chance(0.9) ? "manual" : "lane-99",
          result: "DIVERTED",
        };
      case "recirculation": {
        const result = this.random.chance(0.5) ? "ACCEPTED" : "UNKNOWN_LPN";
        return { ...head, cmdId, lpn, result };
      }
      default: {
        const unreachable: never = kind;
        return unreachable;
      }
    }
  }

  /** Another tote each time, of another company. */
  private plate(): string {
    this.plates += 1;
    const body = `00614141${String(this.plates % 1e9).padStart(9, "0")}`;
    return body + gs1CheckDigit(body);
  }
}
