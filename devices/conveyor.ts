/**
 * The conveyors: a scanned tote is told its lane, and what became of it moves its fulfillment order forward.
 *
 * An event's effect commits together with its mark; only then the decision and the acknowledgement go out. A repeated
 * event gets both again, since the first ones may have been lost; the conveyor knows a decision by its `cmdId`.
 */
import type { Logger } from "pino";
import type { Database, DatabaseClient } from "../store/database.ts";
import { advanceStage, findTote, type ToteOnTheFloor } from "../store/floor-tasks.ts";
import { recordEntry } from "../store/timeline.ts";
import {
  type Acknowledgement,
  type ConveyorEvent,
  type DivertCommand,
  licencePlate,
  type RecirculateCommand,
} from "./conveyor-messages.ts";
import type { Device, DeviceRegistry } from "./device-registry.ts";
import { MessageSequencer } from "./message-deduplication.ts";
import type { BridgeTimings } from "./timings.ts";
import { deviceTopic } from "./topics.ts";

/** Lanes that no portal guards: people pack there, and people look there. Every other lane bears its portal's id. */
export const MANUAL_LANE = "manual";
export const EXCEPTION_LANE = "exception";

const BEFORE_PACKING: ReadonlySet<string> = new Set([
  "waiting",
  "picking",
  "picked",
  "conveying",
  "verifying",
]);

export class Conveyors {
  readonly #database: Database;
  readonly #registry: DeviceRegistry;
  readonly #publish: (topic: string, message: object) => Promise<void>;
  readonly #toteLost: (lpn: string) => Promise<void>;
  readonly #timings: BridgeTimings;
  readonly #logger: Logger;
  readonly #sequencer: MessageSequencer<ConveyorEvent>;
  /** The area level of each conveyor's topics, as it used it last. */
  readonly #areas = new Map<string, string>();

  constructor(options: {
    readonly database: Database;
    readonly registry: DeviceRegistry;
    readonly publish: (topic: string, message: object) => Promise<void>;
    readonly toteLost: (lpn: string) => Promise<void>;
    readonly timings: BridgeTimings;
    readonly logger: Logger;
  }) {
    this.#database = options.database;
    this.#registry = options.registry;
    this.#publish = options.publish;
    this.#toteLost = options.toteLost;
    this.#timings = options.timings;
    this.#logger = options.logger;
    this.#sequencer = new MessageSequencer(options.database, (client, deviceId, event) =>
      this.#apply(client, deviceId, event),
    );
  }

  /** A conveyor has shown itself on its topics. */
  seen(device: Device, area: string): void {
    this.#areas.set(device.row.id, area);
  }

  async onEvent(device: Device, event: ConveyorEvent): Promise<void> {
    this.#registry.setConnection(device, "online");
    for (const delivery of await this.#sequencer.take(device.row.id, event)) {
      await this.#answer(device, delivery.event, delivery.outcome);
    }
  }

  /** Passes over an event whose effect keeps failing. */
  async skip(device: Device, event: ConveyorEvent): Promise<void> {
    await this.#sequencer.skip(device.row.id, event);
    await this.#acknowledge(device, event);
  }

  async recirculate(deviceId: string, command: RecirculateCommand): Promise<void> {
    const device = this.#registry.get(deviceId);
    if (device !== undefined) await this.#publish(this.#topic(device, "cmd/recirculate"), command);
  }

  async #apply(client: DatabaseClient, deviceId: string, event: ConveyorEvent): Promise<void> {
    if (event.kind === "recirculation") return;
    const plate = event.kind === "divert" ? { lpn: event.lpn } : licencePlate(event.barcodes);
    if (typeof plate === "string") return;
    const tote = await findTote(client, plate.lpn);
    if (tote === undefined) return;
    if (event.kind === "scan") {
      await advanceStage(client, tote.fulfillmentOrderId, "conveying");
    } else if (event.result === "DIVERTED") {
      const atPortal = event.lane !== MANUAL_LANE && event.lane !== EXCEPTION_LANE;
      if (atPortal) await advanceStage(client, tote.fulfillmentOrderId, "verifying");
      await recordEntry(client, {
        orderId: tote.orderId,
        key: `diverted:${tote.fulfillmentOrderId}:${event.lane}`,
        type: "fulfillment.diverted",
        summary: `Tote ${tote.handlingUnit} at ${atPortal ? `pack-out ${event.lane}` : `lane ${event.lane}`}`,
        cause: `device:${deviceId}`,
        data: { fulfillmentOrderId: tote.fulfillmentOrderId, lane: event.lane },
      });
    }
  }

  async #answer(device: Device, event: ConveyorEvent, outcome: "taken" | "repeat"): Promise<void> {
    if (event.kind === "scan") {
      const plate = licencePlate(event.barcodes);
      const lane =
        typeof plate === "string"
          ? EXCEPTION_LANE
          : this.#lane(device, await findTote(this.#database, plate.lpn));
      const command: DivertCommand = {
        cmdId: `${event.bootId}:${event.seq}`,
        lpn: typeof plate === "string" ? "" : plate.lpn,
        lane,
        deadlineMs: Date.now() + this.#timings.divertDeadlineMs,
      };
      await this.#publish(this.#topic(device, "cmd/divert"), command);
      this.#registry.setState(device, {
        activity: `diverting ${command.lpn} to ${lane}`,
        lpn: command.lpn,
        lane,
      });
    } else if (event.kind === "recirculation" && event.result === "UNKNOWN_LPN" && outcome === "taken") {
      await this.#toteLost(event.lpn);
    } else if (event.kind === "divert" && event.result !== "DIVERTED") {
      this.#logger.info({ lpn: event.lpn, result: event.result }, "tote not diverted; it comes round again");
    }
    await this.#acknowledge(device, event);
  }

  async #acknowledge(device: Device, { bootId, seq }: Acknowledgement): Promise<void> {
    await this.#publish(this.#topic(device, "ack"), { bootId, seq });
  }

  /** Totes spread over the portals by their number, so that a repeated scan decides alike. */
  #lane(device: Device, tote: ToteOnTheFloor | undefined): string {
    const expected =
      tote !== undefined &&
      tote.locationId === device.row.locationId &&
      (tote.status === "open" || tote.status === "in_progress") &&
      BEFORE_PACKING.has(tote.stage);
    if (!expected) return EXCEPTION_LANE;
    const portals = this.#registry.online(tote.locationId, "rfid_portal");
    const serial = Number(tote.handlingUnit.slice(8, 17));
    return portals[serial % Math.max(1, portals.length)]?.row.id ?? MANUAL_LANE;
  }

  #topic(device: Device, kind: "cmd/divert" | "cmd/recirculate" | "ack"): string {
    const { id, locationId } = device.row;
    return deviceTopic(locationId, this.#areas.get(id) ?? "pack-out", id, kind);
  }
}
