/**
 * `holdfast order` and `holdfast fulfillment` against a real gateway: what they do, print, and how they exit.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WaitingFulfillmentOrder } from "../contract/fulfillment.ts";
import type { ChangeAnswer } from "../contract/order-changes.ts";
import type { OrderSummary, OrderView, TimelineEntry } from "../contract/orders.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { type PackingTable, packingTable } from "../test-support/orders/packing-table.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
let folder: string;
let table: PackingTable;
beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-order-"));
  table = await packingTable(world, "desk-1");
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const holdfast = (...args: readonly string[]) => runAsAdmin(world, args, folder);

async function captured(name: string): Promise<string> {
  const reply = await world.call("POST", "/v1/orders", {
    json: canonicalOrder(name),
    headers: { "idempotency-key": name },
  });
  expect(reply.status, reply.text).toBe(201);
  return reply.json.order;
}

const viewOf = async (id: string): Promise<OrderView> => (await world.call("GET", `/v1/orders/${id}`)).json;

test("lists, shows and follows orders, with options before and behind the name of a subcommand", async () => {
  const listed = jsonLines<OrderSummary>(await holdfast("order", "list", "desk-1", "--json"));
  expect(listed.map(({ id }) => id)).toEqual([table.orderId]);
  expect(
    jsonLines(await holdfast("order", "list", "--channel", "web", "--limit", "1", "--json")),
  ).toHaveLength(1);
  for (const args of [
    ["order", table.orderId],
    ["order", "show", table.orderId],
  ]) {
    const shown = await holdfast(...args);
    expect([shown.status, shown.stderr]).toEqual([0, ""]);
    expect(shown.stdout).toContain(`fulfillment order ${table.id} at `);
    expect(shown.stdout).toContain("order.captured");
  }
  const [view] = jsonLines<OrderView>(await holdfast("order", table.orderId, "--json"));
  expect(view?.fulfillmentOrders).toMatchObject([{ id: table.id }]);
  const entries = jsonLines<TimelineEntry>(await holdfast("order", "timeline", table.orderId, "--json"));
  expect(entries.map(({ type }) => type)).toContain("order.captured");
  expect((await holdfast("order", "revisions", table.orderId)).stdout).toContain("1  ");
});

test("puts an order on hold with a reason, and releases it", async () => {
  const id = await captured("held");
  const held = await holdfast("order", "hold", id, "--reason", "The customer will call back");
  expect([held.status, held.stdout]).toEqual([0, `${id} is on hold.\n`]);
  expect((await viewOf(id)).summary.holdReasons).toMatchObject([{ detail: "The customer will call back" }]);
  expect((await holdfast("order", "list", "--status", "on_hold")).stdout).toContain(id);
  expect((await holdfast("order", "release", id)).stdout).toBe(`${id} goes on.\n`);
  expect((await viewOf(id)).summary.holdReasons).toEqual([]);
});

test("changes an order by a file of edits, and cancels units of a line and all of it", async () => {
  const id = await captured("changed");
  const file = join(folder, "edits.json");
  writeFileSync(file, JSON.stringify([{ kind: "note", note: "Leave it at the door" }]));
  const [changed] = jsonLines<ChangeAnswer>(
    await holdfast("order", "change", id, file, "--revision", "1", "--reason", "asked by phone", "--json"),
  );
  expect(changed).toMatchObject({ status: "done", revision: 2 });
  const stale = await holdfast("order", "change", id, file, "--revision", "1");
  expect([stale.status, stale.stderr.includes("revision")]).toEqual([1, true]);
  const cancelled = await holdfast("order", "cancel", id, "--reason", "Ordered twice");
  expect([cancelled.status, cancelled.stdout]).toEqual([0, `${id} is being cancelled.\n`]);
});

test("packs by hand what the list shows, short of a unit, and prints its slip", async () => {
  const waiting = jsonLines<WaitingFulfillmentOrder>(
    await holdfast("fulfillment", "list", "--location", "east", "--stage", "waiting", "--json"),
  );
  const part = waiting.find(({ id }) => id === table.id);
  expect(part?.lines).toMatchObject([{ holdId: table.holdId, quantity: 3 }]);
  const slip = join(folder, "slip.pdf");
  const printed = await holdfast("fulfillment", "slip", table.id, "--output", slip);
  expect([printed.status, printed.stderr]).toEqual([0, ""]);
  expect(readFileSync(slip).subarray(0, 5).toString()).toBe("%PDF-");
  const held = await holdfast("fulfillment", "hold", table.id, "--reason", "The shelf is blocked");
  expect([held.status, held.stdout]).toEqual([0, `done: ${table.id}\n`]);
  expect((await holdfast("fulfillment", "pack", table.id)).status).toBe(1);
  expect((await holdfast("fulfillment", "release", table.id)).status).toBe(0);
  const packed = await holdfast(
    ...["fulfillment", "pack", table.id, "--line", `${table.holdId}=2`, "--short-reason", "not_found"],
  );
  expect([packed.status, packed.stdout, packed.stderr]).toEqual([
    0,
    `${table.id} is packed with what was found; the rest comes from elsewhere.\n`,
    "",
  ]);
  expect([await table.stage(), await table.pickedUnits()]).toEqual(["packed", 2]);
});

test.each([
  [["order", "show", "web-nobody"], 1, "not_found"],
  [["order"], 2, "missing the id of an order"],
  [["order", "hold", "web-1"], 2, "--reason"],
  [["order", "cancel", "web-1", "--reason", "x", "--line", "2"], 2, '--line must be two things with a "="'],
  [["order", "cancel", "web-1", "--reason", "x", "--line", "2=all"], 2, "--line must be a whole number"],
  [["order", "change", "web-1", "no-such-file"], 2, "no-such-file"],
  [["fulfillment", "pack", "web-nobody-F1"], 1, "not_found"],
  [["fulfillment", "reschedule", "web-nobody-F1", "tomorrow"], 1, "invalid_request"],
])("refuses %j with status %d and a reason", async (args, status, reason) => {
  const outcome = await holdfast(...args);
  expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
  expect(outcome.stderr).toContain(reason);
});

test("an order is quoted before it is sent, and what cannot be is said by the exit status", async () => {
  const file = join(folder, "draft.json");
  const { id: _, ...draft } = canonicalOrder("draft", { lines: [{ sku: "TEE-1", quantity: 2 }] });
  writeFileSync(file, JSON.stringify(draft));
  const quoted = await holdfast("order", "quote", file, "--channel", "web");
  expect([quoted.status, quoted.stderr]).toEqual([0, ""]);
  expect(quoted.stdout).toContain("accepted");
  expect(quoted.stdout).toMatch(/TEE-1 +2 +\d+ +0 +east 2/);
  expect(quoted.stdout).toContain("total 39.98 USD");
  writeFileSync(file, JSON.stringify({ ...draft, lines: [{ sku: "TEE-1", quantity: 99_999 }] }));
  const short = await holdfast("order", "quote", file, "--channel", "web");
  expect(short.status).toBe(1);
  expect(short.stdout).toContain("insufficient_stock");
  writeFileSync(file, JSON.stringify({ ...draft, lines: [{ sku: "TEE-1", quantity: 999_999 }] }));
  expect((await holdfast("order", "quote", file)).stderr).toContain("expected a quantity of 1 to 100000");
  writeFileSync(file, "{");
  expect((await holdfast("order", "quote", file)).stderr).toContain("cannot be read as a JSON order");
});
