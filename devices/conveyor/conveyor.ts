/**
 * The conveyors: a scanned tote is told its exit, and what happened to it moves its fulfillment order
 * forward.
 *
 * An event's effect commits together with its mark. Only then the decision and the acknowledgement go out. A
 * repeated event gets both again, since the first ones may have been lost.
 *
 * Events wait in one queue per device. What has gathered while the last transaction ran goes into the next
 * one. Events come with QoS 0, because the guarantee is the device's outbox: the device sends again what we
 * have not acknowledged. (With the broker's guarantee, MQTT.js would allow only one transaction per message.)
 * So an event that is dropped here (full queue, database away) is not lost.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { toteAtExit, toteOnConveyor } from "../../operations/floor/move-tote.ts";
import { findTote, type ToteOnTheFloor } from "../../store/floor/floor-tasks.ts";
import type { Database, DatabaseClient } from "../../store/sql/database.ts";
import type { DeadLetters } from "../mqtt/dead-letter.ts";
import type { Device, DeviceRegistry } from "../mqtt/device-registry.ts";
import { MessageSequencer } from "../mqtt/message-deduplication.ts";
import type { BridgeTimings } from "../mqtt/timings.ts";
import { deviceTopic } from "../mqtt/topics.ts";
import {
  type Acknowledgement,
  type ConveyorEvent,
  type DivertCommand,
  licencePlate,
  type RecirculateCommand,
} from "./conveyor-messages.ts";

/**
 * The exit without a portal: people pack there and look at totes there. Every other exit bears its portal's
 * id.
 */
const MANUAL_EXIT = "manual";
const EXCEPTION_EXIT = "exception";

const BEFORE_PACKING: ReadonlySet<string> = new Set([
  "waiting",
  "picking",
  "picked",
  "conveying",
  "verifying",
]);

/** Events of one device that wait here. Beyond that, its outbox keeps them. */
const LONGEST_QUEUE = 2_000;
const LARGEST_BATCH = 64;
const MOST_TRIES = 3;
const RETRY_MS = 200;
/** Decisions kept for repeated scans. */
const MOST_DECISIONS = 5_000;

/** A message as it came, for the dead letter. */
type Letter = { readonly topic: string; readonly payload: Buffer };
type Entry = { readonly event: ConveyorEvent; readonly letter: Letter };
type DeviceQueue = { readonly entries: Entry[]; work: Promise<void> | null };

export class Conveyors {
  private readonly database: Database;
  private readonly registry: DeviceRegistry;
  private readonly publish: (topic: string, message: object) => Promise<void>;
  private readonly toteLost: (lpn: string, conveyorId: string) => Promise<void>;
  private readonly timings: BridgeTimings;
  private readonly logger: Logger;
  private readonly deadLetters: DeadLetters;
  private stopping = false;
  private readonly queues = new Map<string, DeviceQueue>();
  /** Exit decided per scan, by `cmdId` and device. */
  private readonly decisions = new Map<string, string>();
  private readonly sequencer: MessageSequencer<ConveyorEvent>;
  /** The area level in the topic of each conveyor, as it was last seen. */
  private readonly areas = new Map<string, string>();

  constructor(options: {
    readonly database: Database;
    readonly registry: DeviceRegistry;
    readonly publish: (topic: string, message: object) => Promise<void>;
    readonly toteLost: (lpn: string, conveyorId: string) => Promise<void>;
    readonly timings: BridgeTimings;
    readonly deadLetters: DeadLetters;
    readonly logger: Logger;
  }) {
    this.deadLetters = options.deadLetters;
    this.database = options.database;
    this.registry = options.registry;
    this.publish = options.publish;
    this.toteLost = options.toteLost;
    this.timings = options.timings;
    this.logger = options.logger;
    this.sequencer = new MessageSequencer(options.database, (client, deviceId, event) =>
      this.apply(client, deviceId, event),
    );
  }

  /** A conveyor has sent something on its topics. */
  seen(device: Device, area: string): void {
    this.areas.set(device.row.id, area);
  }

  onEvent(device: Device, event: ConveyorEvent, letter: Letter): void {
    this.registry.setConnection(device, "online");
    let queue = this.queues.get(device.row.id);
    if (queue === undefined) {
      queue = { entries: [], work: null };
      this.queues.set(device.row.id, queue);
    }
    if (this.stopping || queue.entries.length >= LONGEST_QUEUE) return;
    queue.entries.push({ event, letter });
    queue.work ??= this.work(device, queue);
  }

  /** Finishes the transactions that run. What still waits stays with the devices. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.queues.values()].map((queue) => queue.work));
  }

  private async work(device: Device, queue: DeviceQueue): Promise<void> {
    while (queue.entries.length > 0 && !this.stopping) {
      const batch = queue.entries.splice(0, LARGEST_BATCH);
      try {
        await this.take(
          device,
          batch.map(({ event }) => event),
        );
      } catch (error) {
        this.logger.warn({ err: error, conveyor: device.row.id }, "events not booked; one by one");
        for (const entry of batch) await this.takeAlone(device, entry);
      }
    }
    // In the same synchronous step as the last look at the queue: an event that comes later starts the work
    // again.
    queue.work = null;
  }

  private async take(device: Device, events: readonly ConveyorEvent[]): Promise<void> {
    for (const delivery of await this.sequencer.take(device.row.id, events)) {
      await this.answer(device, delivery.event, delivery.outcome);
    }
  }

  private async takeAlone(device: Device, { event, letter }: Entry): Promise<void> {
    for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
      try {
        return await this.take(device, [event]);
      } catch (error) {
        if (tries < MOST_TRIES) {
          await delay(RETRY_MS);
          continue;
        }
        const detail = error instanceof Error ? error.message : String(error);
        try {
          await this.deadLetters.write(letter.topic, letter.payload, "handler_failed", detail);
          await this.sequencer.skip(device.row.id, event);
          this.acknowledge(device, event);
        } catch (failure) {
          // The database is away: without an acknowledgement the device sends the event again.
          this.logger.warn({ err: failure }, "event left to the device");
        }
      }
    }
    return undefined;
  }

  async recirculate(deviceId: string, command: RecirculateCommand): Promise<void> {
    const device = this.registry.get(deviceId);
    if (device !== undefined) await this.publish(this.topic(device, "cmd/recirculate"), command);
  }

  private async apply(client: DatabaseClient, deviceId: string, event: ConveyorEvent): Promise<void> {
    if (event.kind === "recirculation") return;
    const plate = event.kind === "divert" ? { lpn: event.lpn } : licencePlate(event.barcodes);
    if (typeof plate === "string") return;
    if (event.kind === "scan") {
      const tote = await toteOnConveyor(client, plate.lpn);
      if (tote !== undefined) this.decide(deviceId, event, tote);
    } else if (event.result === "DIVERTED") {
      const { lpn, exit } = event;
      const isGuarded = exit !== MANUAL_EXIT && exit !== EXCEPTION_EXIT;
      await toteAtExit(client, { lpn, exit, isGuarded, cause: `device:${deviceId}` });
    }
  }

  private async answer(device: Device, event: ConveyorEvent, outcome: "taken" | "repeat"): Promise<void> {
    if (event.kind === "scan") {
      const plate = licencePlate(event.barcodes);
      const lpn = typeof plate === "string" ? "" : plate.lpn;
      const known = this.decisions.get(decisionKey(device.row.id, event));
      const exit =
        known ??
        (lpn === "" ? EXCEPTION_EXIT : this.decide(device.row.id, event, await findTote(this.database, lpn)));
      const command: DivertCommand = {
        cmdId: `${event.bootId}:${event.seq}`,
        lpn,
        lane: exit,
        deadlineMs: Date.now() + this.timings.divertDeadlineMs,
      };
      this.send(device, "cmd/divert", command);
      this.registry.setState(device, { activity: `diverting ${lpn} to ${exit}`, lpn, lane: exit });
    } else if (event.kind === "recirculation" && event.result === "UNKNOWN_LPN" && outcome === "taken") {
      await this.toteLost(event.lpn, device.row.id);
    } else if (event.kind === "divert" && event.result !== "DIVERTED") {
      this.logger.info({ lpn: event.lpn, result: event.result }, "tote not diverted; it comes round again");
    }
    this.acknowledge(device, event);
  }

  private acknowledge(device: Device, { bootId, seq }: Acknowledgement): void {
    this.send(device, "ack", { bootId, seq });
  }

  /** Not waited for: if the answer is lost, the device repeats the event and gets it again. */
  private send(device: Device, kind: "cmd/divert" | "ack", message: object): void {
    this.publish(this.topic(device, kind), message).catch((error) =>
      this.logger.warn({ err: error, conveyor: device.row.id }, "answer not sent"),
    );
  }

  private decide(deviceId: string, scan: ConveyorEvent, tote: ToteOnTheFloor | undefined): string {
    const exit = this.exitFor(deviceId, tote);
    this.decisions.set(decisionKey(deviceId, scan), exit);
    if (this.decisions.size > MOST_DECISIONS) {
      const [oldest] = this.decisions.keys();
      if (oldest !== undefined) this.decisions.delete(oldest);
    }
    return exit;
  }

  /** Spreads totes over the portals by their number, so that a repeated scan gets the same exit. */
  private exitFor(deviceId: string, tote: ToteOnTheFloor | undefined): string {
    const expected =
      tote !== undefined &&
      tote.locationId === this.registry.get(deviceId)?.row.locationId &&
      (tote.status === "open" || tote.status === "in_progress") &&
      BEFORE_PACKING.has(tote.stage);
    if (!expected) return EXCEPTION_EXIT;
    const portals = this.registry.online(tote.locationId, "rfid_portal");
    const serial = Number(tote.handlingUnit.slice(8, 17));
    return portals[serial % Math.max(1, portals.length)]?.row.id ?? MANUAL_EXIT;
  }

  private topic(device: Device, kind: "cmd/divert" | "cmd/recirculate" | "ack"): string {
    const { id, locationId } = device.row;
    return deviceTopic(locationId, this.areas.get(id) ?? "pack-out", id, kind);
  }
}

function decisionKey(deviceId: string, scan: ConveyorEvent): string {
  return `${deviceId}:${scan.bootId}:${scan.seq}`;
}
