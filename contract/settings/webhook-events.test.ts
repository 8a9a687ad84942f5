/** The list of what webhooks tell of is whole: held against the sources that write timelines. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Value } from "typebox/value";
import { expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { CARRIER_STATUSES } from "../../orders/claim.ts";
import { TRACKING_STATUSES } from "../../ports/carriers.ts";
import { WEBHOOK_EVENT_TYPES } from "./webhook-events.ts";

const AREAS =
  /["'`]((?:order|payment|refund|return|store_credit|shipment|fulfillment|claim|stock|notification|channel|saga)\.[a-z_]+)["'`]/g;
/** Not of timelines: columns in SQL, an act of the audit log, the link of a page. */
const OTHERS = new Set([
  "fulfillment.assigned",
  "shipment.delivered_at",
  "shipment.shipped_at",
  "stock.commanded",
]);

const known = new Set(WEBHOOK_EVENT_TYPES.map(({ type }) => type));

test("every type that the sources write into timelines is in the list", () => {
  const folders = ["orders", "operations", "workflows", "store", "devices"];
  const written = new Set<string>();
  for (const folder of folders)
    for (const file of readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts") || file.includes("test")) continue;
      const source = readFileSync(join(projectRoot, folder, file), "utf8");
      for (const [, type] of source.matchAll(AREAS)) if (type !== undefined) written.add(type);
    }
  expect(written.size).toBeGreaterThan(80);
  expect([...written].filter((type) => !known.has(type) && !OTHERS.has(type))).toEqual([]);
});

test("those that are put together are there, too", () => {
  const made = [
    ...TRACKING_STATUSES.flatMap((status) => [`shipment.${status}`, `return.parcel_${status}`]),
    ...CARRIER_STATUSES.filter((status) => status !== "none").map((status) => `claim.carrier_${status}`),
  ];
  expect(made.filter((type) => !known.has(type))).toEqual([]);
});

test.each(WEBHOOK_EVENT_TYPES.map((each) => [each.type, each] as const))(
  "%s has an example that its schema takes",
  (_type, { data, example, meaning }) => {
    expect(Value.Check(data, example)).toBe(true);
    expect(meaning).toMatch(/\.$/);
  },
);

test("a type is there once", () => {
  expect(known.size).toBe(WEBHOOK_EVENT_TYPES.length);
});
