/**
 * How many gateways there are, as each of them says to Redis once a second. While Redis is away what was true
 * last holds: by it each gateway knows which part of a common limit is its own.
 */
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";

const EVERY_MS = 1_000;
const GONE_AFTER_MS = 5_000;
/** Shorter than it takes a caller to use up much of a limit twice. */
const AWAY_AFTER_MS = 1_500;

/** By Redis' own clock. Answers how many there are, this one included. */
const SAY = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
`;

const KEY = "gateways";

export class GatewayCount {
  private readonly redis: Redis;
  private readonly self = randomUUID();
  private readonly saying: NodeJS.Timeout;
  private count = 1;
  private answeredAt = Number.NEGATIVE_INFINITY;

  constructor(redis: Redis) {
    this.redis = redis;
    this.saying = setInterval(() => void this.say(), EVERY_MS).unref();
    redis.on("ready", () => void this.say());
    redis.on("close", () => {
      this.answeredAt = Number.NEGATIVE_INFINITY;
    });
  }

  /** Whether Redis answers, so that limits are counted there. */
  isTogether(): boolean {
    return performance.now() - this.answeredAt < AWAY_AFTER_MS;
  }

  /** Into how many parts limits are cut while Redis is away. */
  known(): number {
    return this.count;
  }

  /** Takes itself off the count, so that what the others have is theirs at once. */
  async stop(): Promise<void> {
    clearInterval(this.saying);
    await this.redis.zrem(KEY, this.self).catch(() => 0);
  }

  private async say(): Promise<void> {
    try {
      this.count = Math.max(1, Number(await this.redis.eval(SAY, 1, KEY, this.self, GONE_AFTER_MS)));
      this.answeredAt = performance.now();
    } catch {
      // It stays as it was.
    }
  }
}
