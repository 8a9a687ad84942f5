/**
 * A wild device's connection to the broker, over a network that loses messages, doubles them and lets later
 * ones overtake. What comes to the device comes as the broker sends it.
 */
import { connect, type MqttClient } from "mqtt";
import type { Random } from "../../../config/seeded-random.ts";
import type { Tally } from "./tally.ts";

/** Shares of the messages. */
const LOST = 0.02;
const REPEATED = 0.04;
const LATE = 0.04;
/** Milliseconds. */
const LATEST_MS = 600;

export type LinkOptions = {
  readonly mqttUrl: string;
  readonly deviceId: string;
  readonly random: Random;
  readonly tally: Tally;
  readonly subscriptions: readonly string[];
  readonly onMessage: (topic: string, payload: Buffer) => void;
};

export class BadLink {
  private readonly client: MqttClient;
  private readonly random: Random;
  private readonly tally: Tally;
  private readonly late = new Set<NodeJS.Timeout>();
  private readonly first: Promise<void>;

  constructor({ mqttUrl, deviceId, random, tally, subscriptions, onMessage }: LinkOptions) {
    this.random = random;
    this.tally = tally;
    this.client = connect(mqttUrl, {
      clientId: deviceId,
      clean: true,
      reconnectPeriod: 500,
      keepalive: 30,
      resubscribe: false,
      queueQoSZero: false,
    });
    this.client.on("error", () => {
      // MQTT.js connects again by itself.
    });
    this.first = new Promise((resolve) => {
      this.client.on("connect", () => {
        if (subscriptions.length === 0) return resolve();
        return this.client.subscribeAsync([...subscriptions], { qos: 1 }).then(
          () => resolve(),
          () => {
            // The connection is lost again; after the next one this runs again.
          },
        );
      });
    });
    this.client.on("message", onMessage);
  }

  /** Resolves when the device has been on the bus once. */
  connected(): Promise<void> {
    return this.first;
  }

  /** @returns whether the broker has it at once, as far as one can know here: not lost, not late */
  send(topic: string, payload: Buffer, qos: 0 | 1): boolean {
    this.tally.messages += 1;
    if (!this.client.connected) {
      this.tally.unsent += 1;
      return false;
    }
    if (this.random.chance(LOST)) {
      this.tally.lost += 1;
      return false;
    }
    if (this.random.chance(REPEATED)) {
      this.tally.repeated += 1;
      this.tally.messages += 1;
      this.sendLater(topic, payload, qos);
    }
    if (this.random.chance(LATE)) {
      this.tally.late += 1;
      this.sendLater(topic, payload, qos);
      return false;
    }
    this.client.publish(topic, payload, { qos });
    return true;
  }

  async stop(): Promise<void> {
    for (const timer of this.late) clearTimeout(timer);
    await this.client.endAsync(true);
  }

  private sendLater(topic: string, payload: Buffer, qos: 0 | 1): void {
    const timer = setTimeout(() => {
      this.late.delete(timer);
      if (this.client.connected) this.client.publish(topic, payload, { qos });
    }, this.random.next() * LATEST_MS);
    this.late.add(timer);
  }
}
