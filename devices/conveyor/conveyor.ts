/**
 * The conveyors: takes their events in, and answers. A scanned tote is told its exit; every event is
 * acknowledged once its effect is committed, or once it is put aside with its refusal. What an event does is
 * in `conveyor-events.ts`.
 *
 * Events of all conveyors go into one transaction at a time for all of them (`event-queue.ts`), and those
 * about totes of ours from there into a queue of their own: their transactions wait for whoever works on the
 * same order, and nobody else is to wait with them. They come with QoS 0, because the guarantee is the
 * device's outbox: the device sends again what we have not acknowledged. (With the broker's guarantee,
 * MQTT.js would allow only one transaction per message.)
 *
 * C1 an event is acknowledged after its effect or its dead letter is committed, never before
 * C2 an event that cannot be read, booked or believed costs itself: those behind it go on
 * C3 an event that comes again while it waits here waits once
 * C4 an event that is dropped here (full queue, database away) is not acknowledged, and so not lost
 */
import type { Logger } from "pino";
import { forgetMessages } from "../../store/floor/device-messages.ts";
import type { Database } from "../../store/sql/database.ts";
import { ArrivalOrder, type Sequenced } from "../mqtt/arrival-order.ts";
import type { DeadLetters } from "../mqtt/dead-letter.ts";
import type { Device, DeviceRegistry } from "../mqtt/device-registry.ts";
import type { Publish } from "../mqtt/mqtt-session.ts";
import type { BridgeTimings } from "../mqtt/timings.ts";
import { deviceTopic } from "../mqtt/topics.ts";
import { type Case, ConveyorEvents, type Outcome, type Refusal } from "./conveyor-events.ts";
import {
  type Acknowledgement,
  type ConveyorEvent,
  type DivertCommand,
  eventDigest,
  type RecirculateCommand,
} from "./conveyor-messages.ts";
import { EventQueue } from "./event-queue.ts";
import { Exits } from "./exits.ts";
import { findHead, type MessageHead } from "./message-head.ts";
import { RecentLetters } from "./recent-letters.ts";

/** Events on their way to be put aside, before the next one is looked at. */
const MOST_REFUSING = 500;
/**
 * How long an event waits for one that it has overtaken. On the way through one broker, messages overtake by
 * less; of one that is lost nobody knows, and a tote before its gate must not wait for it. Milliseconds.
 */
const GAP_MS = 200;
const LOOK_EVERY_MS = 50;
/**
 * A repeat comes within seconds, or once a conveyor that was cut off is back. After this time it would be
 * taken again. Milliseconds.
 */
const REMEMBERED_MS = 24 * 60 * 60_000;
const FORGET_EVERY_MS = 60_000;

/** How often an answer to a device goes so that the broker says whether it may. Milliseconds. */
const ASK_BROKER_EVERY_MS = 10_000;

/** A message as it came, for the dead letter. */
export type Letter = { readonly topic: string; readonly payload: Buffer };
type Entry = Sequenced & {
  /** Of its device, number and content. */
  readonly key: string;
  readonly deviceId: string;
  readonly device: Device;
  readonly event: ConveyorEvent;
  readonly digest: string;
  readonly letter: Letter;
};

export class Conveyors {
  private readonly database: Database;
  private readonly registry: DeviceRegistry;
  private readonly publish: Publish;
  private readonly timings: BridgeTimings;
  private readonly logger: Logger;
  private readonly deadLetters: DeadLetters;
  private readonly events: ConveyorEvents;
  private readonly exits: Exits;
  private readonly order = new ArrivalOrder<Entry>(GAP_MS);
  private readonly incoming: EventQueue<Entry>;
  /** About totes that are on the floor. */
  private readonly ofOurTotes: EventQueue<Entry>;
  private readonly putAside = new RecentLetters();
  /** On their way to be put aside. */
  private readonly refusing = new Set<Promise<void>>();
  /** When the broker was last asked about each topic that we answer on. */
  private readonly askedAt = new Map<string, number>();
  /** The area level in the topic of each conveyor, as it was last seen. */
  private readonly areas = new Map<string, string>();
  private lookTimer: NodeJS.Timeout | undefined;
  private forgetTimer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly database: Database;
    readonly registry: DeviceRegistry;
    readonly publish: Publish;
    readonly toteLost: (lpn: string, conveyorId: string) => Promise<void>;
    readonly timings: BridgeTimings;
    readonly deadLetters: DeadLetters;
    readonly logger: Logger;
  }) {
    const { database, registry, toteLost, logger } = options;
    this.deadLetters = options.deadLetters;
    this.database = database;
    this.registry = registry;
    this.publish = options.publish;
    this.timings = options.timings;
    this.logger = logger;
    this.exits = new Exits(registry, logger);
    this.events = new ConveyorEvents({ database, exits: this.exits, toteLost });
    const failures = {
      onFailed: (entry: Entry, error: unknown) => this.onFailed(entry, error),
      onBroken: (error: unknown, events: number) =>
        logger.warn({ err: error, events }, "conveyors' events not booked; one by one"),
    };
    this.incoming = new EventQueue({ take: (batch) => this.takeIn(batch), ...failures });
    this.ofOurTotes = new EventQueue({ take: (batch) => this.takeOurs(batch), ...failures });
  }

  start(): void {
    this.lookTimer = setInterval(() => {
      if (this.order.isWaiting) this.incoming.add(this.order.due(performance.now()));
    }, LOOK_EVERY_MS);
    this.forgetTimer = setInterval(() => {
      forgetMessages(this.database, REMEMBERED_MS).catch((error) =>
        this.logger.warn({ err: error }, "old marks of device messages not deleted"),
      );
    }, FORGET_EVERY_MS);
  }

  /** A conveyor has sent something on its topics. */
  seen(device: Device, area: string): void {
    this.areas.set(device.row.id, area);
  }

  onEvent(device: Device, event: ConveyorEvent, letter: Letter): void {
    const { bootId, seq, from } = event;
    const digest = eventDigest(event);
    const key = `${device.row.id} ${bootId} ${seq} ${digest}`;
    const entry = { key, deviceId: device.row.id, bootId, seq, from, device, event, digest, letter };
    this.incoming.add(this.order.add(device.row.id, entry, performance.now()));
  }

  /** An event that cannot be read. Its device is told, where it can be found out which one it was. */
  onUnreadable(device: Device, letter: Letter, refusal: Refusal): Promise<void> {
    return this.refuse(device, findHead(letter.payload), letter, refusal);
  }

  /** Finishes the transactions that run. What still waits stays with the devices. */
  async stop(): Promise<void> {
    clearInterval(this.lookTimer);
    clearInterval(this.forgetTimer);
    await this.incoming.stop();
    await this.ofOurTotes.stop();
    await Promise.all(this.refusing);
  }

  async recirculate(deviceId: string, command: RecirculateCommand): Promise<void> {
    const device = this.registry.get(deviceId);
    if (device !== undefined) await this.publish(this.topic(device, "cmd/recirculate"), command);
  }

  private async takeIn(batch: readonly Entry[]): Promise<void> {
    const cases = await this.events.look(batch);
    const looked = batch.map((entry, index) => ({ entry, found: cases[index] as Case }));
    this.ofOurTotes.add(looked.flatMap(({ entry, found }) => (found.tote === undefined ? [] : [entry])));
    const others = looked.filter(({ found }) => found.tote === undefined);
    await this.take(
      others.map(({ entry }) => entry),
      others.map(({ found }) => found),
    );
  }

  /** Looked at again: what was there when they came may have changed while they waited. */
  private async takeOurs(batch: readonly Entry[]): Promise<void> {
    await this.take(batch, await this.events.look(batch));
  }

  private async take(entries: readonly Entry[], cases: readonly Case[]): Promise<void> {
    if (entries.length === 0) return;
    const outcomes = await this.events.take(cases);
    for (const [index, entry] of entries.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) await this.answer(entry, outcome);
    }
  }

  private onFailed({ device, event, letter }: Entry, error: unknown): Promise<void> {
    const detail = error instanceof Error ? error.message : String(error);
    return this.refuse(device, event, letter, { code: "handler_failed", detail });
  }

  private async answer(entry: Entry, { decision, refusal }: Outcome): Promise<void> {
    const { device, event, letter } = entry;
    if (decision !== undefined) this.divert(entry, decision);
    if (refusal !== undefined) return this.refuse(device, event, letter, refusal);
    if (event.kind === "divert" && event.result !== "DIVERTED") {
      this.logger.info({ lpn: event.lpn, result: event.result }, "tote not diverted; it comes round again");
    }
    this.acknowledge(device, { bootId: event.bootId, seq: event.seq });
  }

  private divert({ device, event, digest }: Entry, { lpn, exit }: NonNullable<Outcome["decision"]>): void {
    const command: DivertCommand = {
      // With the digest: under a number that comes again with another tote, this is another command.
      cmdId: `${event.bootId}:${event.seq}:${digest.slice(0, 8)}`,
      lpn,
      lane: exit,
      deadlineMs: Date.now() + this.timings.divertDeadlineMs,
    };
    this.send(device, "cmd/divert", command);
    this.registry.setState(device, { activity: `diverting ${lpn} to ${exit}`, lpn, lane: exit });
  }

  /**
   * Refuses beside what comes next, as far as there are not many: those behind it may go on. If it is not put
   * aside (the database is away), its device hears nothing and sends it again.
   */
  private async refuse(
    device: Device,
    head: MessageHead | undefined,
    letter: Letter,
    refusal: Refusal,
  ): Promise<void> {
    const refused = this.putAsideAndTell(device, head, letter, refusal)
      .catch((error) => this.logger.warn({ err: error }, "event left to the device"))
      .finally(() => this.refusing.delete(refused));
    this.refusing.add(refused);
    if (this.refusing.size >= MOST_REFUSING) await Promise.race(this.refusing);
  }

  /** Put aside first: a refusal that nobody can read up would be an event lost. */
  private async putAsideAndTell(
    device: Device,
    head: MessageHead | undefined,
    { topic, payload }: Letter,
    { code, detail }: Refusal,
  ): Promise<void> {
    await this.putAside.once(topic, payload, () => this.deadLetters.write(topic, payload, code, detail));
    if (head === undefined) return;
    this.acknowledge(device, { bootId: head.bootId, seq: head.seq, refused: { code, detail } });
  }

  private acknowledge(device: Device, acknowledgement: Acknowledgement): void {
    this.send(device, "ack", acknowledgement);
  }

  /**
   * Not waited for, and not repeated by the broker: if the answer is lost, the device repeats the event and
   * gets it again. But of QoS 0 a broker does not say that it lets nobody have it; so now and then one has
   * QoS 1.
   */
  private send(device: Device, kind: "cmd/divert" | "ack", message: object): void {
    const topic = this.topic(device, kind);
    const now = performance.now();
    const isAsked = now - (this.askedAt.get(topic) ?? Number.NEGATIVE_INFINITY) < ASK_BROKER_EVERY_MS;
    if (!isAsked) this.askedAt.set(topic, now);
    this.publish(topic, message, isAsked ? 0 : 1).catch((error) =>
      this.logger.warn({ err: error, conveyor: device.row.id }, "answer not sent"),
    );
  }

  private topic(device: Device, kind: "cmd/divert" | "cmd/recirculate" | "ack"): string {
    const { id, locationId } = device.row;
    return deviceTopic(locationId, this.areas.get(id) ?? "pack-out", id, kind);
  }
}
