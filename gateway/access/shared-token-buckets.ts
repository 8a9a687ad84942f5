/**
 * Rate limits that several gateways count together, in Redis, each with an answer before it goes on. Used for
 * attempts to sign in: an attacker who is spread over gateways is still one attacker. (Requests, of which
 * there are many, do not wait for it: `shared-allowance.ts`.)
 *
 * Redis is optional: while it does not answer, this process counts alone.
 */
import { Redis } from "ioredis";
import type { Logger } from "pino";
import {
  GUESS_DELAY_FIRST_MS,
  GUESS_FORGOTTEN_MS,
  GUESSES_AT_ONCE,
  REDIS_ANSWER_MS,
} from "../../config/limits.ts";
import type { Delays } from "./guess-limit.ts";
import type { BucketRate, RateLimiter } from "./token-buckets.ts";

/**
 * One bucket in one hash. Redis' own clock refills it, so that gateways whose clocks differ agree. It expires
 * when it would be full again. Answers the milliseconds until there is a token, 0 where one was taken.
 */
const TAKE = `
local size = tonumber(ARGV[1])
local per_ms = tonumber(ARGV[2]) / 1000
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(known[1]) or size
tokens = math.min(size, tokens + math.max(0, now - (tonumber(known[2]) or now)) * per_ms)
local wait = 0
if tokens < 1 then wait = math.ceil((1 - tokens) / per_ms) else tokens = tokens - 1 end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil((size - tokens) / per_ms) + 1000)
return wait
`;

/**
 * Wrong attempts of one name in one hash: how many, and when the next may be. Answers the milliseconds until
 * then, 0 where this one was counted. The waits are those of `delayAfter`.
 */
const BEGIN = `
local most = tonumber(ARGV[1])
local at_once = tonumber(ARGV[2])
local first = tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'wrong', 'next')
local next = tonumber(known[2]) or 0
if now < next then return next - now end
local wrong = (tonumber(known[1]) or 0) + 1
local delay = 0
if wrong >= at_once then delay = math.min(most, first * 2 ^ math.min(wrong - at_once, 30)) end
redis.call('HSET', KEYS[1], 'wrong', tostring(wrong), 'next', tostring(now + delay))
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[4]))
return 0
`;

/**
 * Connects, and reconnects, by itself.
 *
 * @param url `redis://…` or `rediss://…`
 * @param options.company its identity: others may have the same Redis, and accounts of the same names
 * @param options.ca PEM of the authority that the server's certificate comes from; null: the system's
 */
export function connectRedis(
  url: string,
  { company, logger, ca }: { readonly company: string; readonly logger: Logger; readonly ca: string | null },
): Redis {
  const redis = new Redis(url, {
    keyPrefix: `holdfast:${company}:`,
    ...(ca === null ? {} : { tls: { ca } }),
    connectTimeout: REDIS_ANSWER_MS,
    commandTimeout: REDIS_ANSWER_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  });
  // Without a listener an unreachable server would end the process.
  redis.on("error", (error: Error) => logger.warn({ err: error }, "Redis is not reachable"));
  return redis;
}

export class SharedTokenBuckets implements RateLimiter {
  private readonly redis: Redis;
  private readonly prefix: string;
  private readonly rate: BucketRate;
  private readonly alone: RateLimiter;

  /** @param alone counts while Redis does not answer */
  constructor(redis: Redis, prefix: string, rate: BucketRate, alone: RateLimiter) {
    this.redis = redis;
    this.prefix = prefix;
    this.rate = rate;
    this.alone = alone;
  }

  async take(name: string, nowMs: number): Promise<number> {
    const { size, perSecond } = this.rate;
    try {
      return Number(await this.redis.eval(TAKE, 1, `limit:${this.prefix}:${name}`, size, perSecond));
    } catch {
      return this.alone.take(name, nowMs);
    }
  }
}

/** Waits after wrong passwords that several gateways count together. */
export class SharedDelays implements Delays {
  private readonly redis: Redis;
  private readonly alone: Delays;

  /** @param alone counts while Redis does not answer */
  constructor(redis: Redis, alone: Delays) {
    this.redis = redis;
    this.alone = alone;
  }

  async begin(name: string, mostMs: number, nowMs: number): Promise<number> {
    try {
      return Number(
        await this.redis.eval(
          BEGIN,
          1,
          keyOf(name),
          mostMs,
          GUESSES_AT_ONCE,
          GUESS_DELAY_FIRST_MS,
          GUESS_FORGOTTEN_MS,
        ),
      );
    } catch {
      return this.alone.begin(name, mostMs, nowMs);
    }
  }

  async forget(name: string): Promise<void> {
    await this.alone.forget(name);
    // What Redis does not hear of now, it forgets by itself.
    await this.redis.del(keyOf(name)).catch(() => 0);
  }
}

function keyOf(name: string): string {
  return `guesses:${name}`;
}
