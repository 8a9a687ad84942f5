/** Amazon's limits as our side keeps them. */
import { expect, test } from "vitest";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { createPace } from "./pace.ts";

const limit = (perSecond: string) => new Headers({ "x-amzn-RateLimit-Limit": perSecond });

test("a burst goes at once, and then the caller is told when to come again", async () => {
  let nowMs = 0;
  const pace = createPace(() => nowMs);
  for (let call = 0; call < 20; call += 1) await pace.turn("searchOrders");
  const fault = await pace.turn("searchOrders").catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(ServiceFault);
  expect(fault).toMatchObject({ code: "rate_limited", retryable: true });
  const waitMs = (fault as ServiceFault).retryAfterMs ?? 0;
  expect(waitMs).toBeCloseTo(1_000 / 0.0056, -2);
  // Other operations have their own, and the wait is as long as was said.
  await pace.turn("getOrder2026");
  nowMs += waitMs;
  await pace.turn("searchOrders");
});

test("what Amazon says of an operation counts from then on; what is no number does not", async () => {
  let nowMs = 0;
  const pace = createPace(() => nowMs);
  expect(pace.intervalMs("searchOrders")).toBe(178_572);
  for (const nothing of ["", "0", "-1", "many"]) pace.told("searchOrders", limit(nothing));
  expect(pace.intervalMs("searchOrders")).toBe(178_572);
  pace.told("searchOrders", limit("0.5"));
  expect(pace.intervalMs("searchOrders")).toBe(2_000);
  for (let call = 0; call < 20; call += 1) await pace.turn("searchOrders");
  nowMs += 2_000;
  await pace.turn("searchOrders");
});
