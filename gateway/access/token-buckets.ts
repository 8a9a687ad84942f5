/** Rate limits: one token bucket for each name (a key and an address). Local to this process. */
export type BucketRate = { readonly size: number; readonly perSecond: number };

/** A counter of attempts, local or shared. */
export type RateLimiter = {
  /** Takes one token. @returns 0, or the milliseconds until there is one */
  take(name: string, nowMs: number): number | Promise<number>;
};

type Bucket = { tokens: number; atMs: number };

export class TokenBuckets implements RateLimiter {
  private readonly rate: BucketRate;
  private readonly most: number;
  private readonly buckets = new Map<string, Bucket>();

  constructor(rate: BucketRate, most: number) {
    this.rate = rate;
    this.most = most;
  }

  /** Tokens of a full bucket. */
  get quota(): number {
    return this.rate.size;
  }

  /** Seconds in which an empty bucket fills, at least one. */
  get windowSeconds(): number {
    return Math.max(1, Math.ceil(this.rate.size / this.rate.perSecond));
  }

  /** What is left of a name's tokens, and after how many seconds they are all there again. Takes none. */
  look(name: string, nowMs: number): { readonly left: number; readonly fullInSeconds: number } {
    const { size, perSecond } = this.rate;
    const { tokens, atMs } = this.buckets.get(name) ?? { tokens: size, atMs: nowMs };
    const now = Math.min(size, tokens + (Math.max(0, nowMs - atMs) / 1_000) * perSecond);
    return { left: Math.floor(now), fullInSeconds: Math.ceil((size - now) / perSecond) };
  }

  /** Takes one token. @returns 0, or the milliseconds until there is one */
  take(name: string, nowMs: number): number {
    const { size, perSecond } = this.rate;
    const bucket = this.buckets.get(name) ?? { tokens: size, atMs: nowMs };
    const elapsed = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(size, bucket.tokens + (elapsed / 1000) * perSecond);
    bucket.atMs = nowMs;
    // Set anew, so that the map is in the order of last use and its first entry is the one to forget.
    this.buckets.delete(name);
    this.buckets.set(name, bucket);
    if (this.buckets.size > this.most) {
      const oldest = this.buckets.keys().next();
      if (!oldest.done) this.buckets.delete(oldest.value);
    }
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / perSecond) * 1000);
    bucket.tokens -= 1;
    return 0;
  }
}
