/**
 * Sends webhooks to addresses that others have given us. Whoever may set one must not reach with it what only
 * this machine and its network reach.
 *
 * W1 The address that a name stands for is checked, and the connection goes to that address: it is not looked
 *    up a second time. Private, local and reserved addresses are refused, but in the networks that are
 *    allowed. A connection that is used again leads where it led when it was checked; after a minute another
 *    is made.
 * W2 Redirects are not followed. Without TLS nothing is sent, but within those networks.
 * W3 An answer is bounded in time and size; of its body the first bytes are kept, as text without control
 *    characters.
 */
import { lookup as lookUp } from "node:dns";
import { Agent as PlainAgent, request as requestPlain } from "node:http";
import { request as requestSecure, Agent as SecureAgent } from "node:https";
import { BlockList, isIP, type LookupFunction, type Socket } from "node:net";
import type { WebhookAnswer, WebhookMessage, WebhookSender } from "../../ports/webhook-sender.ts";

/**
 * From the first byte of the request to the last of the answer. Receivers are to answer first and work later.
 */
const TIMEOUT_MS = 15_000;
const MOST_ANSWER_BYTES = 64 * 1024;
const KEPT_ANSWER_BYTES = 256;
/** Of a `retry-after`; longer is not believed. */
const MOST_RETRY_AFTER_MS = 24 * 3_600_000;
/** For which a connection is used again, and for which it may wait unused. */
const CONNECTION_MS = 60_000;
const IDLE_MS = 4_000;

/** Everything that is not a public address of somebody: IANA's special-purpose registries. */
const NOT_PUBLIC: readonly (readonly [network: string, bits: number, family: "ipv4" | "ipv6"])[] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.88.99.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["224.0.0.0", 4, "ipv4"],
  ["240.0.0.0", 4, "ipv4"],
  // With an address of version 4 at the end: the form of before `::ffff:`, and NAT64, which leads to one.
  ["::", 96, "ipv6"],
  ["64:ff9b::", 96, "ipv6"],
  ["64:ff9b:1::", 48, "ipv6"],
  ["100::", 64, "ipv6"],
  ["2001::", 23, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["2002::", 16, "ipv6"],
  ["3fff::", 20, "ipv6"],
  ["5f00::", 16, "ipv6"],
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["fec0::", 10, "ipv6"],
  ["ff00::", 8, "ipv6"],
];

export function createWebhookSender(options: {
  /** Networks that are not public and may be sent to, in CIDR notation. */
  readonly allowedNetworks: readonly string[];
  readonly timeoutMs?: number;
  /** By which names are looked up; absent: as the machine does it. */
  readonly lookup?: typeof lookUp;
}): WebhookSender {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const lookup = options.lookup ?? lookUp;
  const plainAgent = aging(new PlainAgent({ keepAlive: true, timeout: IDLE_MS }));
  const secureAgent = aging(new SecureAgent({ keepAlive: true, timeout: IDLE_MS }));
  const closed = new BlockList();
  for (const [network, bits, family] of NOT_PUBLIC) closed.addSubnet(network, bits, family);
  const allowed = new BlockList();
  for (const cidr of options.allowedNetworks) {
    const [network = "", bits] = cidr.split("/", 2);
    const isV6 = isIP(network) === 6;
    allowed.addSubnet(network, bits === undefined ? (isV6 ? 128 : 32) : Number(bits), isV6 ? "ipv6" : "ipv4");
  }

  /** @returns why nothing is sent there, as the end of a sentence; null: it may be */
  const refusedAddress = (address: string, isSecure: boolean): string | null => {
    const plain = unmapped(address);
    const family = isIP(plain) === 6 ? "ipv6" : "ipv4";
    if (allowed.check(plain, family)) return null;
    if (closed.check(plain, family)) return "is not a public address";
    return isSecure ? null : "is not reached by https";
  };

  const problemOf = (text: string): string | null => {
    if (!URL.canParse(text)) return "It is no address.";
    const url = new URL(text);
    if (url.protocol !== "https:" && url.protocol !== "http:") return "It has to begin with https://.";
    if (url.username !== "" || url.password !== "")
      return "A name and a password in an address would be seen by many.";
    if (url.hash !== "") return "What is behind # is not sent.";
    const host = hostOf(url);
    const isSecure = url.protocol === "https:";
    if (isIP(host) !== 0) {
      const refused = refusedAddress(host, isSecure);
      return refused === null ? null : `${host} ${refused}.`;
    }
    // What the name stands for is seen when it is used. Without an allowed network it cannot be but public.
    return !isSecure && options.allowedNetworks.length === 0 ? "It has to begin with https://." : null;
  };

  const send = (message: WebhookMessage): Promise<WebhookAnswer> => {
    const begun = performance.now();
    const answered = (
      status: number | null,
      problem: string | null,
      answer: string | null = null,
      retryAfterMs: number | null = null,
    ): WebhookAnswer => ({
      status,
      problem,
      ms: Math.round(performance.now() - begun),
      answer,
      retryAfterMs,
    });
    const problem = problemOf(message.url);
    if (problem !== null) return Promise.resolve(answered(null, problem));
    const url = new URL(message.url);
    const isSecure = url.protocol === "https:";
    const checkedLookup: LookupFunction = (hostname, lookupOptions, done) => {
      lookup(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
        if (error !== null) {
          done(error, "", 0);
          return;
        }
        const refused = addresses.map(({ address }) => refusedAddress(address, isSecure));
        const usable = addresses.filter((_, index) => refused[index] === null);
        const [first] = usable;
        if (first === undefined) {
          const why = refused.find((each) => each !== null) ?? "has no address";
          done(new Error(`${hostname} ${why}`), "", 0);
        } else if (lookupOptions.all === true) (done as (...all: readonly unknown[]) => void)(null, usable);
        else done(null, first.address, first.family);
      });
    };
    return new Promise((resolve) => {
      let abort = (): void => {};
      const give = (answer: WebhookAnswer): void => {
        clearTimeout(timer);
        resolve(answer);
      };
      const timer = setTimeout(() => {
        give(answered(null, `It did not answer within ${timeoutMs / 1_000} s.`));
        abort();
      }, timeoutMs);
      const attempt = (isFresh: boolean): void => {
        const request = (isSecure ? requestSecure : requestPlain)(
          {
            protocol: url.protocol,
            hostname: hostOf(url),
            port: url.port === "" ? undefined : Number(url.port),
            path: `${url.pathname}${url.search}`,
            method: "POST",
            headers: { ...message.headers, "content-length": Buffer.byteLength(message.body) },
            lookup: checkedLookup,
            agent: isFresh ? false : isSecure ? secureAgent : plainAgent,
          },
          (response) => {
            const status = response.statusCode ?? 0;
            const kept: Buffer[] = [];
            let bytes = 0;
            const isTaken = status >= 200 && status < 300;
            const problem = isTaken
              ? null
              : status >= 300 && status < 400
                ? `It answered ${status}: redirects are not followed.`
                : `It answered ${status}.`;
            const done = (): void =>
              give(answered(status, problem, textOf(kept), retryAfterOf(response.headers["retry-after"])));
            response.on("data", (chunk: Buffer) => {
              if (bytes < KEPT_ANSWER_BYTES) kept.push(chunk.subarray(0, KEPT_ANSWER_BYTES - bytes));
              bytes += chunk.length;
              if (bytes <= MOST_ANSWER_BYTES) return;
              // It has said whether it took the message; the rest is of no use.
              done();
              request.destroy();
            });
            response.on("end", done);
            response.on("error", done);
          },
        );
        abort = () => request.destroy();
        request.on("error", (error: NodeJS.ErrnoException) => {
          // The receiver has closed a connection just when it was to be used again: it has not seen the
          // message.
          if (request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE")) attempt(true);
          else give(answered(null, `It could not be reached: ${error.message}.`));
        });
        request.end(message.body);
      };
      attempt(false);
    });
  };

  return { problemOf, send };
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** An address of version 4 that is written as one of version 6. */
function unmapped(address: string): string {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const bits = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

/** Documented by Node, and missing in its types. */
type KeepingAgent = { keepSocketAlive(socket: Socket): boolean };

/** Has an agent give up connections that are old: a name may stand for another address by then. */
function aging<Agent extends PlainAgent>(agent: Agent): Agent {
  const until = new WeakMap<Socket, number>();
  const keeping = agent as Agent & KeepingAgent;
  const keepSocketAlive = keeping.keepSocketAlive.bind(keeping);
  keeping.keepSocketAlive = (socket) => {
    const now = performance.now();
    const end = until.get(socket) ?? now + CONNECTION_MS;
    until.set(socket, end);
    return now < end && keepSocketAlive(socket);
  };
  return agent;
}

/** Null: there is nothing to read. */
function textOf(kept: readonly Buffer[]): string | null {
  const text = Buffer.concat(kept)
    .toString("utf8")
    // Half a character at the end, and what neither PostgreSQL nor a terminal takes.
    .replace(/\ufffd+$/, "")
    .replace(/\p{Cc}+/gu, " ")
    .trim();
  return text === "" ? null : text;
}

/** In seconds, or a moment. */
function retryAfterOf(header: string | undefined): number | null {
  if (header === undefined) return null;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), MOST_RETRY_AFTER_MS);
}
