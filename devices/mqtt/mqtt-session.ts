/**
 * One durable MQTT session of the bridge (3.1.1, clean session off). What the broker took for it while it was
 * away arrives after a reconnect, and a QoS 1 message is acknowledged (PUBACK) only after its handler is
 * done.
 *
 * MQTT.js delivers the next packet, acknowledgements of our own messages included, only after the last
 * message is handled. So the bridge opens one session per family of devices: a slow commit for one family
 * delays no other. It sends through a session of its own: a handler that waits for the acknowledgement of its
 * own command would otherwise wait for itself.
 */
import { connect, type IClientOptions, type MqttClient } from "mqtt";

/** @param retained the broker had kept it: it says nothing about whether its sender is there */
type MessageHandler = (topic: string, payload: Buffer, retained: boolean) => Promise<void>;

export type MqttSession = {
  /** QoS 1; resolves when the broker has it. While the broker is away the message waits in memory. */
  publish(topic: string, message: object): Promise<void>;
  stop(): Promise<void>;
};

export type SessionOptions = {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** Names the session at the broker: constant over restarts, unique per bridge. */
  readonly clientId: string;
  readonly subscriptions: Readonly<Record<string, { readonly qos: 0 | 1 }>>;
  /** Must not throw: it deals with its own errors. */
  readonly handle: MessageHandler;
  readonly onError: (error: Error) => void;
};

/** How long the broker may take to answer at the start. */
const FIRST_CONNECTION_MS = 15_000;

export async function openSession(options: SessionOptions): Promise<MqttSession> {
  const clientOptions: IClientOptions = {
    clientId: options.clientId,
    clean: false,
    protocolVersion: 4,
    reconnectPeriod: 500,
    connectTimeout: 5_000,
    keepalive: 30,
    resubscribe: false,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
  };
  let stopping = false;
  const client = connect(options.url, clientOptions);
  // Set before the first packet can arrive: a resumed session delivers right after the CONNACK.
  client.handleMessage = (packet, done) => {
    const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
    options.handle(packet.topic, payload, packet.retain).then(
      // A message whose handling was cut short by the stop stays unacknowledged: the broker keeps it.
      () => {
        if (!stopping) done();
      },
      options.onError,
    );
  };
  const subscribe = async (): Promise<void> => {
    if (Object.keys(options.subscriptions).length > 0) {
      await client.subscribeAsync({ ...options.subscriptions });
    }
  };
  try {
    await firstConnection(client);
    await subscribe();
  } catch (error) {
    await client.endAsync(true);
    throw new Error(`no MQTT session at ${options.url}`, { cause: error });
  }
  client.on("error", options.onError);
  // Also where the broker still has the session: only a new subscription makes it send retained messages.
  client.on("connect", () => {
    subscribe().catch(options.onError);
  });
  return {
    publish: async (topic, message) => {
      await client.publishAsync(topic, JSON.stringify(message), { qos: 1 });
    },
    stop: async () => {
      stopping = true;
      await client.endAsync(true);
    },
  };
}

function firstConnection(client: MqttClient): Promise<void> {
  return new Promise((resolve, reject) => {
    let lastError: Error = new Error("no answer");
    const remember = (error: Error): void => {
      lastError = error;
    };
    const timer = setTimeout(() => reject(lastError), FIRST_CONNECTION_MS);
    client.on("error", remember);
    client.once("connect", () => {
      clearTimeout(timer);
      client.off("error", remember);
      resolve();
    });
  });
}
