import { expect, test } from "vitest";
import {
  CHANNEL_LATE_PAUSE_MS,
  CHANNEL_WEBHOOKS_ALWAYS,
  CHANNEL_WEBHOOKS_AT_ONCE,
  CHANNEL_WEBHOOKS_WAITING,
} from "../../config/limits.ts";
import { ChannelTurns } from "./channel-turns.ts";

/** Work that ends when it is told to. */
function held() {
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  const work = (number: number) => () =>
    new Promise<number>((resolve) => {
      begun.push(number);
      ends.set(number, () => resolve(number));
    });
  return { begun, end: (number: number) => ends.get(number)?.(), work };
}

/** Until what has been handed on has begun. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

test("a channel that floods waits for itself, in the order in which it came, and for nobody else", async () => {
  const turns = new ChannelTurns({ isLate: false });
  const { begun, end, work } = held();
  const many = CHANNEL_WEBHOOKS_AT_ONCE + 3;
  const flood = numbers(many).map((number) => turns.take("one", work(number)));
  const other = turns.take("two", work(1_000));
  await settled();
  expect(begun).toEqual([...numbers(CHANNEL_WEBHOOKS_AT_ONCE), 1_000]);
  for (const number of [...numbers(many), 1_000]) {
    end(number);
    await settled();
  }
  expect(begun.filter((number) => number !== 1_000)).toEqual(numbers(many));
  expect(await Promise.all(flood)).toHaveLength(many);
  expect(await other).toBe(1_000);
});

test("what fails, or has nobody who waits for it, hands its turn on", async () => {
  const turns = new ChannelTurns({ isLate: false });
  const { end, work } = held();
  const gone = AbortSignal.abort(new Error("gone"));
  const first = numbers(CHANNEL_WEBHOOKS_AT_ONCE).map((number) => turns.take("one", work(number)));
  const late = turns.take("one", work(50), { gone });
  const failing = turns.take("one", () => Promise.reject(new Error("failed")));
  const last = turns.take("one", async () => "done");
  await settled();
  end(0);
  await expect(late).rejects.toThrow("gone");
  await expect(failing).rejects.toThrow("failed");
  expect(await last).toBe("done");
  for (const number of numbers(CHANNEL_WEBHOOKS_AT_ONCE)) end(number);
  await Promise.all(first);
});

test("while the thread is late a channel that floods goes on slowly, and one that sends now and then at once", async () => {
  let nowMs = 1_000;
  const turns = new ChannelTurns({ isLate: true }, () => nowMs);
  const { begun, end, work } = held();
  const flood = numbers(6).map((number) => turns.take("one", work(number)));
  await settled();
  expect(begun).toEqual(numbers(CHANNEL_WEBHOOKS_ALWAYS));
  // One has ended, but it is too soon for the next.
  end(0);
  await settled();
  expect(begun).toEqual([0, 1]);
  const quiet = turns.take("two", work(100));
  await settled();
  expect(begun).toEqual([0, 1, 100]);
  nowMs += CHANNEL_LATE_PAUSE_MS;
  end(1);
  await settled();
  expect(begun).toEqual([0, 1, 100, 2]);
  end(100);
  expect(await quiet).toBe(100);
  for (const number of [2, 3, 4, 5]) {
    nowMs += CHANNEL_LATE_PAUSE_MS;
    end(number);
    await settled();
    if (!begun.includes(number + 1) && number < 5) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await Promise.all(flood)).toEqual(numbers(6));
});

test("what is read one after the other gives way while the thread is late, also where nothing else is under way", async () => {
  let nowMs = 1_000;
  const turns = new ChannelTurns({ isLate: true }, () => nowMs);
  const read = (number: number) => turns.take("one", async () => number, { isBacklog: true });
  expect(await read(0)).toBe(0);
  let next: number | null = null;
  const reading = read(1).then((number) => {
    next = number;
  });
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(next).toBeNull();
  nowMs += CHANNEL_LATE_PAUSE_MS;
  await reading;
  expect(next).toBe(1);
});

test("channels that flood beside each other begin in turn", async () => {
  let isLate = false;
  const turns = new ChannelTurns({
    get isLate() {
      return isLate;
    },
  });
  const { begun, end, work } = held();
  const all = [
    ...numbers(CHANNEL_WEBHOOKS_AT_ONCE + 3).map((number) => turns.take("one", work(number))),
    ...numbers(CHANNEL_WEBHOOKS_AT_ONCE + 3).map((number) => turns.take("two", work(100 + number))),
  ];
  await settled();
  const before = begun.length;
  expect(before).toBe(2 * CHANNEL_WEBHOOKS_AT_ONCE);
  isLate = true;
  // Places of both are free, and nothing begins: what has ended is not long ago, and the thread is late.
  for (const number of numbers(CHANNEL_WEBHOOKS_AT_ONCE)) {
    end(number);
    end(100 + number);
  }
  isLate = false;
  await settled();
  await expect.poll(() => begun.length).toBe(before + 6);
  const order = begun.slice(before).map((number) => (number < 100 ? "one" : "two"));
  expect([...order.slice(0, 2)].sort()).toEqual(["one", "two"]);
  for (const number of numbers(CHANNEL_WEBHOOKS_AT_ONCE + 3)) {
    end(number);
    end(100 + number);
  }
  await Promise.all(all);
});

test("a channel is full when so many wait, and not before, and others are not", async () => {
  const turns = new ChannelTurns({ isLate: false });
  const { end, work, begun } = held();
  const some = CHANNEL_WEBHOOKS_AT_ONCE + CHANNEL_WEBHOOKS_WAITING;
  const all = numbers(some - 1).map((number) => turns.take("one", work(number)));
  expect(turns.isFull("one")).toBe(false);
  all.push(turns.take("one", work(some - 1)));
  expect(turns.isFull("one")).toBe(true);
  expect(turns.isFull("two")).toBe(false);
  end(0);
  await settled();
  expect(turns.isFull("one")).toBe(false);
  while (begun.length < some) {
    for (const number of begun) end(number);
    await settled();
  }
  for (const number of begun) end(number);
  await Promise.all(all);
});
