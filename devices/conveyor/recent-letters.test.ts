import { expect, test } from "vitest";
import { RecentLetters } from "./recent-letters.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

test("a message that comes again is the same, wherever its device repeats from by now", () => {
  const letters = new RecentLetters();
  letters.add("t", bytes('{"seq":9,"from":2,"ts":"yesterday"}'));
  expect(letters.isNew("t", bytes('{"seq":9,"from":2,"ts":"yesterday"}'))).toBe(false);
  expect(letters.isNew("t", bytes('{"seq":9,"from":8,"ts":"yesterday"}'))).toBe(false);
  expect(letters.isNew("another", bytes('{"seq":9,"from":2,"ts":"yesterday"}'))).toBe(true);
});

test("also where it is no JSON", () => {
  const letters = new RecentLetters();
  letters.add("t", Buffer.concat([bytes('{"seq":9, "from" : 2, '), Buffer.from([0xff, 0xfe])]));
  const again = (last: number) => Buffer.concat([bytes('{"seq":9, "from" : 5, '), Buffer.from([0xff, last])]);
  expect(letters.isNew("t", again(0xfe))).toBe(false);
  expect(letters.isNew("t", again(0xfd))).toBe(true);
});

test.each([
  ["another number", '{"seq":10,"from":2}'],
  ["a number that only looks the same to a parser", '{"seq":9007199254740993,"from":2}'],
  ["no number to repeat from", '{"seq":9,"from":"2"}'],
  ["a fraction of one", '{"seq":9,"from":2.5}'],
])("a message with %s is another one", (_what, text) => {
  const letters = new RecentLetters();
  letters.add("t", bytes('{"seq":9,"from":2}'));
  letters.add("t", bytes('{"seq":9007199254740992,"from":2}'));
  expect(letters.isNew("t", bytes(text))).toBe(true);
});
