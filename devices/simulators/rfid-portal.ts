/**
 * A simulated RFID portal: a light barrier and a reader of either make. As radio does, it sometimes misses a
 * tag, and sometimes reads a neighbour's tag weakly.
 */

import { randomUUID } from "node:crypto";
import { Random } from "../../config/seeded-random.ts";
import type { DeviceStatus } from "../conveyor/conveyor-messages.ts";
import { deviceTopic } from "../mqtt/topics.ts";
import { AREA } from "./area.ts";
import { DeviceClient } from "./device-client.ts";
import type { FloorWorld, Tote } from "./floor-world.ts";
import type { SimulatedPart, Surroundings } from "./surroundings.ts";
import { unitTag } from "./tags.ts";

/** Demo pace, milliseconds: light barrier to antenna, antenna to light barrier. */
const TO_ANTENNA_MS = 500;
const TO_EXIT_MS = 300;

const STRONG_DBM = -42;
const NEIGHBOUR_DBM = -78;
const NEIGHBOUR_GTIN = "09521234000006";

/** As a portal is wired unless its settings say otherwise. */
const LIGHT_BARRIER_PIN = 1;

type Tag = { readonly epc: string; readonly rssiDbm: number };

export class SimulatedPortal implements SimulatedPart {
  private readonly surroundings: Surroundings;
  private readonly deviceId: string;
  private readonly world: FloorWorld;
  private readonly make: "zebra" | "impinj";
  private readonly statusTopic: string;
  private readonly bootId = randomUUID();
  private readonly random: Random;
  private readonly client: DeviceClient;
  /** One tote at a time fits through. */
  private through: Promise<void> = Promise.resolve();
  private clock = 0;
  private events = 0;

  constructor(
    surroundings: Surroundings,
    deviceId: string,
    locationId: string,
    protocol: string,
    world: FloorWorld,
  ) {
    this.surroundings = surroundings;
    this.deviceId = deviceId;
    this.world = world;
    this.make = protocol.startsWith("zebra") ? "zebra" : "impinj";
    this.random = new Random(`${surroundings.faults.seed} ${deviceId}`);
    this.statusTopic = deviceTopic(locationId, AREA, deviceId, "evt/status");
    this.client = new DeviceClient({
      ...surroundings.connection,
      clientId: deviceId,
      will: { topic: this.statusTopic, message: this.status("BROKEN") },
      subscriptions: [],
      onConnect: () => this.sayOnline(),
      onHeartbeat: () => this.sayOnline(),
      onMessage: () => {},
    });
  }

  connected(): Promise<void> {
    return this.client.connected();
  }

  async stop(): Promise<void> {
    await this.client.stop({ topic: this.statusTopic, message: this.status("OFFLINE") });
  }

  /** Takes a tote through, after those that wait. */
  pass(tote: Tote): Promise<void> {
    const passage = this.through.then(() => this.passage(tote));
    this.through = passage.catch(() => {});
    return passage;
  }

  private async passage(tote: Tote): Promise<void> {
    this.lightBarrier(true);
    await this.surroundings.pace.wait(TO_ANTENNA_MS);
    this.reads(this.heard(tote));
    await this.surroundings.pace.wait(TO_EXIT_MS);
    this.lightBarrier(false);
  }

  private heard(tote: Tote): readonly Tag[] {
    const { plate, units } = this.world.tags(tote);
    const tags: Tag[] = [{ epc: plate, rssiDbm: STRONG_DBM }];
    for (const epc of units) {
      if (!this.random.chance(this.surroundings.faults.missedTags)) tags.push({ epc, rssiDbm: STRONG_DBM });
    }
    if (this.random.chance(0.1)) {
      tags.push({ epc: unitTag(NEIGHBOUR_GTIN, tote.lpn), rssiDbm: NEIGHBOUR_DBM });
    }
    return tags;
  }

  private lightBarrier(broken: boolean): void {
    const timestamp = this.timestamp();
    if (this.make === "zebra") {
      this.publish("events", [
        {
          type: "gpi",
          timestamp,
          component: "RC",
          eventNum: this.nextEvent(),
          data: { pin: LIGHT_BARRIER_PIN, state: broken ? "HIGH" : "LOW" },
        },
      ]);
    } else {
      this.publish("events", [
        {
          timestamp,
          hostname: this.deviceId,
          eventType: "gpiTransition",
          gpiTransitionEvent: {
            gpi: LIGHT_BARRIER_PIN,
            transition: broken ? "low-to-high" : "high-to-low",
          },
        },
      ]);
    }
  }

  private reads(tags: readonly Tag[]): void {
    const timestamp = this.timestamp();
    if (this.make === "zebra") {
      this.publish(
        "data",
        tags.map(({ epc, rssiDbm }) => ({
          type: "CUSTOM",
          timestamp,
          data: {
            eventNum: this.nextEvent(),
            format: "epc",
            idHex: epc.toLowerCase(),
            antenna: 1,
            peakRssi: rssiDbm,
            reads: 3,
          },
        })),
      );
    } else {
      this.publish(
        "events",
        tags.map(({ epc, rssiDbm }) => ({
          timestamp,
          hostname: this.deviceId,
          eventType: "tagInventory",
          tagInventoryEvent: {
            epc: Buffer.from(epc, "hex").toString("base64"),
            antennaPort: 1,
            peakRssiCdbm: rssiDbm * 100,
            lastSeenTime: timestamp,
          },
        })),
      );
    }
  }

  /** Zebra sends its objects without a delimiter, Impinj an array, as the real readers do in batches. */
  private publish(kind: "data" | "events", events: readonly object[]): void {
    const payload =
      this.make === "zebra" ? events.map((event) => JSON.stringify(event)).join("") : JSON.stringify(events);
    this.client.publish(`${this.make}/${this.deviceId}/${kind}`, payload, 1);
  }

  /** No two edges in one millisecond: the reader's clock always moves on. */
  private timestamp(): string {
    this.clock = Math.max(Date.now(), this.clock + 1);
    const iso = new Date(this.clock).toISOString();
    return this.make === "zebra" ? iso.replace("Z", "+0000") : iso;
  }

  private nextEvent(): number {
    this.events += 1;
    return this.events;
  }

  private sayOnline(): void {
    this.client.publish(this.statusTopic, JSON.stringify(this.status("ONLINE")), 1, true);
  }

  private status(connection: DeviceStatus["connection"]): DeviceStatus {
    return { bootId: this.bootId, connection };
  }
}
