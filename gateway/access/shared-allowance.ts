/**
 * The limits of requests, which all gateways count together: a caller has one allowance, however many
 * gateways there are. A request does not wait for Redis: each gateway counts by itself, and ten times a
 * second tells Redis what was taken from it and hears what is left.
 *
 * S1 What was taken at all gateways is taken from one bucket in Redis, which may go below empty: what one
 *    gateway gave before it heard of the others is paid back before anybody gives more. So the rate of all
 *    together is kept over time, and the most that is given too early is what gateways give in a tenth of a
 *    second. A bucket that is less than half full is asked after also where nothing was taken from it here.
 * S2 While Redis is away each gateway gives its part: the limit over the number of gateways that there were.
 *    What is given meanwhile is paid from that part, and not told afterwards.
 * S3 What Redis forgets is forgiven.
 */
import type { Redis } from "ioredis";
import type { GatewayCount } from "./gateway-count.ts";
import { type Allowance, type BucketRate, TokenBuckets } from "./token-buckets.ts";

const EVERY_MS = 100;
/** Names told at once: a script holds up everybody else at Redis. */
const NAMES_A_SCRIPT = 200;

/**
 * One bucket a key, refilled by Redis' own clock; each expires when it would be full. Answers what is left of
 * each. Debt is at most a whole bucket, so that nobody waits longer than it takes to fill.
 */
const TAKE_MANY = `
local size = tonumber(ARGV[1])
local per_ms = tonumber(ARGV[2]) / 1000
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local left = {}
for index, key in ipairs(KEYS) do
  local known = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = tonumber(known[1]) or size
  tokens = math.min(size, tokens + math.max(0, now - (tonumber(known[2]) or now)) * per_ms)
  tokens = math.max(-size, tokens - tonumber(ARGV[index + 2]))
  redis.call('HSET', key, 'tokens', tostring(tokens), 'at', tostring(now))
  redis.call('PEXPIRE', key, math.ceil((size - tokens) / per_ms) + 1000)
  left[index] = tostring(tokens)
end
return left
`;

export class SharedAllowance implements Allowance {
  private readonly redis: Redis;
  private readonly prefix: string;
  private readonly rate: BucketRate;
  private readonly gateways: GatewayCount;
  private readonly own: TokenBuckets;
  /** By name, what was given since Redis was told. */
  private taken = new Map<string, number>();
  /** Names of which little was left by the last answer. */
  private readonly scarce = new Set<string>();
  private readonly telling: NodeJS.Timeout;
  private isTelling = false;

  /** @param most names remembered */
  constructor(redis: Redis, prefix: string, rate: BucketRate, most: number, gateways: GatewayCount) {
    this.redis = redis;
    this.prefix = prefix;
    this.rate = rate;
    this.gateways = gateways;
    this.own = new TokenBuckets(rate, most, () => (gateways.isTogether() ? 1 : gateways.known()));
    this.telling = setInterval(() => void this.tell(), EVERY_MS).unref();
  }

  get quota(): number {
    return this.own.quota;
  }

  get windowSeconds(): number {
    return this.own.windowSeconds;
  }

  look(name: string, nowMs: number): { readonly left: number; readonly fullInSeconds: number } {
    return this.own.look(name, nowMs);
  }

  take(name: string, nowMs: number): number {
    const wait = this.own.take(name, nowMs);
    // S2
    if (wait === 0 && this.gateways.isTogether()) this.taken.set(name, (this.taken.get(name) ?? 0) + 1);
    return wait;
  }

  stop(): void {
    clearInterval(this.telling);
  }

  private async tell(): Promise<void> {
    if (this.isTelling || (this.taken.size === 0 && this.scarce.size === 0)) return;
    this.isTelling = true;
    const { taken } = this;
    this.taken = new Map();
    for (const name of this.scarce) if (!taken.has(name)) taken.set(name, 0);
    const told = [...taken];
    try {
      for (let from = 0; from < told.length; from += NAMES_A_SCRIPT)
        await this.tellSome(told.slice(from, from + NAMES_A_SCRIPT));
    } catch {
      // S2: from the next answer on that does not come, this gateway gives its part.
    } finally {
      this.isTelling = false;
    }
  }

  private async tellSome(some: readonly (readonly [name: string, count: number])[]): Promise<void> {
    const { size, perSecond } = this.rate;
    const left = (await this.redis.eval(
      TAKE_MANY,
      some.length,
      ...some.map(([name]) => `limit:${this.prefix}:${name}`),
      size,
      perSecond,
      ...some.map(([, count]) => count),
    )) as readonly string[];
    const now = Date.now();
    for (const [index, [name]] of some.entries()) {
      const tokens = Number(left[index]);
      // What was given while Redis was asked is not in its answer.
      this.own.correct(name, tokens - (this.taken.get(name) ?? 0), now);
      if (tokens < this.rate.size / 2) this.scarce.add(name);
      else this.scarce.delete(name);
    }
  }
}
