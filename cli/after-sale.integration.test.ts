/** `holdfast refund`, `claim`, `store-credit`, and the return desk's own commands, against a real gateway. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClaimView } from "../contract/claims.ts";
import type { OrderRefunds, RefundView } from "../contract/refunds.ts";
import type { ReturnRulesView, ScanResult } from "../contract/returns.ts";
import type { StoreCreditSummary, StoreCreditView } from "../contract/store-credit.ts";
import { adding } from "../orders/line-ledger.ts";
import { changeOrder, lockOrder } from "../store/orders/order-progress.ts";
import { inTransaction } from "../store/sql/database.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { packingTable } from "../test-support/orders/packing-table.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
let folder: string;
beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-after-sale-"));
});
afterAll(async () => {
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

const holdfast = (...args: readonly string[]) => runAsAdmin(world, args, folder);

/** An order of 19.99 that was charged, with a parcel that has left. */
async function sentOrder(id: string): Promise<string> {
  const headers = { "idempotency-key": id };
  const { json } = await world.call("POST", "/v1/orders", { json: canonicalOrder(id), headers });
  const order: string = json.order;
  await world.database.query(
    `insert into payment (order_id, provider, reference, currency, authorized_minor, captured_minor, status)
     values ($1, 'stripe', 'pi', 'USD', 1999, 1999, 'paid')`,
    [order],
  );
  return order;
}

test("money is given back, shown by order and by itself, and what is declined or due is acted on", async () => {
  const order = await sentOrder("cli-refund");
  const given = await holdfast(
    ...["refund", "create", order, "--amount-minor", "500", "--reason", "appeasement", "--json"],
  );
  expect([given.status, given.stderr]).toEqual([0, ""]);
  const [refund] = jsonLines<RefundView>(given);
  const id = refund?.id ?? expect.fail("no refund was made");
  const [left] = jsonLines<OrderRefunds>(await holdfast("refund", "order", order, "--json"));
  expect(left).toMatchObject({ leftMinor: 1_499, refunds: [{ id, amountMinor: 500 }] });
  expect((await holdfast("refund", "list")).stdout).toContain(id);
  expect((await holdfast("refund", "show", id)).stdout).toContain("5.00 USD");
  const retried = await holdfast("refund", "retry", id, "--json");
  expect([retried.status, retried.stderr]).toEqual([1, expect.stringContaining("refund_not_failed")]);
  const needed = await holdfast("refund", "create", order, "--reason", "goodwill");
  expect([needed.status, needed.stderr]).toEqual([2, expect.stringContaining("--amount-minor")]);
});

test("store credit is given with a code that is told once, applied, taken off, and taken back", async () => {
  const credit = ["--email", "ada@example.com", "--currency", "USD", "--amount-minor", "1250"];
  const issued = await holdfast("store-credit", "create", ...credit, "--note", "Sorry");
  expect(issued.stdout).toMatch(/12\.50 USD[\s\S]*code {2}\S+/);
  const [account] = jsonLines<StoreCreditSummary>(await holdfast("store-credit", "list", "ada@", "--json"));
  const id = account?.id ?? expect.fail("there is no account");
  const order = `web-cli-credit`;
  await world.call("POST", "/v1/orders", {
    json: canonicalOrder("cli-credit"),
    headers: { "idempotency-key": "cli-credit" },
  });
  const applied = await holdfast("store-credit", "apply", order, "--account", id, "--amount-minor", "200");
  expect([applied.status, applied.stderr]).toEqual([0, ""]);
  expect((await holdfast("store-credit", "unapply", order)).status).toBe(0);
  const taken = await holdfast("store-credit", "withdraw", id, "--amount-minor", "250", "--note", "Too much");
  expect(taken.status).toBe(0);
  const [shown] = jsonLines<StoreCreditView>(await holdfast("store-credit", "show", id, "--json"));
  expect(shown).toMatchObject({
    balanceMinor: 1_000,
    entries: [-250, 200, -200, 1_250].map((amountMinor) => ({ amountMinor })),
  });
});

/** Three shirts in a parcel that has left. */
async function sentParcel(name: string): Promise<{ readonly order: string; readonly shipment: string }> {
  const { orderId, id, pick } = await packingTable(world, name);
  await pick("device:robot-1", `pick:${name}`);
  await inTransaction(world.database, async (client) => {
    const locked = (await lockOrder(client, orderId)) ?? expect.fail("there is no order");
    await changeOrder(client, locked, {
      ledger: adding([{ lineId: "1", quantity: 3 }], "fulfilled", "shipped"),
    });
  });
  await world.database.query(
    `insert into payment (order_id, provider, reference, currency, authorized_minor, captured_minor, status)
     values ($1, 'stripe', 'pi', 'USD', 5997, 5997, 'paid')`,
    [orderId],
  );
  const shipment = `${id}-S1`;
  await world.database.query(
    `insert into shipment (id, order_id, fulfillment_order_id, carrier_provider, carrier_shipment_id, carrier, service,
       tracking_number, cost_minor, currency, weight_grams, label_zpl, label_pdf, shipped_at)
     values ($1, $2, $3, 'x', 'x', 'UPS', 'Ground', $1, 1, 'USD', 1, '', '', now())`,
    [shipment, orderId, id],
  );
  return { order: orderId, shipment };
}

test("a claim is opened about a parcel, paid back, asked of the carrier, and decided once", async () => {
  const { order, shipment } = await sentParcel("cli-claim");
  const none = await holdfast("claim", "create", order, "--shipment", "none", "--kind", "lost");
  expect([none.status, none.stderr]).toEqual([1, expect.stringContaining("shipment_not_found")]);
  const opened = await holdfast(
    ...["claim", "create", order, "--shipment", shipment, "--kind", "lost", "--line", "1=2", "--json"],
  );
  expect([opened.status, opened.stderr]).toEqual([0, ""]);
  const [claim] = jsonLines<ClaimView>(opened);
  const id = claim?.id ?? expect.fail("no claim was opened");
  expect(claim).toMatchObject({ kind: "lost", status: "open", lines: [{ lineId: "1", quantity: 2 }] });
  const odd = await holdfast("claim", "receive", id, "--line", "1=two");
  expect([odd.status, odd.stderr]).toEqual([2, expect.stringContaining("2/0")]);
  const early = await holdfast("claim", "carrier", id, "--status", "filed");
  expect([early.status, early.stderr]).toEqual([1, expect.stringContaining("carrier_claim_impossible")]);
  expect((await holdfast("claim", "refund", id)).stdout).toContain("refunded");
  const filed = await holdfast("claim", "carrier", id, "--status", "filed", "--reference", "4711", "--json");
  expect(jsonLines<ClaimView>(filed)).toMatchObject([{ carrierStatus: "filed", carrierReference: "4711" }]);
  expect((await holdfast("claim", "list", "--carrier-status", "filed")).stdout).toContain(id);
  const late = await holdfast("claim", "reject", id, "--note", "It was found");
  expect([late.status, late.stderr]).toEqual([1, expect.stringContaining("claim_decided")]);
  const [scanned] = jsonLines<ScanResult>(await holdfast("return", "scan", order, "--json"));
  expect(scanned).toMatchObject({ kind: "order", orderId: order, returnId: null });
  const exchanged = await holdfast("return", "exchange", "none", "--item", "TEE-1=1");
  expect([exchanged.status, exchanged.stderr]).toEqual([1, expect.stringMatching(/not_found/)]);
});

test("a channel's return rules are shown as a file, set from one, and not over what somebody else has set", async () => {
  const shown = await holdfast("return", "rules", "show", "web", "--json");
  const [rules] = jsonLines<ReturnRulesView>(shown);
  const file = join(folder, "rules.json");
  writeFileSync(file, JSON.stringify({ ...rules, windowDays: 45 }));
  const set = await holdfast("return", "rules", "set", "web", file, "--json");
  expect([set.status, set.stderr]).toEqual([0, ""]);
  expect(jsonLines<ReturnRulesView>(set)).toMatchObject([{ windowDays: 45 }]);
  writeFileSync(file, JSON.stringify({ ...rules, windowDays: 50 }));
  const late = await holdfast("return", "rules", "set", "web", file);
  expect([late.status, late.stderr]).toEqual([1, expect.stringContaining("setting_changed")]);
  const missing = await holdfast("return", "rules", "set", "web", join(folder, "none.json"));
  expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining("none.json")]);
});
