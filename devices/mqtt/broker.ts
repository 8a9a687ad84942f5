/**
 * The MQTT broker of a sandbox: aedes in this process, MQTT 3.1.1 over TCP. Production has its own
 * (`MQTT_URL`).
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:net";
import { Aedes, type AuthenticateError } from "aedes";
import type { Logger } from "pino";

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

const BAD_USERNAME_OR_PASSWORD = 4;

export async function startBroker(options: {
  readonly host: string;
  readonly port: number;
  /** Given: clients must present this name and password. Absent: any client on `host` is let in. */
  readonly username?: string;
  readonly password?: string;
  readonly logger: Logger;
}): Promise<Broker> {
  const { host, logger } = options;
  // No limit of messages under way. With a limit, the broker queues all messages for its slowest reader and
  // works the queue off by recursion: some thousand messages overflow the stack. Each client still has its
  // own bounded queue.
  const broker = await Aedes.createBroker({ heartbeatInterval: 30_000, concurrency: 0 });
  const { username, password } = options;
  if (username !== undefined) {
    broker.authenticate = (_client, givenName, givenPassword, done) => {
      const good =
        sameText(givenName ?? "", username) && sameText(givenPassword?.toString() ?? "", password ?? "");
      if (good) return done(null, true);
      const error = new Error("bad user name or password") as AuthenticateError;
      error.returnCode = BAD_USERNAME_OR_PASSWORD;
      return done(error, false);
    };
  }
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

/** Compares digests: neither length nor content shows in the time taken. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
