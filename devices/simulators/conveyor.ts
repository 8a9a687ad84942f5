/**
 * A simulated conveyor: a loop with a scanner, and exits. As with a real one, events stay in its outbox until
 * they are acknowledged. A tote without a decision goes round the loop and is scanned again.
 */
import { randomUUID } from "node:crypto";
import type { DeviceStatus } from "../conveyor/conveyor-messages.ts";
import { isObject } from "../mqtt/json-reader.ts";
import { deviceTopic } from "../mqtt/topics.ts";
import { AREA } from "./area.ts";
import { DeviceClient } from "./device-client.ts";
import type { FloorWorld, Tote } from "./floor-world.ts";
import type { SimulatedPortal } from "./rfid-portal.ts";
import { isAbort, type SimulatedPart, type Surroundings } from "./surroundings.ts";

/** Demo pace, milliseconds. */
const TO_SCANNER_MS = 1_500;
const ROUND_MS = 4_000;
const TO_EXIT_MS = 1_200;
/** Real time: after this the divert gate stays shut and the tote goes round. */
const DECISION_MS = 2_000;
/**
 * Real time: an event without an acknowledgement is sent again after this, then after twice as long, and so
 * on.
 */
const RESEND_MS = 1_000;
const LONGEST_RESEND_MS = 8_000;
/**
 * How often the outbox is looked through, and how many events go out each time, so that a slow host is not
 * flooded.
 */
const RESEND_EVERY_MS = 250;
const RESEND_AT_ONCE = 32;
/** Outbox of one boot. Beyond it the oldest events are dropped, as in a device with little memory. */
const MOST_UNACKNOWLEDGED = 10_000;

type Unacknowledged = {
  readonly kind: string;
  readonly event: object;
  dueAt: number;
  patienceMs: number;
};

export class SimulatedConveyor implements SimulatedPart {
  private readonly surroundings: Surroundings;
  private readonly deviceId: string;
  private readonly locationId: string;
  private readonly world: FloorWorld;
  private readonly portals: ReadonlyMap<string, SimulatedPortal>;
  private readonly bootId = randomUUID();
  private readonly outbox = new Map<number, Unacknowledged>();
  private readonly decisions = new Map<string, (exit: string) => void>();
  private readonly client: DeviceClient;
  private readonly resend: NodeJS.Timeout;
  private sequence = 0;

  constructor(
    surroundings: Surroundings,
    deviceId: string,
    locationId: string,
    world: FloorWorld,
    portals: ReadonlyMap<string, SimulatedPortal>,
  ) {
    this.surroundings = surroundings;
    this.deviceId = deviceId;
    this.locationId = locationId;
    this.world = world;
    this.portals = portals;
    const topic = (kind: Parameters<typeof deviceTopic>[3]): string =>
      deviceTopic(locationId, AREA, deviceId, kind);
    this.client = new DeviceClient({
      ...surroundings.connection,
      clientId: deviceId,
      will: { topic: topic("evt/status"), message: this.status("BROKEN") },
      subscriptions: [topic("cmd/divert"), topic("cmd/recirculate"), topic("ack")],
      onConnect: () => this.sayOnline(),
      onHeartbeat: () => this.sayOnline(),
      onMessage: (from, message) => {
        if (!isObject(message)) return;
        if (from === topic("ack")) this.onAck(message["bootId"], message["seq"]);
        else if (from === topic("cmd/divert")) this.onDecision(message["lpn"], message["lane"]);
        else this.onRecirculate(message["cmdId"], message["lpn"]);
      },
    });
    this.resend = setInterval(() => this.sendAgain(), RESEND_EVERY_MS);
  }

  connected(): Promise<void> {
    return this.client.connected();
  }

  async stop(): Promise<void> {
    clearInterval(this.resend);
    const topic = deviceTopic(this.locationId, AREA, this.deviceId, "evt/status");
    await this.client.stop({ topic, message: this.status("OFFLINE") });
  }

  /** A robot sets a tote down at the conveyor's beginning. A tote that is on it already moves on. */
  induct(tote: Tote): void {
    if (tote.place === "moving") return;
    tote.place = "moving";
    this.convey(tote).catch((error) => {
      if (!isAbort(error))
        this.surroundings.logger.error({ err: error, tote: tote.lpn }, "simulated conveyor");
    });
  }

  private async convey(tote: Tote): Promise<void> {
    await this.surroundings.pace.wait(TO_SCANNER_MS);
    let exit = await this.scan(tote);
    while (exit === null) {
      await this.surroundings.pace.wait(ROUND_MS);
      exit = await this.scan(tote);
    }
    await this.surroundings.pace.wait(TO_EXIT_MS);
    this.emit("divert", { cmdId: randomUUID(), lpn: tote.lpn, lane: exit, result: "DIVERTED" });
    await this.portals.get(exit)?.pass(tote);
    tote.place = exit;
  }

  /** The decision, or `null` where none came in time. */
  private async scan(tote: Tote): Promise<string | null> {
    const decision = new Promise<string>((resolve) => this.decisions.set(tote.lpn, resolve));
    this.emit("scan", { scanPointId: "scan-1", barcodes: [`]C100${tote.lpn}`] });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), DECISION_MS);
    });
    const exit = await Promise.race([decision, late]);
    clearTimeout(timer);
    this.decisions.delete(tote.lpn);
    return exit;
  }

  private onDecision(lpn: unknown, exit: unknown): void {
    if (typeof lpn === "string" && typeof exit === "string") this.decisions.get(lpn)?.(exit);
  }

  private onRecirculate(cmdId: unknown, lpn: unknown): void {
    if (typeof cmdId !== "string" || typeof lpn !== "string") return;
    const tote = this.world.tote(lpn);
    const here = tote !== undefined && tote.place !== "robot";
    this.emit("recirculation", { cmdId, lpn, result: here ? "ACCEPTED" : "UNKNOWN_LPN" });
    if (here) this.induct(tote);
  }

  private onAck(bootId: unknown, seq: unknown): void {
    if (bootId === this.bootId && typeof seq === "number") this.outbox.delete(seq);
  }

  private emit(kind: "scan" | "divert" | "recirculation", body: object): void {
    this.sequence += 1;
    const event = {
      bootId: this.bootId,
      seq: this.sequence,
      ts: new Date().toISOString(),
      ...body,
    };
    this.outbox.set(this.sequence, { kind, event, dueAt: 0, patienceMs: RESEND_MS });
    if (this.outbox.size > MOST_UNACKNOWLEDGED) {
      const [oldest] = this.outbox.keys();
      if (oldest !== undefined) this.outbox.delete(oldest);
    }
    this.send(this.sequence);
  }

  private send(seq: number): void {
    const entry = this.outbox.get(seq);
    if (entry === undefined) return;
    entry.dueAt = performance.now() + entry.patienceMs;
    entry.patienceMs = Math.min(entry.patienceMs * 2, LONGEST_RESEND_MS);
    const [from = seq] = this.outbox.keys();
    const topic = deviceTopic(this.locationId, AREA, this.deviceId, `evt/${entry.kind}` as "evt/scan");
    this.client.publish(topic, JSON.stringify({ ...entry.event, from }), 1);
  }

  private sendAgain(): void {
    const now = performance.now();
    let sent = 0;
    for (const [seq, { dueAt }] of this.outbox) {
      if (now < dueAt) continue;
      this.send(seq);
      sent += 1;
      if (sent >= RESEND_AT_ONCE) return;
    }
  }

  private sayOnline(): void {
    const topic = deviceTopic(this.locationId, AREA, this.deviceId, "evt/status");
    this.client.publish(topic, JSON.stringify(this.status("ONLINE")), 1, true);
  }

  private status(connection: DeviceStatus["connection"]): DeviceStatus {
    return { bootId: this.bootId, connection };
  }
}
