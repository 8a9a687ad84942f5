/**
 * A simulated device's own MQTT connection: real TCP, a last will and, where asked for, the faults of a bad
 * network.
 */
import { connect, type MqttClient } from "mqtt";
import { Random } from "../../config/seeded-random.ts";
import { connectionOptions, type MqttConnection } from "../mqtt/mqtt-session.ts";
import { topicPrefix } from "../mqtt/topic-prefix.ts";
import type { Faults } from "./faults.ts";

type RetainedMessage = { readonly topic: string; readonly message: object };

export type DeviceClientOptions = {
  readonly mqttUrl: string;
  /** How the broker is spoken to, beside its URL. Default: MQTT 3.1.1. */
  readonly mqtt?: Omit<MqttConnection, "url">;
  /** The password of the device, whose id is its user name. Absent: those of the URL are every device's. */
  readonly passwordOf?: (deviceId: string) => string;
  /** The device's id. */
  readonly clientId: string;
  /** What the broker publishes, retained, when this device vanishes. */
  readonly will: RetainedMessage;
  readonly subscriptions: readonly string[];
  readonly faults: Faults;
  /** After each connect, the first one included. */
  readonly onConnect: () => void;
  /** Now and then while it is connected: a device that has nothing to tell says that it is there. */
  readonly onHeartbeat?: () => void;
  readonly onMessage: (topic: string, message: unknown) => void;
};

/**
 * Milliseconds. A bridge that has just begun believes no status that the broker has kept: so long it does not
 * know of a portal, and totes go to people instead.
 */
const HEARTBEAT_MS = 4_000;

export class DeviceClient {
  private readonly client: MqttClient;
  private readonly heartbeat: NodeJS.Timeout;
  private readonly faults: Faults;
  private readonly prefix: ReturnType<typeof topicPrefix>;
  private readonly random: Random;
  private readonly late = new Set<NodeJS.Timeout>();
  private readonly firstConnection: Promise<void>;

  constructor(options: DeviceClientOptions) {
    this.faults = options.faults;
    this.random = new Random(`${options.faults.seed} messages of ${options.clientId}`);
    this.prefix = topicPrefix(options.mqtt?.topicPrefix);
    this.client = connect(options.mqttUrl, {
      clientId: options.clientId,
      ...connectionOptions({ protocolVersion: 4, ...options.mqtt }),
      clean: true,
      reconnectPeriod: 500,
      keepalive: 15,
      resubscribe: false,
      queueQoSZero: false,
      ...(options.passwordOf === undefined
        ? {}
        : { username: options.clientId, password: options.passwordOf(options.clientId) }),
      will: {
        topic: this.prefix.put(options.will.topic),
        payload: Buffer.from(JSON.stringify(options.will.message)),
        qos: 1,
        retain: true,
      },
    });
    this.client.on("error", () => {
      // MQTT.js connects again by itself; there is nothing else to do.
    });
    this.firstConnection = new Promise((resolve) => {
      this.client.on("connect", () => {
        const start = (): void => {
          options.onConnect();
          resolve();
        };
        if (options.subscriptions.length === 0) start();
        // If the connection is lost before the answer, it is made again, and this runs again.
        else
          this.client
            .subscribeAsync(options.subscriptions.map(this.prefix.put), { qos: 1 })
            .then(start, () => {});
      });
    });
    this.client.on("message", (topic, payload) => {
      let message: unknown;
      try {
        message = JSON.parse(payload.toString());
      } catch {
        return;
      }
      options.onMessage(this.prefix.take(topic), message);
    });
    this.heartbeat = setInterval(() => {
      if (this.client.connected) options.onHeartbeat?.();
    }, HEARTBEAT_MS);
  }

  /** Resolves when the device has been on the bus once. */
  connected(): Promise<void> {
    return this.firstConnection;
  }

  publish(topic: string, payload: string, qos: 0 | 1, retain = false): void {
    if (!retain && this.faults.lost > 0 && this.random.chance(this.faults.lost)) return;
    if (!retain && this.random.chance(this.faults.duplicated)) this.send(topic, payload, qos, retain);
    if (!retain && this.random.chance(this.faults.delayed)) {
      const timer = setTimeout(() => {
        this.late.delete(timer);
        this.send(topic, payload, qos, retain);
      }, this.random.next() * this.faults.delayMs);
      this.late.add(timer);
    } else {
      this.send(topic, payload, qos, retain);
    }
  }

  /** Publishes `last`, retained, and closes. */
  async stop(last: RetainedMessage): Promise<void> {
    clearInterval(this.heartbeat);
    for (const timer of this.late) clearTimeout(timer);
    if (this.client.connected) {
      const payload = JSON.stringify(last.message);
      await this.client
        .publishAsync(this.prefix.put(last.topic), payload, { qos: 1, retain: true })
        .catch(() => {});
    }
    await this.client.endAsync(true);
  }

  private send(topic: string, payload: string, qos: 0 | 1, retain: boolean): void {
    this.client.publish(this.prefix.put(topic), payload, { qos, retain }, () => {
      // A lost message is repeated by the side that needs it to arrive.
    });
  }
}
