/** `holdfast stock` and `holdfast product kit` against a real gateway: what people do to stock. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProductComponents } from "../contract/catalog.ts";
import type { StockRow } from "../contract/stock.ts";
import { addLocation, addProducts, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
let folder: string;
beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-stock-"));
  await addProducts(world.database, "LAMP-1", "SET-1");
  await addLocation(world.database, "west");
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const holdfast = (...args: readonly string[]) => runAsAdmin(world, args, folder);
const stock = (...args: readonly string[]) => holdfast("stock", ...args);

async function position(location: string): Promise<StockRow | undefined> {
  await world.engine.projected();
  const rows = jsonLines<StockRow>(await stock("list", "LAMP-1", "--location", location, "--json"));
  return rows[0];
}

test("goods are received, corrected, counted, set apart and sent to another place, each once", async () => {
  for (const _ of [1, 2])
    expect((await stock("receive", "LAMP-1", "east", "50", "--id", "GR-1")).stdout).toContain(
      "now 50 on hand",
    );
  expect(
    (await stock("adjust", "LAMP-1", "east", "-3", "--reason", "broken", "--id", "A-1")).stdout,
  ).toContain("now 47 on hand");
  const counted = await stock("count", "LAMP-1", "east", "45", "--reason", "cycle count", "--id", "CC-1");
  expect([counted.status, counted.stdout.includes("Its number is CC-1.")]).toEqual([0, true]);
  expect((await stock("quarantine", "LAMP-1", "east", "5", "--reason", "damp")).status).toBe(0);
  expect(await position("east")).toMatchObject({ onHand: 45, unavailable: 5, availableToPromise: 40 });
  expect((await stock("release-quarantine", "LAMP-1", "east", "5", "--reason", "damp")).status).toBe(0);
  expect((await stock("safety-stock", "LAMP-1", "east", "4")).stdout).toContain("41 to promise");

  const sent = await stock(
    "transfer-out",
    "LAMP-1",
    "east",
    "west",
    "20",
    "--due",
    "2026-12-03",
    "--id",
    "TR-1",
  );
  expect([sent.status, sent.stderr]).toEqual([0, ""]);
  expect(await position("west")).toMatchObject({ onHand: 0, incoming: 20 });
  expect((await stock("transfer-in", "LAMP-1", "west", "TR-1", "19", "--close")).status).toBe(0);
  expect(await position("west")).toMatchObject({ onHand: 19, incoming: 0 });

  expect(
    (await stock("expect", "LAMP-1", "west", "9", "--reference", "PO-1", "--due", "2026-12-09")).status,
  ).toBe(0);
  expect(await position("west")).toMatchObject({ incoming: 9 });
  expect((await stock("cancel-expected", "LAMP-1", "west", "--reference", "PO-1")).status).toBe(0);
  expect(await position("west")).toMatchObject({ incoming: 0 });
});

test("a kit is made of products, and is none again", async () => {
  const [kit] = jsonLines<ProductComponents>(
    await holdfast("product", "kit", "SET-1", "--component", "LAMP-1=2", "--component", "MUG-1=1", "--json"),
  );
  expect(kit?.components).toEqual([
    { sku: "LAMP-1", quantity: 2 },
    { sku: "MUG-1", quantity: 1 },
  ]);
  expect((await holdfast("product", "kit", "SET-1")).stdout).toBe("SET-1 is no kit.\n");
});

test.each([
  [["adjust", "LAMP-1", "east", "few", "--reason", "x"], 2, "is not a number of units"],
  [["receive", "LAMP-1", "east", "-2"], 2, "is not a whole number of units"],
  [["transfer-out", "LAMP-1", "east", "west", "1", "--due", "soon"], 2, "--due must be a day"],
  [["quarantine", "LAMP-1", "east", "100000", "--reason", "x"], 1, "insufficient"],
  [["receive", "NOBODY-1", "east", "1"], 1, "unknown_sku"],
])("refuses %j with status %d and a reason", async (args, status, reason) => {
  const outcome = await stock(...args);
  expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
  expect(outcome.stderr).toContain(reason);
});

test("what there is no stock of is not shown as if there were", async () => {
  const shown = await stock("show", "zzz", "--location", "west");
  expect([shown.status, shown.stdout]).toEqual([1, ""]);
  expect(shown.stderr).toContain('No stock goes by "zzz" at west.');
});

test("many changes come from a file, each answered for itself, and the same file again does nothing twice", async () => {
  const receive = (id: string, quantity: number) => ({
    method: "POST",
    path: "/v1/stock/commands",
    body: {
      commands: [
        {
          type: "receive",
          commandId: id,
          atMs: 0,
          cause: "delivery",
          sku: "LAMP-1",
          locationId: "west",
          quantity,
        },
      ],
    },
  });
  const before = (await position("west"))?.onHand ?? 0;
  const file = join(folder, "changes.jsonl");
  const lines = [
    ...Array.from({ length: 120 }, (_, at) => receive(`bulk-${at}`, 1)),
    { method: "PATCH", path: "/v1/products/LAMP-1", body: { name: "Lamp, green" } },
    { method: "PATCH", path: "/v1/products/LAMP-1", body: { nmae: "Lamp, red" } },
  ];
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join("\n"));
  for (const _ of [1, 2]) {
    const sent = await holdfast("bulk", file);
    expect(sent.status, sent.stderr).toBe(1);
    expect(sent.stdout).toContain("line 122: 400 ");
    expect(sent.stdout).toContain("121 done, 1 refused.");
  }
  expect((await position("west"))?.onHand).toBe(before + 120);
  writeFileSync(file, '{"method": "PATCH"\n');
  const malformed = await holdfast("bulk", file);
  expect([malformed.status, malformed.stdout]).toEqual([1, ""]);
  expect(malformed.stderr).toContain("line 1 is no JSON");
});
