/**
 * Delivers signed webhooks at least once: a few at a time, again and again with growing pauses, until the
 * receiver answers 2xx. Keeps nothing itself: the caller has each event in a log and hands it over again
 * after a restart.
 */
import type { Logger } from "pino";
import { callHttp } from "../vendor-kit/vendor-http.ts";

const MAX_UNDER_WAY = 8;
/** EasyPost waits no longer than this for an answer. */
const TIMEOUT_MS = 7_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

export type WebhookSender = {
  /** `delivered` runs after the first 2xx, once. */
  send(event: { readonly id: string; readonly body: string }, delivered: () => void): void;
  status(): { readonly waiting: number; readonly failures: number; readonly lastFailure: string | null };
  /** Lets the calls under way end, and starts no more. */
  stop(): Promise<void>;
};

type Job = {
  readonly id: string;
  readonly body: string;
  readonly delivered: () => void;
  attempts: number;
};

export function createWebhookSender(options: {
  readonly url: string;
  /** Headers of one call, e.g. its signature. */
  readonly headers: (body: string) => Readonly<Record<string, string>>;
  readonly logger: Logger;
}): WebhookSender {
  const queue: Job[] = [];
  const underWay = new Set<Promise<void>>();
  const pauses = new Set<NodeJS.Timeout>();
  let stopped = false;
  let failures = 0;
  let lastFailure: string | null = null;

  function pump(): void {
    while (!stopped && underWay.size < MAX_UNDER_WAY) {
      const job = queue.shift();
      if (job === undefined) return;
      const attempt: Promise<void> = deliver(job).finally(() => {
        underWay.delete(attempt);
        pump();
      });
      underWay.add(attempt);
    }
  }

  async function deliver(job: Job): Promise<void> {
    job.attempts += 1;
    const failure = await post(job);
    if (failure === null) {
      job.delivered();
      return;
    }
    failures += 1;
    lastFailure = failure;
    if (job.attempts === 1 || job.attempts % 10 === 0) {
      options.logger.debug({ event: job.id, attempts: job.attempts, failure }, "webhook not taken yet");
    }
    if (stopped) return;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (job.attempts - 1));
    const timer = setTimeout(() => {
      pauses.delete(timer);
      queue.push(job);
      pump();
    }, pause);
    pauses.add(timer);
  }

  /** @returns why it failed, or `null`. */
  async function post(job: Job): Promise<string | null> {
    try {
      const reply = await callHttp({
        service: "webhook",
        method: "POST",
        url: options.url,
        headers: { "content-type": "application/json", ...options.headers(job.body) },
        body: job.body,
        timeoutMs: TIMEOUT_MS,
      });
      return reply.status >= 200 && reply.status < 300 ? null : `status ${reply.status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  return {
    send(event, delivered) {
      queue.push({ ...event, delivered, attempts: 0 });
      pump();
    },
    status: () => ({ waiting: queue.length + pauses.size + underWay.size, failures, lastFailure }),
    async stop() {
      stopped = true;
      for (const timer of pauses) clearTimeout(timer);
      pauses.clear();
      await Promise.all(underWay);
    },
  };
}
