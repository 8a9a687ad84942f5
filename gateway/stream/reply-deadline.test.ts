import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ReplyDeadlines } from "./reply-deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const message = (name: string) => ({ name });

test("what has no reply in time is told so once, and its reply comes too late", () => {
  const late: string[] = [];
  const deadlines = new ReplyDeadlines<{ name: string }>(1_000, ({ name }) => late.push(name));
  const [first, second, third] = [message("first"), message("second"), message("third")];
  deadlines.owe(first);
  deadlines.owe(second);
  vi.advanceTimersByTime(400);
  deadlines.owe(third);
  expect(deadlines.settle(first)).toBe(true);
  vi.advanceTimersByTime(599);
  expect(late).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(late).toEqual(["second"]);
  expect(deadlines.settle(second)).toBe(false);
  expect(deadlines.isOwed(third)).toBe(true);
  vi.advanceTimersByTime(400);
  expect(late).toEqual(["second", "third"]);
});

test("it waits again for what comes after a while without any, and for nothing once it is stopped", () => {
  const late: string[] = [];
  const deadlines = new ReplyDeadlines<{ name: string }>(1_000, ({ name }) => late.push(name));
  const first = message("first");
  deadlines.owe(first);
  deadlines.settle(first);
  vi.advanceTimersByTime(5_000);
  deadlines.owe(message("second"));
  vi.advanceTimersByTime(1_001);
  expect(late).toEqual(["second"]);
  deadlines.owe(message("third"));
  deadlines.stop();
  vi.advanceTimersByTime(5_000);
  expect(late).toEqual(["second"]);
});
