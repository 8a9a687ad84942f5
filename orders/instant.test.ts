import { expect, test } from "vitest";
import { readInstant } from "./instant.ts";

test("a moment is read in whatever zone it is told", () => {
  expect(readInstant("2026-11-20T09:12:44-05:00")).toBe("2026-11-20T14:12:44.000Z");
  expect(readInstant("1970-01-01")).toBe("1970-01-01T00:00:00.000Z");
  expect(readInstant("2999-12-31T23:59:59.999Z")).toBe("2999-12-31T23:59:59.999Z");
});

test("what is no moment, or one that the store cannot hold, is none", () => {
  for (const text of [
    "",
    "soon",
    "2026-13-01",
    "1969-12-31T23:59:59.999Z",
    "3000-01-01T00:00:00Z",
    "-000001-01-01T00:00:00Z",
    "+275760-09-13T00:00:00.000Z",
  ]) {
    expect(readInstant(text), text).toBeUndefined();
  }
});
