import { expect, test } from "vitest";
import { RecentLetters } from "./recent-letters.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

/** How many letters are written of messages that come one after the other. */
async function lettersOf(
  ...messages: readonly (readonly [topic: string, payload: Buffer])[]
): Promise<number> {
  const letters = new RecentLetters();
  let written = 0;
  for (const [topic, payload] of messages)
    await letters.once(topic, payload, async () => {
      written += 1;
    });
  return written;
}

test("a message that comes again is the same, wherever its device repeats from by now", async () => {
  const first = bytes('{"seq":9,"from":2,"ts":"yesterday"}');
  const again = bytes('{"seq":9,"from":8,"ts":"yesterday"}');
  expect(await lettersOf(["t", first], ["t", first], ["t", again])).toBe(1);
  expect(await lettersOf(["t", first], ["another", first])).toBe(2);
});

test("also where it is no JSON", async () => {
  const ending = (text: string, last: number) => Buffer.concat([bytes(text), Buffer.from([0xff, last])]);
  const first = ending('{"seq":9, "from" : 2, ', 0xfe);
  expect(await lettersOf(["t", first], ["t", ending('{"seq":9, "from" : 5, ', 0xfe)])).toBe(1);
  expect(await lettersOf(["t", first], ["t", ending('{"seq":9, "from" : 5, ', 0xfd)])).toBe(2);
});

test("one that comes again while it is being written waits for that, and is written again where that fails", async () => {
  const letters = new RecentLetters();
  let written = 0;
  let fails = true;
  const write = async (): Promise<void> => {
    written += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (fails) throw new Error("away");
  };
  const say = (from: number) => letters.once("t", bytes(`{"seq":9,"from":${from}}`), write);
  expect((await Promise.allSettled([say(2), say(8)])).map(({ status }) => status)).toEqual([
    "rejected",
    "rejected",
  ]);
  fails = false;
  await Promise.all([say(2), say(8)]);
  await say(9);
  expect(written).toBe(2);
});

test.each([
  ["another number", '{"seq":10,"from":2}'],
  ["a number that only looks the same to a parser", '{"seq":9007199254740993,"from":2}'],
  ["no number to repeat from", '{"seq":9,"from":"2"}'],
  ["a fraction of one", '{"seq":9,"from":2.5}'],
])("a message with %s is another one", async (_what, text) => {
  const known = [bytes('{"seq":9,"from":2}'), bytes('{"seq":9007199254740992,"from":2}')];
  expect(await lettersOf(...known.map((each) => ["t", each] as const), ["t", bytes(text)])).toBe(3);
});
