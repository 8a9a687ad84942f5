/** Rate limits: one token bucket for each name (a key and an address). Local to this process. */
export type BucketRate = { readonly size: number; readonly perSecond: number };

/** A counter of attempts, local or shared. */
export type RateLimiter = {
  /** Takes one token. @returns 0, or the milliseconds until there is one */
  take(name: string, nowMs: number): number | Promise<number>;
};

/** One that answers at once and tells what is left, for requests, of which there are many. */
export type Allowance = {
  /** Tokens of a full bucket. */
  readonly quota: number;
  /** Seconds in which an empty bucket fills, at least one. */
  readonly windowSeconds: number;
  /** What is left of a name's tokens, and after how many seconds they are all there again. Takes none. */
  look(name: string, nowMs: number): { readonly left: number; readonly fullInSeconds: number };
  /** Takes one token. @returns 0, or the milliseconds until there is one */
  take(name: string, nowMs: number): number;
};

type Bucket = { tokens: number; atMs: number };

export class TokenBuckets implements Allowance {
  private readonly whole: BucketRate;
  private readonly most: number;
  private readonly parts: () => number;
  private readonly buckets = new Map<string, Bucket>();

  /**
   * @param most names remembered; beyond it the one that was used longest ago is forgotten
   * @param parts into how many equal ones the rate is cut now, of which this process has one
   */
  constructor(rate: BucketRate, most: number, parts: () => number = () => 1) {
    this.whole = rate;
    this.most = most;
    this.parts = parts;
  }

  get quota(): number {
    return Math.floor(this.rate().size);
  }

  get windowSeconds(): number {
    return Math.max(1, Math.ceil(this.whole.size / this.whole.perSecond));
  }

  look(name: string, nowMs: number): { readonly left: number; readonly fullInSeconds: number } {
    const { size, perSecond } = this.rate();
    const { tokens, atMs } = this.buckets.get(name) ?? { tokens: size, atMs: nowMs };
    const now = Math.min(size, tokens + (Math.max(0, nowMs - atMs) / 1_000) * perSecond);
    return { left: Math.max(0, Math.floor(now)), fullInSeconds: Math.ceil((size - now) / perSecond) };
  }

  take(name: string, nowMs: number): number {
    const { size, perSecond } = this.rate();
    const bucket = this.buckets.get(name) ?? { tokens: size, atMs: nowMs };
    const elapsed = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(size, bucket.tokens + (elapsed / 1000) * perSecond);
    bucket.atMs = nowMs;
    this.keep(name, bucket);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / perSecond) * 1000);
    bucket.tokens -= 1;
    return 0;
  }

  /**
   * What is left of a name's tokens by somebody who knows more; below 0 where more were taken than there
   * were.
   */
  correct(name: string, tokens: number, nowMs: number): void {
    if (this.buckets.has(name)) this.keep(name, { tokens, atMs: nowMs });
  }

  /** Set anew, so that the map is in the order of last use and its first entry is the one to forget. */
  private keep(name: string, bucket: Bucket): void {
    this.buckets.delete(name);
    this.buckets.set(name, bucket);
    if (this.buckets.size <= this.most) return;
    const oldest = this.buckets.keys().next();
    if (!oldest.done) this.buckets.delete(oldest.value);
  }

  /** This process's part. Of a limit of few tokens it has one at least: to have none would be to be shut. */
  private rate(): BucketRate {
    const parts = Math.max(1, this.parts());
    return { size: Math.max(1, this.whole.size / parts), perSecond: this.whole.perSecond / parts };
  }
}
