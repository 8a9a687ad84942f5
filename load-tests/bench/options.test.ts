import { expect, test } from "vitest";
import { HELP, readOptions, UsageError, wants, wantsBaseline } from "./options.ts";

test("without a subject it is the bench of reservations, with one that of whole orders", () => {
  expect(readOptions([])).toMatchObject({ subject: "reservations", name: "local-full", quick: false });
  expect(readOptions(["orders", "--quick", "--json"])).toMatchObject({
    subject: "orders",
    name: "local-quick-orders",
    quick: true,
    json: true,
  });
  expect(readOptions(["orders", "--name", "mine"])).toMatchObject({ name: "mine" });
  expect(readOptions(["--help"])).toBeNull();
});

test("each bench has its own parts", () => {
  const orders = readOptions(["orders", "--only", "complete"]);
  expect(orders !== null && wants(orders, "complete")).toBe(true);
  expect(orders !== null && wants(orders, "capture")).toBe(false);
  expect(() => readOptions(["orders", "--only", "crash"])).toThrow(UsageError);
  expect(() => readOptions(["--only", "complete"])).toThrow(UsageError);
  expect(() => readOptions(["orders", "--only", "capture,beside"])).toThrow("with complete orders");
  expect(readOptions(["orders", "--only", "complete,beside"])).toMatchObject({
    only: ["complete", "beside"],
  });
});

test("baselines of whole orders are in the full form, and in the quick one where they are named", () => {
  const has = (...args: readonly string[]): boolean => {
    const options = readOptions(["orders", ...args]);
    return options !== null && wantsBaseline(options, "vendure");
  };
  expect(has()).toBe(true);
  expect(has("--quick")).toBe(false);
  expect(has("--quick", "--only", "vendure")).toBe(true);
  expect(has("--only", "capture")).toBe(false);
});

test("what it does not know is named", () => {
  expect(() => readOptions(["returns"])).toThrow("there is no bench of returns");
  expect(() => readOptions(["orders", "twice"])).toThrow("there is no bench of orders twice");
  expect(() => readOptions(["orders", "--profile", "x"])).toThrow("--profile");
});

test("the help names both benches", () => {
  expect(HELP).toContain("npm run bench -- orders");
});
