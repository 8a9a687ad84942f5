/**
 * One durable MQTT session of the bridge (3.1.1 or 5, clean session off). What the broker took for it while
 * it was away arrives after a reconnect, and a QoS 1 message is acknowledged (PUBACK) only after its handler
 * is done.
 *
 * MQTT.js delivers the next packet, acknowledgements of our own messages included, only after the last
 * message is handled. So the bridge opens one session per family of devices: a slow commit for one family
 * delays no other. It sends through a session of its own: a handler that waits for the acknowledgement of its
 * own command would otherwise wait for itself.
 */
import { rootCertificates } from "node:tls";
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { withoutPassword } from "../../config/without-password.ts";
import { topicPrefix } from "./topic-prefix.ts";
import type { Subscriptions } from "./topics.ts";

/** @param retained the broker had kept it: it says nothing about whether its sender is there */
type MessageHandler = (topic: string, payload: Buffer, retained: boolean) => Promise<void>;

export type Qos = 0 | 1;

/** @param qos 0 where whoever waits for it asks again */
export type Publish = (topic: string, message: object, qos?: Qos) => Promise<void>;

export type MqttSession = {
  /**
   * Subscribes to what is new and leaves what is not in it; at a failure it may be called again. Topics are
   * without the company's prefix, here as everywhere.
   */
  follow(subscriptions: Subscriptions): Promise<void>;
  /**
   * Resolves when the broker has it, with QoS 0 when it is on its way there. While the broker is away the
   * message waits in memory. Default: QoS 1.
   */
  readonly publish: Publish;
  /** And hears what it asked for: a broker may let it in and refuse its subscriptions. */
  isConnected(): boolean;
  /** How often it was connected after the first time. */
  reconnects(): number;
  stop(): Promise<void>;
};

/** How the broker is spoken to. */
export type MqttConnection = {
  /** `mqtt://` or `mqtts://`, with user name and password where the broker asks for them. */
  readonly url: string;
  /** 4 is MQTT 3.1.1. */
  readonly protocolVersion: 4 | 5;
  /** The level that is in front of all topics of the company. Absent: none. */
  readonly topicPrefix?: string;
  /** PEM: authorities that the broker's certificate may come from, beside the usual ones. */
  readonly ca?: string;
  /** PEM: the certificate by which the broker knows us, and its key. */
  readonly certificate?: { readonly cert: string; readonly key: string };
};

/** The same for a client of MQTT.js. */
export function connectionOptions({
  protocolVersion,
  ca,
  certificate,
}: Omit<MqttConnection, "url">): IClientOptions {
  return {
    protocolVersion,
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    ...certificate,
  };
}

export type SessionOptions = {
  readonly connection: MqttConnection;
  /** Names the session at the broker: constant over restarts, unique per bridge. */
  readonly clientId: string;
  readonly subscriptions: Subscriptions;
  /** Must not throw: it deals with its own errors. */
  readonly handle: MessageHandler;
  readonly onError: (error: Error) => void;
  /** It is connected again after it was away. */
  readonly onReconnect: () => void;
};

/**
 * How long the broker keeps what comes while we are away. MQTT 5 asks for it; in 3.1.1 the broker decides.
 * Seconds.
 */
const SESSION_EXPIRY_S = 7 * 24 * 60 * 60;
/** Subscriptions that were refused are asked for again after so long. Milliseconds. */
const SUBSCRIBE_AGAIN_MS = 2_000;
/** How long the broker may take to answer at the start. */
const FIRST_CONNECTION_MS = 15_000;
/**
 * A broker's word that name, password or certificate are wrong: return codes 4 and 5 of MQTT 3.1.1, reason
 * codes 0x86 and 0x87 of MQTT 5. To try again at the start would only hide it.
 */
const WRONG_CREDENTIALS: ReadonlySet<number> = new Set([4, 5, 0x86, 0x87]);

export async function openSession(options: SessionOptions): Promise<MqttSession> {
  const clientOptions: IClientOptions = {
    clientId: options.clientId,
    clean: false,
    ...connectionOptions(options.connection),
    ...(options.connection.protocolVersion === 5
      ? { properties: { sessionExpiryInterval: SESSION_EXPIRY_S } }
      : {}),
    reconnectPeriod: 500,
    connectTimeout: 5_000,
    keepalive: 30,
    resubscribe: false,
  };
  let stopping = false;
  let reconnects = 0;
  const prefix = topicPrefix(options.connection.topicPrefix);
  const client = connect(options.connection.url, clientOptions);
  // Set before the first packet can arrive: a resumed session delivers right after the CONNACK.
  client.handleMessage = (packet, done) => {
    const payload = typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
    options.handle(prefix.take(packet.topic), payload, packet.retain).then(
      // A message whose handling was cut short by the stop stays unacknowledged: the broker keeps it.
      () => {
        if (!stopping) done();
      },
      options.onError,
    );
  };
  let { subscriptions } = options;
  const subscribe = async (wanted = subscriptions): Promise<void> => {
    const filters = Object.entries(wanted).map(([filter, how]) => [prefix.put(filter), how] as const);
    if (filters.length > 0) await client.subscribeAsync(Object.fromEntries(filters));
  };
  try {
    await firstConnection(client);
    await subscribe();
  } catch (error) {
    await client.endAsync(true);
    throw new Error(`no MQTT session at ${withoutPassword(options.connection.url)}`, { cause: error });
  }
  let isSubscribed = true;
  let again: NodeJS.Timeout | undefined;
  // Rejects also where the broker grants some of them only.
  const subscribeUntilGranted = (): void => {
    clearTimeout(again);
    isSubscribed = false;
    const connection = reconnects;
    subscribe().then(
      () => {
        if (connection === reconnects) isSubscribed = true;
      },
      (error: Error) => {
        options.onError(error);
        if (stopping || connection !== reconnects) return;
        again = setTimeout(() => {
          if (client.connected) subscribeUntilGranted();
        }, SUBSCRIBE_AGAIN_MS);
      },
    );
  };
  client.on("error", options.onError);
  // Also where the broker still has the session: only a new subscription makes it send retained messages.
  client.on("connect", () => {
    reconnects += 1;
    options.onReconnect();
    subscribeUntilGranted();
  });
  return {
    follow: async (wanted) => {
      const added = Object.entries(wanted).filter(([filter]) => !(filter in subscriptions));
      const left = Object.keys(subscriptions).filter((filter) => !(filter in wanted));
      await subscribe(Object.fromEntries(added));
      if (left.length > 0) await client.unsubscribeAsync(left.map(prefix.put));
      subscriptions = wanted;
    },
    publish: async (topic, message, qos = 1) => {
      await client.publishAsync(prefix.put(topic), JSON.stringify(message), { qos });
    },
    isConnected: () => client.connected && isSubscribed,
    reconnects: () => reconnects,
    stop: async () => {
      stopping = true;
      clearTimeout(again);
      await client.endAsync(true);
    },
  };
}

/** Resolves when the client is connected for the first time. */
export function firstConnection(client: MqttClient): Promise<void> {
  return new Promise((resolve, reject) => {
    let lastError: Error = new Error("no answer");
    const timer = setTimeout(() => reject(lastError), FIRST_CONNECTION_MS);
    const remember = (error: Error): void => {
      lastError = error;
      if (!("code" in error) || !WRONG_CREDENTIALS.has(Number(error.code))) return;
      clearTimeout(timer);
      reject(error);
    };
    client.on("error", remember);
    client.once("connect", () => {
      clearTimeout(timer);
      client.off("error", remember);
      resolve();
    });
  });
}
