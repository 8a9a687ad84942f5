/**
 * The conveyors: takes their events in, and answers. A scanned tote is told its exit; every event is
 * acknowledged once its effect is committed, or once it is put aside with its refusal. What an event does is
 * in `conveyor-events.ts`.
 *
 * Events of all conveyors go through one queue each, into one transaction at a time for all of them: what has
 * gathered while the last one ran goes into the next. They come with QoS 0, because the guarantee is the
 * device's outbox: the device sends again what we have not acknowledged. (With the broker's guarantee,
 * MQTT.js would allow only one transaction per message.)
 *
 * C1 an event is acknowledged after its effect or its dead letter is committed, never before
 * C2 an event that cannot be read, booked or believed costs itself: those behind it go on
 * C3 an event that comes again while it waits here waits once
 * C4 an event that is dropped here (full queue, database away) is not acknowledged, and so not lost
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { forgetMessages } from "../../store/floor/device-messages.ts";
import type { Database } from "../../store/sql/database.ts";
import { ArrivalOrder, type Sequenced } from "../mqtt/arrival-order.ts";
import type { DeadLetters } from "../mqtt/dead-letter.ts";
import type { Device, DeviceRegistry } from "../mqtt/device-registry.ts";
import type { Publish } from "../mqtt/mqtt-session.ts";
import type { BridgeTimings } from "../mqtt/timings.ts";
import { deviceTopic } from "../mqtt/topics.ts";
import { ConveyorEvents, type Outcome, type Refusal } from "./conveyor-events.ts";
import {
  type Acknowledgement,
  type ConveyorEvent,
  type DivertCommand,
  eventDigest,
  type RecirculateCommand,
} from "./conveyor-messages.ts";
import { Exits } from "./exits.ts";
import { findHead, type MessageHead } from "./message-head.ts";
import { RecentLetters } from "./recent-letters.ts";

/** Events of one device that wait here. Beyond that, its outbox keeps them. */
const LONGEST_QUEUE = 2_000;
const LARGEST_BATCH = 256;
/** Of one device in a batch while others wait, so that a flood delays only its own. */
const SHARE_OF_BATCH = 16;
/** Events on their way to be put aside, before the next one is looked at. */
const MOST_REFUSING = 500;
const MOST_TRIES = 3;
const RETRY_MS = 200;
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

/** A message as it came, for the dead letter. */
export type Letter = { readonly topic: string; readonly payload: Buffer };
type Entry = Sequenced & {
  /** Of its device, number and content. */
  readonly key: string;
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
  private readonly queues = new Map<string, Entry[]>();
  /** Keys of what waits in the queues. */
  private readonly queued = new Set<string>();
  private readonly putAside = new RecentLetters();
  /** On their way to be put aside. */
  private readonly refusing = new Set<Promise<void>>();
  /** The area level in the topic of each conveyor, as it was last seen. */
  private readonly areas = new Map<string, string>();
  private working: Promise<void> | null = null;
  private stopping = false;
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
  }

  start(): void {
    this.lookTimer = setInterval(() => {
      if (this.order.isWaiting) this.enqueue(this.order.due(performance.now()));
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
    const entry = { key, bootId, seq, from, device, event, digest, letter };
    this.enqueue(this.order.add(device.row.id, entry, performance.now()));
  }

  /** An event that cannot be read. Its device is told, where it can be found out which one it was. */
  onUnreadable(device: Device, letter: Letter, refusal: Refusal): Promise<void> {
    return this.refuse(device, findHead(letter.payload), letter, refusal);
  }

  /** Finishes the transaction that runs. What still waits stays with the devices. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearInterval(this.lookTimer);
    clearInterval(this.forgetTimer);
    await this.working;
    await Promise.all(this.refusing);
  }

  async recirculate(deviceId: string, command: RecirculateCommand): Promise<void> {
    const device = this.registry.get(deviceId);
    if (device !== undefined) await this.publish(this.topic(device, "cmd/recirculate"), command);
  }

  private enqueue(entries: readonly Entry[]): void {
    if (this.stopping || entries.length === 0) return;
    for (const entry of entries) {
      // A repeat of what waits here is answered with it: else the repeats of a slow minute make it slower.
      if (this.queued.has(entry.key)) continue;
      const { id } = entry.device.row;
      const queue = this.queues.get(id) ?? [];
      if (queue.length >= LONGEST_QUEUE) continue;
      queue.push(entry);
      this.queued.add(entry.key);
      this.queues.set(id, queue);
    }
    this.working ??= this.work();
  }

  private async work(): Promise<void> {
    while (this.queues.size > 0 && !this.stopping) {
      const batch = this.nextBatch();
      try {
        await this.take(batch);
      } catch (error) {
        this.logger.warn({ err: error, events: batch.length }, "conveyors' events not booked; one by one");
        for (const entry of batch) await this.takeAlone(entry);
      }
    }
    // In the same synchronous step as the last look at the queues: an event that comes later starts the work
    // again.
    this.working = null;
  }

  /** Some of each device's, those that were served least recently first. */
  private nextBatch(): readonly Entry[] {
    const batch: Entry[] = [];
    const share = this.queues.size === 1 ? LARGEST_BATCH : SHARE_OF_BATCH;
    for (const [id, queue] of [...this.queues]) {
      batch.push(...queue.splice(0, Math.min(share, LARGEST_BATCH - batch.length)));
      this.queues.delete(id);
      if (queue.length > 0) this.queues.set(id, queue);
      if (batch.length >= LARGEST_BATCH) break;
    }
    for (const { key } of batch) this.queued.delete(key);
    return batch;
  }

  private async take(batch: readonly Entry[]): Promise<void> {
    const outcomes = await this.events.take(batch);
    for (const [index, entry] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) await this.answer(entry, outcome);
    }
  }

  private async takeAlone(entry: Entry): Promise<void> {
    for (let tries = 1; tries <= MOST_TRIES && !this.stopping; tries += 1) {
      try {
        return await this.take([entry]);
      } catch (error) {
        if (tries < MOST_TRIES) {
          await delay(RETRY_MS);
          continue;
        }
        const detail = error instanceof Error ? error.message : String(error);
        const { device, event, letter } = entry;
        await this.refuse(device, event, letter, { code: "handler_failed", detail });
      }
    }
    return undefined;
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
   * gets it again. The exit goes ahead of the acknowledgement, on the same connection.
   */
  private send(device: Device, kind: "cmd/divert" | "ack", message: object): void {
    this.publish(this.topic(device, kind), message, 0).catch((error) =>
      this.logger.warn({ err: error, conveyor: device.row.id }, "answer not sent"),
    );
  }

  private topic(device: Device, kind: "cmd/divert" | "cmd/recirculate" | "ack"): string {
    const { id, locationId } = device.row;
    return deviceTopic(locationId, this.areas.get(id) ?? "pack-out", id, kind);
  }
}
