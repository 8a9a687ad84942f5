/**
 * The MQTT broker of a sandbox: aedes in this process, MQTT 3.1.1 over TCP; it does not speak MQTT 5.
 * Production has its own (`MQTT_URL`).
 *
 * Whoever connects says who it is, and may say and hear what its own filters cover. A client that speaks on
 * another topic is disconnected, as MQTT 3.1.1 has it; a subscription that is not covered is refused.
 */
import { createServer } from "node:net";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import type { Logger } from "pino";
import { coversFilter, takesTopic } from "./topic-filter.ts";

export type Broker = {
  /** The port it listens on: needed where 0 was asked for. */
  readonly port: number;
  /** Disconnects every client and closes the port. */
  stop(): Promise<void>;
};

class BrokerError extends Error {
  readonly code: "broker_port_in_use" | "broker_failed";

  constructor(code: BrokerError["code"], message: string, cause: unknown) {
    super(message, { cause });
    this.name = "BrokerError";
    this.code = code;
  }
}

/** What a client may do, as topic filters. */
type Grant = { readonly publish: readonly string[]; readonly subscribe: readonly string[] };

/** @returns what the client of this name and password may do; null: it is not let in */
export type BrokerAccess = (username: string, password: string) => Promise<Grant | null>;

const BAD_USERNAME_OR_PASSWORD = 4;
const SERVER_UNAVAILABLE = 3;

export async function startBroker(options: {
  readonly host: string;
  readonly port: number;
  /** Absent: any client on `host` is let in and may do everything, as tests need it. */
  readonly access?: BrokerAccess;
  readonly logger: Logger;
}): Promise<Broker> {
  const { host, logger } = options;
  // No limit of messages under way. With a limit, the broker queues all messages for its slowest reader and
  // works the queue off by recursion: some thousand messages overflow the stack. Each client still has its
  // own bounded queue.
  const broker = await Aedes.createBroker({ heartbeatInterval: 30_000, concurrency: 0 });
  if (options.access !== undefined) guard(broker, options.access, logger);
  broker.on("clientError", (client, error) =>
    logger.debug({ client: client.id, err: error }, "MQTT client error"),
  );
  broker.on("connectionError", (_client, error) => logger.debug({ err: error }, "MQTT connection refused"));

  const server = createServer((socket) => broker.handle(socket));
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port, host, resolve);
    });
  } catch (error) {
    await closeBroker(broker);
    const busy = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    throw busy
      ? new BrokerError(
          "broker_port_in_use",
          `MQTT port ${options.port} on ${host} is in use: stop what uses it, or set another port`,
          error,
        )
      : new BrokerError("broker_failed", `the MQTT broker cannot listen on ${host}:${options.port}`, error);
  }
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  logger.info({ host, port }, "MQTT broker listens");
  return {
    port,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await closeBroker(broker);
      await closed;
    },
  };
}

function closeBroker(broker: Aedes): Promise<void> {
  return new Promise((resolve) => broker.close(() => resolve()));
}

/** Asks who connects, and holds every client to what it may do. */
function guard(broker: Aedes, access: BrokerAccess, logger: Logger): void {
  const grants = new WeakMap<Client, Grant>();
  broker.authenticate = (client, username, password, done) => {
    const refused = (returnCode: number, why: string): void => {
      const error = new Error(why) as AuthenticateError;
      error.returnCode = returnCode;
      done(error, false);
    };
    access(username ?? "", password?.toString() ?? "").then(
      (grant) => {
        if (grant === null) return refused(BAD_USERNAME_OR_PASSWORD, "bad user name or password");
        grants.set(client, grant);
        return done(null, true);
      },
      (error: unknown) => {
        logger.warn({ err: error, username }, "who connects could not be checked");
        refused(SERVER_UNAVAILABLE, "the broker cannot check who connects");
      },
    );
  };
  broker.authorizePublish = (client, packet, done) => {
    // Without a client: the broker's own messages, and the wills of clients that are gone.
    const mayPublish =
      client === null ||
      grants.get(client)?.publish.some((filter) => takesTopic(filter, packet.topic)) === true;
    if (mayPublish) return done(null);
    logger.warn({ client: client.id, topic: packet.topic }, "a client spoke on a topic that is not its own");
    return done(new Error("not this client's topic"));
  };
  broker.authorizeSubscribe = (client, subscription, done) => {
    const mayRead =
      grants.get(client)?.subscribe.some((filter) => coversFilter(filter, subscription.topic)) === true;
    if (!mayRead) logger.warn({ client: client.id, topic: subscription.topic }, "a subscription was refused");
    done(null, mayRead ? subscription : null);
  };
}
