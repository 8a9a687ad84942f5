/**
 * One fact, one writer. The compiler cannot see that no other file writes a table or a column, so this reads
 * the statements in the sources.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";

const ROOMS = ["cli", "devices", "engine", "gateway", "integrations", "operations", "store", "workflows"];

const sources = ROOMS.flatMap((room) =>
  readdirSync(join(projectRoot, room), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => ({
      name: `${room}/${name}`,
      text: readFileSync(join(projectRoot, room, name), "utf8"),
    })),
);

const writersOf = (statement: RegExp) =>
  sources.filter(({ text }) => statement.test(text)).map(({ name }) => name);

test("the timeline is written in one place", () => {
  expect(writersOf(/insert into order_event\b/)).toEqual(["store/orders/timeline.ts"]);
});

test("the audit log is written in one place", () => {
  expect(writersOf(/(?:insert into|update|delete from) audit_\w+/)).toEqual([
    "store/audit-log/record-audit.ts",
  ]);
});

test("the outbox is written in one place", () => {
  expect(writersOf(/insert into outbox\b/)).toEqual(["store/outbox.ts"]);
});

test("money after the sale is written in one place each", () => {
  expect(writersOf(/(?:insert into|update) refund\b/)).toEqual(["store/refunds/refunds.ts"]);
  expect(writersOf(/(?:insert into|update) store_credit_/)).toEqual(["store/refunds/store-credit.ts"]);
  expect(writersOf(/(?:insert into|update) claim\b/)).toEqual(["store/refunds/claims.ts"]);
});

test("what payment providers tell is written in one place each", () => {
  expect(writersOf(/(?:insert into|update|delete from) payment_(?:event|dispute)\b/)).toEqual([
    "store/orders/payment-events.ts",
  ]);
  expect(writersOf(/(?:insert into|update) payment_transaction\b/)).toEqual(["store/orders/payments.ts"]);
});

test("ledgers are written in one place", () => {
  const ledger = [
    "cancelled",
    "allocated",
    "fulfilled",
    "shipped",
    "delivered",
    "return_\\w+",
    "written_off",
  ];
  const update = new RegExp(`update order_line\\b[^\`]*?\\b(?:${ledger.join("|")}) =`);
  expect(writersOf(/insert into order_line\b/)).toEqual(["store/orders/order-progress.ts"]);
  expect(writersOf(update)).toEqual(["store/orders/order-progress.ts"]);
});

test("an order's statuses are named for writing in one place", () => {
  const statuses =
    /update orders\b[^`]*?\b(?:status|payment_status|fulfillment_status|return_status|hold_reasons) =/;
  expect(writersOf(statuses)).toEqual(["store/orders/order-progress.ts"]);
});
