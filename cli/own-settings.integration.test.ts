/** `holdfast custom-field` and `holdfast hold-reason` against a real gateway. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrderSummary } from "../contract/orders.ts";
import type { CustomFieldView } from "../contract/settings/custom-fields.ts";
import type { HoldReasonView } from "../contract/settings/hold-reasons.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
let folder: string;
beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-own-settings-"));
});
afterAll(async () => {
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

const holdfast = (...args: readonly string[]) => runAsAdmin(world, args, folder);

test("fields are defined, changed, filled in by their types, and retired", async () => {
  const season = ["custom-field", "create", "product", "season", "--label", "Season", "--type", "choice"];
  expect((await holdfast(...season, "--choice", "Summer", "--choice", "Winter")).stdout).toContain("in use");
  await holdfast("custom-field", "create", "product", "heavy", "--label", "Heavy", "--type", "boolean");
  const updated = await holdfast(
    "custom-field",
    "update",
    "product",
    "season",
    "--label",
    "Sold in",
    "--json",
  );
  expect(jsonLines<CustomFieldView>(updated)).toMatchObject([
    { label: "Sold in", choices: ["Summer", "Winter"] },
  ]);
  const set = await holdfast(
    "custom-field",
    "set",
    "product",
    "TEE-1",
    "season=Winter",
    "heavy=no",
    "--json",
  );
  expect(jsonLines(set)).toEqual([{ customFields: { season: "Winter", heavy: false } }]);
  expect(jsonLines(await holdfast("custom-field", "set", "product", "TEE-1", "heavy=", "--json"))).toEqual([
    { customFields: { season: "Winter" } },
  ]);
  const wrong = await holdfast("custom-field", "set", "product", "TEE-1", "season=Spring");
  expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining("custom_field_invalid")]);
  expect((await holdfast("custom-field", "set", "order", "web-1", "a=b")).status).toBe(2);
  expect((await holdfast("custom-field", "disable", "product", "season")).stdout).toContain("retired");
  const [listed] = jsonLines<CustomFieldView>(
    await holdfast("custom-field", "list", "--of", "product", "--json"),
  );
  expect(listed).toMatchObject({ key: "season", active: false });
  const needed = await holdfast("custom-field", "create", "order", "x", "--label", "X");
  expect([needed.status, needed.stderr]).toEqual([2, expect.stringContaining("--type")]);
});

test("hold reasons are made, changed, put on an order, found by, and switched off", async () => {
  const fraud = [
    "hold-reason",
    "create",
    "fraud_check",
    "--label",
    "Fraud check",
    "--released-by",
    "finance",
  ];
  expect((await holdfast(...fraud)).status).toBe(0);
  const updated = await holdfast("hold-reason", "update", "fraud_check", "--keeps-stock", "no", "--json");
  expect(jsonLines<HoldReasonView>(updated)).toMatchObject([{ keepsStock: false, releasedBy: ["finance"] }]);
  await world.call("POST", "/v1/orders", {
    json: canonicalOrder("cli-held"),
    headers: { "idempotency-key": "cli-held" },
  });
  expect((await holdfast("order", "hold", "web-cli-held", "--own-reason", "fraud_check")).status).toBe(0);
  const found = jsonLines<OrderSummary>(await holdfast("order", "list", "--hold", "fraud_check", "--json"));
  expect(found.map(({ id }) => id)).toEqual(["web-cli-held"]);
  const nobody = await holdfast("order", "hold", "web-cli-held");
  expect([nobody.status, nobody.stderr]).toEqual([2, expect.stringContaining("--own-reason is missing")]);
  expect((await holdfast("hold-reason", "disable", "fraud_check")).stdout).toContain("off");
  expect((await holdfast("hold-reason", "list")).stdout).toContain("given back");
});
