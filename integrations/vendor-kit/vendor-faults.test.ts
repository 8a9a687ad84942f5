import { expect, test } from "vitest";
import { faultOf, retryAfterMs } from "./vendor-faults.ts";

const headers = (entries: Record<string, string>) => new Headers(entries);

test("Retry-After is read in seconds and as a date by the service's own clock", () => {
  expect(retryAfterMs(headers({ "retry-after": "3" }))).toBe(3_000);
  expect(retryAfterMs(headers({ "retry-after": "1.5" }))).toBe(1_500);
  const date = "Mon, 30 Nov 2026 10:00:00 GMT";
  const after = headers({ "retry-after": "Mon, 30 Nov 2026 10:00:20 GMT", date });
  expect(retryAfterMs(after, 0)).toBe(20_000);
  expect(retryAfterMs(headers({ "retry-after": date }), Date.parse(date) - 5_000)).toBe(5_000);
  expect(retryAfterMs(headers({ "retry-after": date }), Date.parse(date) + 5_000)).toBe(0);
});

test("a pause that is absent, senseless or too long does not stop the work for ever", () => {
  expect(retryAfterMs(headers({}))).toBeNull();
  expect(retryAfterMs(headers({ "retry-after": "soon" }))).toBeNull();
  expect(retryAfterMs(headers({ "retry-after": "999999999" }))).toBe(86_400_000);
});

test("a status is a fault with the code that says what to do, or an answer", () => {
  const fault = (status: number, more: Record<string, string> = {}) =>
    faultOf("shop", "GET /orders", { status, headers: headers(more) });
  expect(fault(429, { "retry-after": "2" })).toMatchObject({
    code: "rate_limited",
    retryable: true,
    status: 429,
    retryAfterMs: 2_000,
    message: "shop answered GET /orders with 429",
  });
  expect(fault(503)).toMatchObject({ code: "unavailable", retryable: true, retryAfterMs: null });
  expect(fault(401, { "retry-after": "2" })).toMatchObject({
    code: "unauthorized",
    retryable: false,
    retryAfterMs: null,
  });
  expect(fault(403)).toMatchObject({ code: "unauthorized" });
  expect(fault(408)).toMatchObject({ code: "timeout", retryable: true });
  for (const status of [200, 201, 204, 400, 404, 409, 422]) expect(fault(status)).toBeNull();
});

test("a vendor's own pause goes before Retry-After", () => {
  const reply = { status: 429, headers: headers({ "retry-after": "9" }) };
  expect(faultOf("shop", "GET /", reply, 250)).toMatchObject({ retryAfterMs: 250 });
});
