import { expect, test } from "vitest";
import { WorkInHand } from "./work-in-hand.ts";

const limits = { ofCaller: { requests: 3, bytes: 100 }, ofAll: { requests: 5, bytes: 1_000 } };

test("a caller has so many requests and bytes in work, and no more until one is done", () => {
  const work = new WorkInHand(limits);
  const first = work.take("a", 60);
  expect(first.full).toBeNull();
  expect(work.take("a", 60).full).toBe("caller");
  const second = work.take("a", 40);
  expect(second.full).toBeNull();
  expect(work.take("a", 0).full).toBeNull();
  expect(work.take("a", 0).full).toBe("caller");
  second.done();
  expect(work.take("a", 40).full).toBeNull();
});

test("others are not kept out by one, but by all of them together", () => {
  const work = new WorkInHand(limits);
  for (const caller of ["a", "a", "a", "b", "b"]) expect(work.take(caller, 1).full).toBeNull();
  expect(work.take("c", 1).full).toBe("all");
});

test("who has nothing in work is let in with any body", () => {
  const work = new WorkInHand(limits);
  const large = work.take("a", 500);
  expect(large.full).toBeNull();
  expect(work.take("a", 0).full).toBe("caller");
  large.done();
  expect(work.take("a", 0).full).toBeNull();
});
