/**
 * Rate limits that several gateways count together, in Redis. Used for attempts to sign in: an attacker who
 * is spread over gateways is still one attacker. (Request limits protect one process and are counted there.)
 *
 * Redis is optional: while it does not answer, this process counts alone.
 */
import { Redis } from "ioredis";
import type { Logger } from "pino";
import { REDIS_ANSWER_MS } from "../../config/limits.ts";
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

/** @param url `redis://…`; connects, and reconnects, by itself */
export function connectRedis(url: string, logger: Logger): Redis {
  const redis = new Redis(url, {
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
      return Number(await this.redis.eval(TAKE, 1, `holdfast:limit:${this.prefix}:${name}`, size, perSecond));
    } catch {
      return this.alone.take(name, nowMs);
    }
  }
}
