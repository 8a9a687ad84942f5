/**
 * Amazon's limits: a bucket of tokens for each operation of a seller. Waits for a token rather than being
 * refused, where the wait is short; says when to come again, where it is long.
 *
 * Rates and bursts begin as Amazon publishes them. What a reply says of its operation
 * (`x-amzn-RateLimit-Limit`, calls a second) counts from then on: sellers' limits differ.
 */
import { setTimeout as pause } from "node:timers/promises";
import { ServiceFault } from "../../../ports/service-fault.ts";

/** Calls a second over a long time, and how many may come at once before. */
type Plan = { readonly perSecond: number; readonly burst: number };

export const USAGE_PLANS = {
  getOrders: { perSecond: 0.0167, burst: 20 },
  getOrder: { perSecond: 0.5, burst: 30 },
  getOrderItems: { perSecond: 0.5, burst: 30 },
  confirmShipment: { perSecond: 2, burst: 10 },
  searchOrders: { perSecond: 0.0056, burst: 20 },
  getOrder2026: { perSecond: 0.5, burst: 30 },
  createFeedDocument: { perSecond: 0.5, burst: 15 },
  createFeed: { perSecond: 0.0083, burst: 15 },
  // Of invoices Amazon takes one in three seconds.
  createInvoiceFeed: { perSecond: 0.333, burst: 15 },
  getFeed: { perSecond: 2, burst: 15 },
  getFeedDocument: { perSecond: 0.0222, burst: 10 },
  getListingsItem: { perSecond: 5, burst: 10 },
  patchListingsItem: { perSecond: 5, burst: 5 },
  searchListingsItems: { perSecond: 5, burst: 5 },
  createRestrictedDataToken: { perSecond: 1, burst: 10 },
  createFulfillmentOrder: { perSecond: 2, burst: 30 },
  getFulfillmentOrder: { perSecond: 2, burst: 30 },
  cancelFulfillmentOrder: { perSecond: 2, burst: 30 },
  getPackageTrackingDetails: { perSecond: 2, burst: 30 },
  getInventorySummaries: { perSecond: 2, burst: 2 },
} as const satisfies Readonly<Record<string, Plan>>;

export type Operation = keyof typeof USAGE_PLANS;

/** A caller who would wait longer is told to come again. */
const LONGEST_WAIT_MS = 5_000;

export type Pace = {
  /** @throws ServiceFault `rate_limited`, with the time until a token is there */
  turn(operation: Operation): Promise<void>;
  /** What a reply said of its operation. */
  told(operation: Operation, headers: Headers): void;
  /** Until the next token of an operation whose bucket is empty, milliseconds. */
  intervalMs(operation: Operation): number;
};

export function createPace(now: () => number = () => performance.now()): Pace {
  const buckets = new Map<Operation, { perSecond: number; tokens: number; atMs: number }>();

  function bucketOf(operation: Operation) {
    const known = buckets.get(operation);
    if (known !== undefined) return known;
    const { perSecond, burst } = USAGE_PLANS[operation];
    const made = { perSecond, tokens: burst, atMs: now() };
    buckets.set(operation, made);
    return made;
  }

  return {
    async turn(operation) {
      const bucket = bucketOf(operation);
      const nowMs = now();
      const grown = bucket.tokens + ((nowMs - bucket.atMs) / 1_000) * bucket.perSecond;
      bucket.tokens = Math.min(USAGE_PLANS[operation].burst, grown);
      bucket.atMs = nowMs;
      const waitMs = bucket.tokens >= 1 ? 0 : Math.ceil(((1 - bucket.tokens) / bucket.perSecond) * 1_000);
      if (waitMs > LONGEST_WAIT_MS) {
        throw new ServiceFault(`Amazon's limit for ${operation} is used up`, {
          service: "amazon",
          code: "rate_limited",
          retryable: true,
          retryAfterMs: waitMs,
        });
      }
      // Below zero where several wait: each behind the one before.
      bucket.tokens -= 1;
      if (waitMs > 0) await pause(waitMs);
    },
    told(operation, headers) {
      const said = Number(headers.get("x-amzn-ratelimit-limit") ?? "");
      if (said > 0 && Number.isFinite(said)) bucketOf(operation).perSecond = said;
    },
    intervalMs: (operation) => Math.ceil(1_000 / bucketOf(operation).perSecond),
  };
}
