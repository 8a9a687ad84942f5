import { expect, test } from "vitest";
import { causeLink } from "./cause-link.ts";

test.each([
  ["order web-7", null, "/orders/web-7"],
  ["return web-7-R1", null, "/returns/web-7-R1"],
  ["web-7", "web-7:1:fc-reno", "/orders/web-7"],
  ["order etsy-1/2 #3", null, "/orders/etsy-1%2F2%20%233"],
])("the cause %j of hold %j is at %s", (cause, holdId, path) => {
  expect(causeLink(cause, holdId)).toBe(path);
});

test.each([
  ["stock correction", null],
  ["PO 4711", "hand:1"],
  ["staff:p1", "web-7:1:fc-reno"],
])("the cause %j of hold %j has no page", (cause, holdId) => {
  expect(causeLink(cause, holdId)).toBeNull();
});
