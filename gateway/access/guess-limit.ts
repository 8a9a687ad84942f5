/**
 * How fast passwords may be guessed. Nobody is locked out by somebody else's guesses:
 *
 * G1 Wrong passwords of one account from one address are answered ever more slowly, from the sixth on, up to a
 *    limit. The right one forgets them.
 * G2 An address, and an account, have a limit of their own, for guesses that are spread over accounts or
 *    addresses. Neither holds back an account at an address from which its owner has signed in lately.
 * G3 An attempt counts when it begins, so that many at once are no way around.
 */
import {
  GUESS_DELAY_FIRST_MS,
  GUESS_DELAY_KNOWN_MS,
  GUESS_DELAY_MOST_MS,
  GUESS_FORGOTTEN_MS,
  GUESSES_AT_ONCE,
} from "../../config/limits.ts";
import type { RateLimiter } from "./token-buckets.ts";

/** Milliseconds until the attempt after this many wrong ones. */
export function delayAfter(wrong: number, mostMs: number): number {
  const beyond = wrong - GUESSES_AT_ONCE;
  return beyond < 0 ? 0 : Math.min(mostMs, GUESS_DELAY_FIRST_MS * 2 ** Math.min(beyond, 30));
}

/** Wrong attempts by name. */
export type Delays = {
  /** Counts an attempt as wrong. @returns 0, or the milliseconds until there may be one: then it is not counted */
  begin(name: string, mostMs: number, nowMs: number): number | Promise<number>;
  /** It was right. */
  forget(name: string): void | Promise<void>;
};

/** In this process. */
export class LocalDelays implements Delays {
  private readonly most: number;
  private readonly wrong = new Map<string, { count: number; nextMs: number; atMs: number }>();

  /** @param most names remembered; beyond it the one that was tried longest ago is forgotten */
  constructor(most: number) {
    this.most = most;
  }

  begin(name: string, mostMs: number, nowMs: number): number {
    const known = this.wrong.get(name);
    const before = known === undefined || nowMs - known.atMs > GUESS_FORGOTTEN_MS ? null : known;
    if (before !== null && nowMs < before.nextMs) return before.nextMs - nowMs;
    const count = (before?.count ?? 0) + 1;
    // Set anew, so that the first of the map is the one to forget.
    this.wrong.delete(name);
    this.wrong.set(name, { count, nextMs: nowMs + delayAfter(count, mostMs), atMs: nowMs });
    if (this.wrong.size > this.most) {
      const oldest = this.wrong.keys().next();
      if (!oldest.done) this.wrong.delete(oldest.value);
    }
    return 0;
  }

  forget(name: string): void {
    this.wrong.delete(name);
  }
}

type Attempt = {
  /** As it was typed. */
  readonly email: string;
  readonly address: string;
  /** Its owner has signed in from there lately. */
  readonly isKnown: boolean;
};

export class GuessLimit {
  private readonly delays: Delays;
  private readonly byAccount: RateLimiter;
  private readonly byAddress: RateLimiter;

  constructor(delays: Delays, byAccount: RateLimiter, byAddress: RateLimiter) {
    this.delays = delays;
    this.byAccount = byAccount;
    this.byAddress = byAddress;
  }

  /** @returns 0, or the milliseconds until the attempt may be made */
  async begin({ email, address, isKnown }: Attempt, nowMs: number): Promise<number> {
    const account = accountOf(email);
    if (!isKnown) {
      const wait = Math.max(
        await this.byAddress.take(address, nowMs),
        await this.byAccount.take(account, nowMs),
      );
      if (wait > 0) return wait;
    }
    const most = isKnown ? GUESS_DELAY_KNOWN_MS : GUESS_DELAY_MOST_MS;
    return this.delays.begin(pairOf(account, address), most, nowMs);
  }

  /** The password was right. */
  async succeeded({ email, address }: Omit<Attempt, "isKnown">): Promise<void> {
    await this.delays.forget(pairOf(accountOf(email), address));
  }
}

function accountOf(email: string): string {
  return email.trim().toLowerCase();
}

function pairOf(account: string, address: string): string {
  return `${address} ${account}`;
}
