import { expect, test } from "vitest";
import { GUESS_DELAY_KNOWN_MS, GUESS_DELAY_MOST_MS, GUESS_FORGOTTEN_MS } from "../../config/limits.ts";
import { delayAfter, GuessLimit, LocalDelays } from "./guess-limit.ts";
import { TokenBuckets } from "./token-buckets.ts";

const limit = () =>
  new GuessLimit(
    new LocalDelays(100),
    new TokenBuckets({ size: 10, perSecond: 1 / 6 }, 100),
    new TokenBuckets({ size: 50, perSecond: 1 }, 100),
  );

const owner = { email: "ada@acme.example", address: "198.51.100.7", isKnown: true };

test("a person mistypes a few times without a wait; then each wrong password doubles it, up to a limit", () => {
  const waits = [1, 4, 5, 6, 7, 8, 100].map((wrong) => delayAfter(wrong, GUESS_DELAY_MOST_MS));
  expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, GUESS_DELAY_MOST_MS]);
  expect(delayAfter(100, GUESS_DELAY_KNOWN_MS)).toBe(GUESS_DELAY_KNOWN_MS);
});

test("an attempt that comes too soon is not made, and does not lengthen the wait", async () => {
  const guesses = limit();
  for (let wrong = 0; wrong < 5; wrong += 1) expect(await guesses.begin(owner, 0)).toBe(0);
  expect(await guesses.begin(owner, 100)).toBe(900);
  expect(await guesses.begin(owner, 200)).toBe(800);
  expect(await guesses.begin(owner, 1_000)).toBe(0);
  expect(await guesses.begin(owner, 1_000)).toBe(2_000);
});

test("the right password, and time, forget the wrong ones", async () => {
  const guesses = limit();
  for (let wrong = 0; wrong < 5; wrong += 1) await guesses.begin(owner, 0);
  await guesses.succeeded({ ...owner, email: " ADA@acme.example" });
  expect(await guesses.begin(owner, 0)).toBe(0);
  for (let wrong = 0; wrong < 4; wrong += 1) await guesses.begin(owner, 0);
  expect(await guesses.begin(owner, 500)).toBeGreaterThan(0);
  expect(await guesses.begin(owner, GUESS_FORGOTTEN_MS + 1)).toBe(0);
});

test("many attempts at once are no way around the wait", async () => {
  const guesses = limit();
  const waits = await Promise.all(Array.from({ length: 20 }, () => guesses.begin(owner, 0)));
  expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
});

test("a stranger's guesses from a thousand addresses do not keep the owner out", async () => {
  const guesses = limit();
  const made: number[] = [];
  for (let from = 0; from < 1_000; from += 1)
    made.push(
      await guesses.begin({ email: owner.email, address: `203.0.113.${from}`, isKnown: false }, from),
    );
  expect(made.filter((wait) => wait === 0)).toHaveLength(10);
  expect(await guesses.begin(owner, 1_000)).toBe(0);
});

test("an address that guesses at many accounts does not keep out who has signed in from there", async () => {
  const guesses = limit();
  const { address } = owner;
  const made: number[] = [];
  for (let at = 0; at < 200; at += 1)
    made.push(await guesses.begin({ email: `user${at}@acme.example`, address, isKnown: false }, 0));
  expect(made.filter((wait) => wait === 0)).toHaveLength(50);
  expect(await guesses.begin(owner, 0)).toBe(0);
});
