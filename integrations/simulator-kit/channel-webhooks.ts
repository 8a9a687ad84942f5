/**
 * Webhooks of a simulated channel: what its faults lose never comes, what they repeat comes twice, what they
 * delay comes behind later ones. The rest comes at least once, as the vendors promise.
 */
import { setMaxListeners } from "node:events";
import type { Logger } from "pino";
import { callHttp } from "../vendor-kit/vendor-http.ts";
import type { DrawnServerFaults } from "./faults.ts";

const TIMEOUT_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Vendors give up after a day or two; the next poll reads what was missed. */
const ATTEMPTS = 10;

export type ChannelWebhook = {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
};

export type ChannelWebhooks = {
  /** @param make is called once for each attempt, so that a signature's time is that of the attempt */
  send(make: () => ChannelWebhook): void;
  /** Until nothing is under way or waiting. */
  settled(): Promise<void>;
  /** Starts no more. */
  stop(): Promise<void>;
};

export function createChannelWebhooks(options: {
  /** Null: none are sent. */
  readonly url: string | null;
  readonly faults: DrawnServerFaults;
  readonly logger: Logger;
}): ChannelWebhooks {
  const { url, faults, logger } = options;
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  // One for each webhook that waits.
  setMaxListeners(0, stopping.signal);

  async function deliver(make: () => ChannelWebhook, delayMs: number, to: string): Promise<void> {
    await pause(delayMs);
    for (let attempt = 0; attempt < ATTEMPTS && !stopping.signal.aborted; attempt += 1) {
      const refused = await post(make(), to);
      if (refused === null) return;
      logger.debug({ attempt, ...refused }, "a channel's webhook was not taken");
      const usualMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
      await pause(Math.max(usualMs, refused.retryAfterMs));
    }
  }

  function pause(ms: number): Promise<void> {
    if (ms === 0 || stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        stopping.signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      stopping.signal.addEventListener("abort", end);
    });
  }

  const settled = async () => {
    while (underWay.size > 0) await Promise.all(underWay);
  };

  return {
    send(make) {
      if (url === null || stopping.signal.aborted) return;
      const { times, delayMs } = faults.drawWebhook();
      for (let time = 0; time < times; time += 1) {
        const delivery: Promise<void> = deliver(make, delayMs * (time + 1), url).finally(() =>
          underWay.delete(delivery),
        );
        underWay.add(delivery);
      }
    },
    settled,
    async stop() {
      stopping.abort();
      await settled();
    },
  };
}

type Refused = {
  readonly why: string;
  /** The vendors come again after minutes or more, whatever they are told: never before they are asked to. */
  readonly retryAfterMs: number;
};

/** @returns why it was not taken, or null */
async function post(webhook: ChannelWebhook, url: string): Promise<Refused | null> {
  try {
    const reply = await callHttp({
      service: "webhook",
      method: "POST",
      url,
      headers: webhook.headers,
      body: webhook.body,
      timeoutMs: TIMEOUT_MS,
    });
    if (reply.status >= 200 && reply.status < 300) return null;
    const retryAfterMs = Number(reply.headers.get("retry-after") ?? 0) * 1_000;
    return { why: `status ${reply.status}`, retryAfterMs };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error), retryAfterMs: 0 };
  }
}
