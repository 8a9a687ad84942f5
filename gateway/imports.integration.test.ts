/**
 * Tables come in as files, by the API: uploaded in pieces, looked at, checked, booked once, whatever dies
 * between; and everything of them is counted.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { SecretBox } from "../config/secret-box.ts";
import type { ImportDetail } from "../contract/imports/imports.ts";
import { TABLE_KINDS } from "../contract/imports/table-kinds.ts";
import { type Engine, startEngine } from "../engine/engine.ts";
import { channelAdapters } from "../integrations/channels/registry.ts";
import { exportTable } from "../operations/export/export-table.ts";
import { startUpload } from "../operations/import/upload.ts";
import { runImports } from "../operations/standing/imports.ts";
import type { Carrier } from "../ports/carriers.ts";
import { parcelLimitOf } from "../ports/parcel-limit.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { readImport } from "../store/imports/imports.ts";
import { attachVault, PersonVault } from "../store/personal-data/vault.ts";
import type { Database } from "../store/sql/database.ts";
import {
  addLocation,
  addProducts,
  type GatewayWorld,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { createTestDatabase } from "../test-support/servers/postgres.ts";

let world: GatewayWorld;
let jobs: ReturnType<typeof runImports>;
let killed: Awaited<ReturnType<typeof startVictim>>;

/** As `cli/system/core-server-main.ts` has it. */
const KNOWN_BOX = new SecretBox([
  { id: "known", key: Buffer.from(Array.from({ length: 32 }, (_, index) => index)) },
]);

const importingWith = (database: Database, engine: Engine) => ({
  database,
  allocator: engine.client,
  parcelLimit: parcelLimitOf(new VendorRoster<Carrier>("carriers", [])),
  now: Date.now,
  channelAdapters,
});

beforeAll(async () => {
  killed = await startVictim();
  world = await startGatewayWorld();
  await addLocation(world.database, "west");
  await world.database.query(
    `update location set address = '{"name": "west", "line1": "1 Pier", "city": "Reno", "country": "US"}' where id = 'west'`,
  );
  jobs = runImports(importingWith(world.database, world.engine), pino({ level: "silent" }));
});
afterAll(async () => {
  killed.child.kill("SIGKILL");
  await killed.store.close();
  await jobs.stop();
  await world.close();
});

async function upload(content: string | Buffer, query = "", headers = {}): Promise<ImportDetail> {
  const reply = await world.call("POST", `/v1/imports?${query}`, { body: content, headers });
  expect(reply.status, reply.text).toBe(201);
  return reply.json;
}

async function settled({ id }: ImportDetail): Promise<ImportDetail> {
  for (;;) {
    const { json } = await world.call("GET", `/v1/imports/${id}`);
    if (json.state !== "checking" && json.state !== "running") return json;
    await pause(20);
  }
}

async function act(made: ImportDetail, what: "check" | "run"): Promise<ImportDetail> {
  const reply = await world.call("POST", `/v1/imports/${made.id}/${what}`);
  expect(reply.status, reply.text).toBe(200);
  return settled(reply.json);
}

async function imported(content: string | Buffer, query = ""): Promise<ImportDetail> {
  return act(await upload(content, query), "run");
}

/** What a person of the role sends with each call. */
async function signedIn(role: string) {
  const session = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: `${role}@acme.example`, password: STAFF_PASSWORD },
  });
  return {
    cookie: (session.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "",
    origin: "http://shop.example",
  };
}

const onHand = async (sku: string, locationId: string) =>
  (await world.engine.client.positions([sku])).find((each) => each.locationId === locationId)?.onHand ?? 0;

const sums = (read: number, booked: number, skipped: number, refused: number) => ({
  read,
  booked,
  skipped,
  refused,
});

describe("a table of stock", () => {
  test("is looked at, checked without booking anything, booked once, and adds up", async () => {
    await addProducts(world.database, "S-1", "S-2", "S-3");
    const file =
      "\ufeffSKU;Location;On hand\r\nS-1;west;1.200\r\nS-2;West;7\r\nNOPE;west;1\r\nS-3;nowhere;2\r\nS-3;west;many\r\n";
    const made = await upload(file, "file=stock.csv");
    expect(made).toMatchObject({
      kind: "stock",
      state: "ready",
      fileName: "stock.csv",
      missing: [],
      layout: { encoding: "utf-8", delimiter: ";", source: "holdfast" },
    });
    expect(made.sample[0]).toEqual(["S-1", "west", "1.200"]);
    // What 1.200 is, only a person can say.
    const told = await world.call("PATCH", `/v1/imports/${made.id}`, { json: { decimal: "," } });
    expect(told.json).toMatchObject({ layout: { decimal: "," } });
    const before = await world.counts();
    const checked = await act(made, "check");
    expect(checked).toMatchObject({
      state: "checked",
      report: { rows: sums(5, 2, 0, 3), units: sums(1_210, 1_207, 0, 3) },
    });
    const { import_fault, audit_entry, ...rest } = await world.counts();
    expect(rest).toEqual((({ import_fault: _f, audit_entry: _a, ...others }) => others)(before));
    expect(import_fault).toBe(3);
    const done = await act(made, "run");
    expect(done).toMatchObject({
      state: "done",
      report: { rows: sums(5, 2, 0, 3), onHand: { before: 0, after: 1_207 } },
    });
    expect(await onHand("S-1", "west")).toBe(1_200);
    const faults = await world.call("GET", `/v1/imports/${made.id}/faults.csv`);
    expect(
      faults.text
        .trim()
        .split("\r\n")
        .map((line) => line.split(",").slice(0, 3).join(",")),
    ).toEqual([
      "line,column,code",
      "4,sku,product_not_found",
      "5,location,location_not_found",
      "6,On hand,cell_not_a_count",
    ]);
    await world.engine.projected();
    const { rows } = await world.database.query(
      "select kind, on_hand as units, cause from stock_movement where sku = 'S-1' and location_id = 'west'",
    );
    expect(rows).toEqual([
      { kind: "stock-received", units: 1_200, cause: `opening stock, import ${made.id} line 2` },
    ]);
  });

  test("the same file twice books nothing the second time, and says of which import it is the same", async () => {
    const file = "sku,location,onHand\nS-2,west,9\n";
    await addProducts(world.database, "S-2");
    const first = await imported(file);
    const second = await upload(file);
    expect(second.sameFileAs).toBe(first.id);
    expect(await act(second, "run")).toMatchObject({ report: { rows: sums(1, 0, 1, 0) } });
    expect(await onHand("S-2", "west")).toBe(9);
  });

  test("two imports at once that say the same place otherwise leave it at one of the two, not at their sum", async () => {
    await addProducts(world.database, "S-4");
    const both = await Promise.all(
      [5, 8].map((units) => imported(`sku,location,onHand\nS-4,west,${units}\n`)),
    );
    expect(both.every(({ state }) => state === "done")).toBe(true);
    expect([5, 8]).toContain(await onHand("S-4", "west"));
  });
});

describe("units that are told apart", () => {
  const table = async (kind: string) => (await world.call("GET", `/v1/exports/${kind}`)).text;
  const lotsOf = async (sku: string) =>
    (await world.engine.client.namedUnits([sku]))[0]?.locations.find(
      ({ locationId }) => locationId === "west",
    )?.lots ?? [];
  const HEADER = "sku,location,onHand,lot,expires";

  test("come by lot with its date: opened, counted, left alone, and exported as they are", async () => {
    await addProducts(world.database, "L-1", "L-2");
    const first = await imported(`${HEADER}\nL-1,west,5,B1,2031-03-31\nL-1,west,7,B2,\nL-1,east,2,B1,\n`);
    expect(first, JSON.stringify(first.faults)).toMatchObject({
      kind: "stock",
      report: { rows: sums(3, 3, 0, 0), units: sums(14, 14, 0, 0), onHand: { before: 0, after: 14 } },
    });
    const date = Date.parse("2031-03-31T00:00:00Z");
    expect(await lotsOf("L-1")).toEqual([
      { lot: "B1", expiresAtMs: date, onHand: 5 },
      { lot: "B2", expiresAtMs: 0, onHand: 7 },
    ]);
    const second = await imported(
      `${HEADER}\nL-1,west,5,B1,\nL-1,west,6,B2,\nL-1,west,1,B1,2030-01-01\nL-1,west,12,,\nL-1,east,3,,\n`,
    );
    expect(second.report.rows).toEqual(sums(5, 1, 2, 2));
    expect(second.faults.map(({ line, code }) => [line, code])).toEqual([
      [4, "row_repeated"],
      [6, "lot_required"],
    ]);
    const other = await imported(`${HEADER}\nL-1,west,1,B1,2030-01-01\n`);
    expect(other.faults).toMatchObject([{ column: "expires", code: "lot_mismatch" }]);
    expect((await lotsOf("L-1")).map(({ onHand: units }) => units)).toEqual([5, 6]);
    await world.engine.projected();
    const lines = (await table("stock")).split("\r\n").filter((line) => line.startsWith("L-1,"));
    expect(lines.map((line) => line.split(",").slice(0, 6).join(","))).toEqual([
      "L-1,east,2,B1,2031-03-31T00:00:00.000Z,",
      "L-1,west,5,B1,2031-03-31T00:00:00.000Z,",
      "L-1,west,6,B2,,",
    ]);
  });

  test("come by serial number, each once wherever it is, and stay where the file does not name them", async () => {
    await addProducts(world.database, "N-1");
    const file = 'sku,location,onHand,serial\nN-1,west,2,"S-1, S-2"\nN-1,east,1,S-3\n';
    expect((await imported(file)).report.rows).toEqual(sums(2, 2, 0, 0));
    const again = await imported(`${file}N-1,west,1,S-3\nN-1,west,,"S-2,S-4"\nN-1,west,1,\n`);
    expect(again.faults.map(({ line, code }) => [line, code])).toEqual([
      [4, "serial_exists"],
      [6, "serials_required"],
    ]);
    expect(again.report).toMatchObject({ rows: sums(5, 1, 2, 2), onHand: { before: 1, after: 2 } });
    const [named] = await world.engine.client.namedUnits(["N-1"]);
    expect(named).toMatchObject({
      tracking: "serial",
      locations: [
        { locationId: "west", serials: ["S-1", "S-2", "S-4"] },
        { locationId: "east", serials: ["S-3"] },
      ],
    });
    await world.engine.projected();
    const lines = (await table("stock")).split("\r\n").filter((line) => line.startsWith("N-1,"));
    expect(lines.map((line) => line.split(",").slice(1, 6).join(","))).toEqual([
      "east,1,,,S-3",
      "west,1,,,S-1",
      "west,1,,,S-2",
      "west,1,,,S-4",
    ]);
  });

  test("are refused where units that nobody tells apart are there, or the sender may not say so", async () => {
    await addProducts(world.database, "O-1", "O-2");
    await imported("sku,location,onHand\nO-1,west,3\n");
    const mixed = await imported(`${HEADER}\nO-1,west,3,B1,\n`);
    expect(mixed.faults).toMatchObject([{ code: "position_not_empty" }]);
    const headers = await signedIn("warehouse");
    const reply = await world.call("POST", "/v1/imports", {
      anonymous: true,
      headers,
      body: `${HEADER}\nO-2,west,3,B1,\n`,
    });
    expect(reply.status, reply.text).toBe(201);
    await world.call("POST", `/v1/imports/${reply.json.id}/run`, { anonymous: true, headers });
    expect((await settled(reply.json)).faults).toMatchObject([{ code: "not_tracked" }]);
  });
});

describe("other tables", () => {
  test("kits are defined, left alone where they are so, and refused where they cannot be", async () => {
    await addProducts(world.database, "KIT-1", "KIT-2", "PART-1", "PART-2");
    const file = "kit,component,quantity\nKIT-1,PART-1,2\nKIT-1,PART-2,1\n";
    expect(await imported(file)).toMatchObject({ kind: "kits", report: { rows: sums(2, 2, 0, 0) } });
    expect((await imported(file)).report.rows).toEqual(sums(2, 0, 2, 0));
    const wrong = await imported(
      "kit,component,quantity\nKIT-2,KIT-1,1\nPART-1,NOPE,1\nKIT-2,PART-1,0\nKIT-1,PART-1,3\n",
    );
    expect(wrong.report.rows).toEqual(sums(4, 1, 0, 3));
    expect(wrong.faults.map(({ line, code }) => [line, code])).toEqual([
      [2, "invalid_kit"],
      [3, "product_not_found"],
      [4, "cell_not_a_count"],
    ]);
    expect((await world.call("GET", "/v1/products/KIT-1")).json.components).toEqual([
      { sku: "PART-1", quantity: 3 },
    ]);
    expect((await world.call("GET", "/v1/exports/kits")).text).toBe(
      "kit,component,quantity\r\nKIT-1,PART-1,3\r\n",
    );
    const stock = await imported("sku,location,onHand\nKIT-1,west,3\n");
    expect(stock.faults).toMatchObject([{ code: "invalid_kit" }]);
  });

  test("orders that waited for a product go on when its file is booked", async () => {
    const order = {
      id: "WAITS-1",
      currency: "USD",
      customer: { name: "Ada" },
      lines: [{ id: "1", sku: "LATE-1", quantity: 1, unitPrice: "5.00" }],
      total: "5.00",
      paymentBy: "channel",
      shippingAddress: {
        name: "Ada",
        line1: "1 Main St",
        city: "New York",
        region: "NY",
        postalCode: "10001",
        country: "US",
      },
    };
    const sent = await world.call("POST", "/v1/orders?channel=web", {
      json: order,
      headers: { "idempotency-key": "WAITS-1" },
    });
    expect(sent.status, sent.text).toBe(201);
    const reasons = async () =>
      (await world.call("GET", "/v1/orders/web-WAITS-1")).json.summary.holdReasons.map(
        ({ code }: { code: string }) => code,
      );
    expect(await reasons()).toEqual(["unknown_sku"]);
    await imported(
      "sku,name,weightGrams,price,currency,hsCode,originCountry,gtin\nLATE-1,Tee,300,5.00,USD,610910,PT,00614141000012\n",
    );
    expect(await reasons()).not.toContain("unknown_sku");
  });

  test("products are created and changed, and the same again is skipped", async () => {
    const header = "sku,name,weightGrams,price,currency,hsCode,originCountry,gtin";
    const row = (sku: string, price: string) => `${sku},Tee,300,${price},USD,610910,PT,00614141000012`;
    const first = await imported([header, row("P-1", "9.99"), row("P-2", "9.99"), "P-3,,,,,,,"].join("\n"));
    expect(first).toMatchObject({ state: "done", report: { rows: sums(3, 2, 0, 1) } });
    const second = await imported([header, row("P-1", "9.99"), row("P-2", "12.00")].join("\n"));
    expect(second.report.rows).toEqual(sums(2, 1, 1, 0));
    expect((await world.call("GET", "/v1/products/P-2")).json.priceMinor).toBe(1_200);
  });

  test("locations are made, changed, and the same again is skipped", async () => {
    const header = "id,name,kind,line1,city,country,latitude,longitude";
    const first = await imported(
      `${header}\nnorth,North,store,1 Quay,Oslo,NO,59.9,10.7\nBAD ID,x,store,a,b,NO,1,1\n`,
    );
    expect(first, JSON.stringify(first.faults)).toMatchObject({ report: { rows: sums(2, 1, 0, 1) } });
    expect((await imported(`${header}\nnorth,North,store,1 Quay,Oslo,NO,59.9,10.7\n`)).report.rows).toEqual(
      sums(1, 0, 1, 0),
    );
    expect((await imported(`${header}\nnorth,Norther,store,1 Quay,Oslo,NO,59.9,10.7\n`)).report.rows).toEqual(
      sums(1, 1, 0, 0),
    );
    expect((await world.call("GET", "/v1/locations/north")).json.name).toBe("Norther");
  });

  const ORDERS = [
    "channel,id,status,currency,customerName,customerEmail,shippingLine1,shippingCity,shippingRegion,shippingPostalCode,shippingCountry,paid,total,lineSku,lineQuantity,linePrice",
    "web,M-1,open,USD,Ada,ada@example.com,1 Main St,New York,NY,10001,US,paid,25.00,TEE-1,2,10.00",
    "web,M-1,,,,,,,,,,,,MUG-1,1,5.00",
    "web,M-2,fulfilled,USD,Bob,bob@example.com,1 Main St,New York,NY,10001,US,paid,10.00,TEE-1,1,10.00",
    "web,M-3,open,USD,Eve,eve@example.com,1 Main St,New York,NY,10001,US,paid,99.00,TEE-1,1,10.00",
    "closed,M-4,open,USD,Eve,eve@example.com,1 Main St,New York,NY,10001,US,paid,10.00,TEE-1,1,10.00",
  ].join("\n");

  test("open orders are captured once with their money, others are skipped or refused, and all of it adds up", async () => {
    const done = await imported(ORDERS);
    expect(done, JSON.stringify(done.faults)).toMatchObject({
      kind: "orders",
      report: {
        rows: sums(5, 2, 1, 2),
        units: sums(6, 3, 1, 2),
        money: { USD: sums(14_400, 2_500, 1_000, 10_900) },
      },
    });
    const { json } = await world.call("GET", "/v1/orders/web-M-1");
    expect(json.summary).toMatchObject({ totalMinor: 2_500, paymentStatus: "paid_at_channel" });
    expect((await imported(ORDERS)).report.rows).toEqual(sums(5, 0, 3, 2));
  });

  test("what a customer has left opens their store credit once; of others nothing is kept", async () => {
    const file =
      "email,name,storeCredit,currency\nada@example.com,Ada,12.50,USD\nbob@example.com,Bob,,\nnobody,X,,\n";
    expect(await imported(file, "kind=customers")).toMatchObject({
      report: { rows: sums(3, 1, 1, 1), money: { USD: sums(1_250, 1_250, 0, 0) } },
    });
    await imported(`${file}\n`, "kind=customers");
    const { rows } = await world.database.query("select balance_minor as minor from store_credit_account");
    expect(rows).toEqual([{ minor: 1_250 }]);
  });

  test("a return is refused where nothing of it was handed over, by the order's own rule", async () => {
    const done = await imported(
      "id,order,sku,quantity,reason\nR-1,web-M-1,TEE-1,1,defective\nR-2,web-none,TEE-1,1,defective\n",
      "kind=returns",
    );
    expect(done.faults.map(({ code }) => code)).toEqual(["not_returnable", "order_not_found"]);
  });
});

describe("a file", () => {
  test("comes in pieces, goes on where it broke off, and no byte of it counts twice", async () => {
    await addProducts(world.database, "U-1");
    const file = `sku,location,onHand\nU-1,west,3\n${"# \n".repeat(100)}`.replaceAll("# ", "");
    const half = await upload(file.slice(0, 20), `size=${file.length}&kind=stock`);
    expect(half).toMatchObject({ state: "uploading", bytes: 20, layout: null });
    const path = `/v1/imports/${half.id}/content`;
    expect((await world.call("POST", `${path}?offset=21`, { body: file.slice(21) })).json).toMatchObject({
      code: "import_offset_wrong",
    });
    const whole = await world.call("POST", `${path}?offset=5`, { body: file.slice(5) });
    expect(whole.json).toMatchObject({ state: "ready", bytes: file.length });
    expect((await world.call("POST", `${path}?offset=0`, { body: file })).json.code).toBe(
      "import_state_other",
    );
    expect(await act(whole.json, "run")).toMatchObject({ report: { rows: sums(1, 1, 0, 0) } });
  });

  test("that two senders send at once is there once, byte for byte", async () => {
    await addProducts(world.database, "U-2");
    const file = `sku,location,onHand,note\nU-2,west,3,"${"x".repeat(900)}"\n${",,,\n".repeat(200_000)}`;
    const half = await upload(file.slice(0, 10), `size=${file.length}&kind=stock`);
    const path = `/v1/imports/${half.id}/content?offset=10`;
    const both = await Promise.all([0, 1].map(() => world.call("POST", path, { body: file.slice(10) })));
    const codes = both.map(({ status, json }) => (status === 200 ? "whole" : json.code));
    for (const code of codes) expect(["whole", "import_offset_wrong", "import_state_other"]).toContain(code);
    let now = (await world.call("GET", `/v1/imports/${half.id}`)).json;
    if (now.state === "uploading")
      now = (await world.call("POST", `/v1/imports/${half.id}/content?offset=0`, { body: file })).json;
    expect(now).toMatchObject({ state: "ready", bytes: file.length });
    const alone = await upload(file, "kind=stock");
    const { rows } = await world.database.query("select distinct digest from import where id = any($1)", [
      [half.id, alone.id],
    ]);
    expect(rows).toHaveLength(1);
  });

  test("is refused where the files that are kept are too much, and nothing of it stays", async () => {
    await world.database.query(
      `insert into import (id, company_id, kind, state, file_name, created_by, report)
       values ('full', 'acme', 'stock', 'done', 'full', 'test', '{}')`,
    );
    await world.database.query(
      `insert into import_part (import_id, at, length, content)
       select 'full', n, 2000000000, '\\x00' from generate_series(1, 5) n`,
    );
    const before = await world.counts();
    const reply = await world.call("POST", "/v1/imports?kind=stock", { body: "sku,location,onHand\n" });
    expect([reply.status, reply.json.code]).toEqual([507, "import_storage_full"]);
    expect(await world.counts()).toEqual(before);
    await world.database.query("delete from import where id = 'full'");
  });

  test("of 5 MB comes in one request, as a stream beyond what a body may have", async () => {
    const rows = Array.from(
      { length: 150_000 },
      (_, index) => `NOPE-${index},west,${index % 7},some more text`,
    );
    const made = await upload(`sku,location,onHand,note\n${rows.join("\n")}\n`, "kind=stock");
    expect(made).toMatchObject({ state: "ready" });
    expect(made.bytes).toBeGreaterThan(4_000_000);
    // Of which a million could be wrong: those that are kept have an end, the counts have none.
    const stopped = await world.call("POST", `/v1/imports/${made.id}/check`);
    expect(stopped.status).toBe(200);
    expect((await world.call("POST", `/v1/imports/${made.id}/stop`)).json.state).toBe("ready");
    expect((await world.call("DELETE", `/v1/imports/${made.id}`)).status).toBe(200);
    expect((await world.call("GET", `/v1/imports/${made.id}`)).json.code).toBe("import_not_found");
  });

  test("whose quote is never closed is booked up to there, and says where it was", async () => {
    await addProducts(world.database, "Q-1", "Q-2");
    const done = await imported('sku,location,onHand\nQ-1,west,1\nQ-2,"west,2\n', "kind=stock");
    expect(done).toMatchObject({
      state: "failed",
      problem: { code: "file_unreadable", line: 3 },
      report: { rows: sums(2, 1, 0, 1) },
      faults: [{ line: 3, column: null, code: "row_unreadable" }],
    });
    expect(await onHand("Q-1", "west")).toBe(1);
  });

  test("with a row far too long has an error of that row, and those around it are booked", async () => {
    await addProducts(world.database, "LONG-1", "LONG-2");
    const long = `"${"never ending, ".repeat(50_000)}\n\n"`;
    const done = await imported(`sku,location,onHand\nLONG-1,west,4\n${long},west,1\nLONG-2,west,5\n`);
    expect(done).toMatchObject({
      state: "done",
      report: { rows: sums(3, 2, 0, 1) },
      faults: [{ line: 3, column: null, code: "row_unreadable" }],
    });
    expect([await onHand("LONG-1", "west"), await onHand("LONG-2", "west")]).toEqual([4, 5]);
    const { text } = await world.call("GET", `/v1/imports/${done.id}/faults.csv`);
    expect(text.split("\r\n")[1]).toBe(
      '3,,row_unreadable,"a row of at most 512 KiB: this one ends in line 5, since a quote is opened in line 3 that nothing closes before"',
    );
  });

  test("that nobody can tell the kind of waits for a word; empty ones and wrong words are refused", async () => {
    const made = await upload("a,b\n1,2\n");
    expect(made).toMatchObject({ state: "failed", problem: { code: "import_kind_untold" } });
    for (const what of ["check", "run"])
      expect((await world.call("POST", `/v1/imports/${made.id}/${what}`)).json.code).toBe(
        "import_incomplete",
      );
    for (const [content, said] of [
      [`[${JSON.stringify({ sku: "A" })}]`, "list of JSON"],
      ["<!DOCTYPE html><html></html>", "web page"],
      ["PK\u0003\u0004 and more", "workbook"],
      ["\ufeff", "columns"],
    ] as const) {
      const { problem } = await upload(content);
      expect(problem).toMatchObject({ code: "import_kind_untold", detail: expect.stringContaining(said) });
    }
    const told = await world.call("PATCH", `/v1/imports/${made.id}`, {
      json: {
        kind: "stock",
        fields: [
          { field: "sku", column: "a", otherwise: null },
          { field: "location", column: null, otherwise: "west" },
          { field: "onHand", column: "b", otherwise: null },
        ],
      },
    });
    expect(told.json, told.text).toMatchObject({ state: "ready", kind: "stock", missing: [] });
    const kept = await world.call("POST", "/v1/import-mappings", {
      json: { importId: made.id, name: "Two columns" },
    });
    expect(kept.json.items).toMatchObject([{ name: "Two columns", kind: "stock", columns: ["a", "b"] }]);
    expect((await world.call("GET", "/v1/import-mappings")).json).toEqual(kept.json);
    expect(await upload("b,a\n1,2\n")).toMatchObject({
      kind: "stock",
      layout: { source: "own" },
      missing: [],
    });
    const [mapping] = kept.json.items;
    const address = `/v1/import-mappings/${mapping.id}`;
    const seen = await world.call("GET", address);
    expect(seen.json).toEqual(mapping);
    const remove = (tag: string) => world.call("DELETE", address, { headers: { "if-match": tag } });
    expect((await remove('"another"')).json.code).toBe("precondition_failed");
    expect((await remove(seen.headers.get("etag") ?? "")).status).toBe(200);
    expect((await world.call("GET", address)).json.code).toBe("import_mapping_not_found");
    expect(
      (
        await world.call("PATCH", `/v1/imports/${made.id}`, {
          json: { fields: [{ field: "sku", column: "z", otherwise: null }] },
        })
      ).json.code,
    ).toBe("import_mapping_invalid");
    expect((await world.call("POST", "/v1/imports?kind=stock", { body: "" })).json.code).toBe("import_empty");
    expect((await world.call("POST", "/v1/imports?kind=things", { body: "a" })).json.code).toBe(
      "invalid_request",
    );
    const incomplete = await upload("sku,name\nA,B\n", "kind=products");
    expect((await world.call("POST", `/v1/imports/${incomplete.id}/run`)).json.code).toBe(
      "import_incomplete",
    );
    expect(
      (await world.call("POST", "/v1/imports?kind=stock&size=9999999999", { body: "a" })).json.code,
    ).toBe("import_too_large");
  });

  test("is nobody's who may not import its kind: by role, by key, by channel", async () => {
    const made = await upload("sku,location,onHand\nTEE-1,west,1\n");
    const reader = { authorization: `Bearer ${await world.key(["stock:read"])}` };
    const channel = { authorization: `Bearer ${await world.key(["orders:write"], "web")}` };
    for (const headers of [reader, channel]) {
      expect((await world.call("GET", `/v1/imports/${made.id}`, { headers })).status).toBe(403);
      expect((await world.call("POST", "/v1/imports?kind=stock", { headers, body: "a" })).status).toBe(403);
    }
    const catalogOnly = { authorization: `Bearer ${await world.key(["stock:write"])}` };
    expect(
      (await world.call("POST", "/v1/imports?kind=orders", { headers: catalogOnly, body: "a" })).status,
    ).toBe(403);
    expect((await world.call("GET", "/v1/imports", { anonymous: true })).status).toBe(401);
  });

  test("a person's larger correction of stock waits for somebody else", async () => {
    const headers = await signedIn("operations");
    await addProducts(world.database, "W-1");
    await imported("sku,location,onHand\nW-1,west,10\n");
    const reply = await world.call("POST", "/v1/imports", {
      anonymous: true,
      headers,
      body: "sku,location,onHand\nW-1,west,5000\n",
    });
    expect(reply.status, reply.text).toBe(201);
    await world.call("POST", `/v1/imports/${reply.json.id}/run`, { anonymous: true, headers });
    expect(await settled(reply.json)).toMatchObject({ faults: [{ code: "count_waits" }] });
    expect(await onHand("W-1", "west")).toBe(10);
  });
});

describe("what is exported can be imported again", () => {
  const exported = async (path: string, headers = {}) => {
    const reply = await world.call("GET", `/v1/exports/${path}`, { headers });
    expect(reply.status, reply.text).toBe(200);
    return reply.text;
  };

  test.each(["products", "kits", "stock", "locations", "customers", "returns"])(
    "%s, and nothing changes",
    async (kind) => {
      await world.engine.projected();
      for (const format of ["csv", "jsonl"]) {
        const text = await exported(`${kind}?format=${format}`);
        if (text.trim() === "" || text.trim().split("\n").length < (format === "csv" ? 2 : 1)) continue;
        const done = await imported(text, `kind=${kind}`);
        const { read, booked, skipped } = done.report.rows;
        expect({ booked, skipped, faults: done.faults }).toEqual({ booked: 0, skipped: read, faults: [] });
      }
    },
  );

  test("orders become the same orders elsewhere, with every cent, tax and formula-like note of theirs", async () => {
    await world.database.query(
      `insert into channel (id, company_id, name, kind, charged_by, pay_on_delivery)
       select id, 'acme', id, 'holdfast', 'order', true from unnest(array['src', 'bycsv', 'bylines']) as id`,
    );
    const order = {
      id: "X-1",
      currency: "USD",
      placedAt: "2026-11-01T10:00:00.000Z",
      customer: { name: "=HYPERLINK(1)", email: "ada@example.com", id: "C-9" },
      lines: [
        {
          id: "a",
          sku: "TEE-1",
          title: 'Tee, "red"',
          quantity: 2,
          unitPrice: "10.00",
          taxes: [{ name: "Tax", amount: "1.65" }],
        },
        { id: "b", sku: "MUG-1", title: "-5 Mug", quantity: 1, unitPrice: "5.00", discount: "0.50" },
      ],
      shippingPrice: "4.00",
      shippingService: "express",
      total: "30.15",
      paymentBy: "channel",
      tags: ["vip", "gift"],
      note: "+1 line\nand another; with, signs",
      shippingAddress: {
        name: "Ada",
        line1: "1 Main St",
        city: "New York",
        region: "NY",
        postalCode: "01234",
        country: "US",
      },
    };
    const sent = await world.call("POST", "/v1/orders?channel=src", {
      json: order,
      headers: { "idempotency-key": "X-1" },
    });
    expect(sent.status, sent.text).toBe(201);
    const before = JSON.parse((await exported("orders?format=jsonl&channel=src")).trim());
    for (const [format, channel] of [
      ["csv", "bycsv"],
      ["jsonl", "bylines"],
    ] as const) {
      const text = (await exported(`orders?format=${format}&channel=src&status=open`)).replaceAll(
        format === "csv" ? "\nsrc," : '"channel":"src"',
        format === "csv" ? `\n${channel},` : `"channel":"${channel}"`,
      );
      const done = await imported(text, "kind=orders");
      expect(done, JSON.stringify(done.faults)).toMatchObject({
        report: { money: { USD: sums(3_015, 3_015, 0, 0) } },
      });
      const after = JSON.parse((await exported(`orders?format=jsonl&channel=${channel}`)).trim());
      expect(after).toEqual({ ...before, channel });
    }
    // Whoever may not see shoppers sees orders without them.
    const key = { authorization: `Bearer ${await world.key(["stock:read"])}` };
    expect((await world.call("GET", "/v1/exports/orders", { headers: key })).status).toBe(403);
    expect((await world.call("GET", "/v1/exports/secrets")).status).toBe(404);
    const { json } = await world.call("GET", "/v1/audit?act=data.exported&limit=1");
    expect(json.items[0]).toMatchObject({ act: "data.exported", subject: "orders" });
  });
});

test("no export sorts a whole table: each is read in the order of an index", async () => {
  // An archive without months has nothing to be read in any order.
  for (const month of ["2026-10-01", "2026-11-01"])
    await world.database.query("select archive_partition($1)", [month]);
  const plans: string[] = [];
  // As the gateway's own, but that each statement is explained before it is read.
  const explaining = {
    connect: async () => {
      const client = await world.database.connect();
      const query = async (text: string, values?: unknown[]) => {
        const [, statement] = /^declare exported no scroll cursor for (.*)/s.exec(text) ?? [];
        if (statement !== undefined) {
          const { rows } = await client.query(`explain ${statement}`, values);
          plans.push(rows.map((row: object) => Object.values(row)[0]).join("\n"));
        }
        return client.query(text, values);
      };
      return { query, release: (isBroken: boolean) => client.release(isBroken) };
    },
  } as unknown as Database;
  const rest = { format: "csv", companyId: "acme", channel: null, seesPersons: true } as const;
  for (const kind of TABLE_KINDS)
    for (const open of kind === "orders" ? [true, false] : [false])
      for await (const part of exportTable(
        { database: explaining, allocator: world.engine.client },
        { ...rest, kind, open },
      ))
        expect(part).toEqual(expect.any(String));
  expect(plans.length).toBeGreaterThanOrEqual(12);
  for (const plan of plans) {
    // What belongs to one person, kit or return is put in order within it.
    const whole = plan.replace(/^ *SubPlan [\s\S]*/m, "");
    expect(whole).not.toMatch(/(^|-> {2})(Sort|Hash)/m);
    expect(plan).toContain("Index");
  }
});

test("of a kind one is read at a time, whoever was asked first; the others say for whom they wait", async () => {
  // Nobody reads: as long as they stand so.
  await jobs.stop();
  try {
    await addProducts(world.database, "TURN-1");
    const made = [];
    for (const units of [1, 2, 3]) made.push(await upload(`sku,location,onHand\nTURN-1,west,${units}\n`));
    const other = await upload("email\nturn@example.com\n", "kind=customers");
    const [late, first, second] = made as [ImportDetail, ImportDetail, ImportDetail];
    for (const { id } of [first, other, second, late])
      expect((await world.call("POST", `/v1/imports/${id}/run`)).status).toBe(200);
    const { json } = await world.call("GET", "/v1/imports?state=running");
    const waits = new Map(json.items.map((each: ImportDetail) => [each.id, each.waitsFor]));
    expect([first, second, late, other].map(({ id }) => waits.get(id))).toEqual([
      [],
      [first.id],
      [first.id],
      [],
    ]);
    // Of other kinds than are read at a time, too: whoever came last waits for one of those before.
    await addProducts(world.database, "TURN-2");
    const more = [
      await upload("id,order,lineId,quantity,reason\nR-0,none,1,1,defective\n", "kind=returns"),
      await upload("kit,component,quantity\nTURN-2,TURN-1,2\n", "kind=kits"),
    ];
    for (const { id } of more) await world.call("POST", `/v1/imports/${id}/check`);
    const [third, last] = await Promise.all(
      more.map(async ({ id }) => (await world.call("GET", `/v1/imports/${id}`)).json),
    );
    expect([third.waitsFor, last.waitsFor]).toEqual([[], [first.id, other.id, third.id]]);
    jobs = runImports(importingWith(world.database, world.engine), pino({ level: "silent" }));
    for (const each of [...made, other, ...more]) expect((await settled(each)).waitsFor).toEqual([]);
    // In the order in which they were asked for.
    expect(await onHand("TURN-1", "west")).toBe(1);
    expect((await world.call("GET", "/v1/imports?limit=2&kind=stock")).json.items).toHaveLength(2);
  } finally {
    await jobs.stop();
    jobs = runImports(importingWith(world.database, world.engine), pino({ level: "silent" }));
  }
});

test("what is exported while it changes is one moment's: each place is in it, and once", async () => {
  await addProducts(world.database, ...Array.from({ length: 40 }, (_, index) => `MOVE-${index}`));
  const rows = Array.from({ length: 40 }, (_, index) => `MOVE-${index},west,10`);
  await imported(`sku,location,onHand\n${rows.join("\n")}\n`);
  await world.engine.projected();
  let isOver = false;
  const moving = (async () => {
    for (let round = 0; !isOver; round += 1)
      await world.engine.client.execute(
        ["west", "east"].map((locationId, place) => ({
          type: "adjust",
          commandId: `move-${round}-${place}`,
          atMs: Date.now(),
          cause: "test",
          sku: `MOVE-${round % 40}`,
          locationId,
          delta: place === 0 ? -1 : 1,
          reason: "test",
        })),
      );
  })();
  try {
    for (let round = 0; round < 5; round += 1) {
      const { text } = await world.call("GET", "/v1/exports/stock");
      const lines = text.split("\r\n").filter((line) => line.startsWith("MOVE-"));
      const places = lines.map((line) => line.split(",").slice(0, 2).join(" "));
      expect(new Set(places).size).toBe(places.length);
      expect(places.filter((place) => place.endsWith("west"))).toHaveLength(40);
    }
  } finally {
    isOver = true;
    await moving;
  }
});

describe("the process is killed in the midst of an import", () => {
  const ROWS = 1_500;

  test("another goes on where it was, and every unit is booked exactly once", async () => {
    const { url, key } = await killed.ready;
    const headers = { authorization: `Bearer ${key}` };
    const rows = Array.from({ length: ROWS }, (_, index) => `K-${index + 1},west,${(index % 9) + 1}`);
    const body = `sku,location,onHand\n${rows.join("\n")}\n`;
    const sent = await fetch(`${url}/v1/imports?kind=stock`, { method: "POST", headers, body });
    const made = (await sent.json()) as ImportDetail;
    await fetch(`${url}/v1/imports/${made.id}/run`, { method: "POST", headers });
    const { database } = killed.store;
    attachVault(database, await PersonVault.open(database, KNOWN_BOX));
    const now = async () => (await readImport(database, made.id)) ?? expect.fail("it is there");
    // Something is decided and maybe booked, and not all is counted.
    while ((await now()).position < 500) await pause(2);
    killed.child.kill("SIGKILL");
    await new Promise((resolve) => killed.child.once("exit", resolve));
    expect((await now()).state).toBe("running");

    const logger = pino({ level: "silent" });
    const engine = await startEngine({ databaseUrl: killed.store.url, threads: 1, shards: 2, logger });
    const again = runImports(importingWith(database, engine), logger);
    while ((await now()).state === "running") await pause(20);
    const units = rows.reduce((sum, row) => sum + Number(row.split(",")[2]), 0);
    expect(await now()).toMatchObject({
      state: "done",
      report: {
        rows: sums(ROWS, ROWS, 0, 0),
        units: sums(units, units, 0, 0),
        onHand: { before: 0, after: units },
      },
    });
    await engine.projected();
    const { rows: movements } = await database.query(
      "select count(*)::integer as count, sum(on_hand)::integer as units from stock_movement",
    );
    expect(movements).toEqual([{ count: ROWS, units }]);
    await again.stop();
    await engine.stop();
  });
});

/** The system that is killed: its process starts while the other tests run. */
async function startVictim() {
  const store = await createTestDatabase({ isUsed: false });
  await store.database.query("insert into company (id, name, currency) values ('core', 'Core', 'USD')");
  await store.database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     values ('west', 'core', 'West', 'store', '{"country": "US"}', 39.5, -119.8)`,
  );
  await store.database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select 'K-' || n, 'core', 'Thing', 100, 1, 'USD', '610910', 'PT', '00614141000012' from generate_series(1, 1500) n`,
  );
  const program = join(projectRoot, "dist", "cli", "system", "core-server-main.js");
  const child = spawn(process.execPath, [program, "--threads", "1", "--shards", "2"], {
    env: { ...process.env, DATABASE_URL: store.url },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const ready = new Promise<string>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the server did not start")));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", resolve);
  }).then((line) => {
    const { port, key } = JSON.parse(line) as { readonly port: number; readonly key: string };
    return { url: `http://127.0.0.1:${port}`, key };
  });
  ready.catch(() => {});
  return { store, child, ready };
}

describe("an import that is begun under a key", () => {
  const rows = Array.from({ length: 300 }, (_, index) => `KEY-${index},Thing ${index}`);
  const whole = Buffer.from(`sku,name\n${rows.join("\n")}\n`);
  const query = `kind=products&file=key.csv&size=${whole.length}`;
  const begin = (body: Buffer, key: string, asked = query) =>
    world.call("POST", `/v1/imports?${asked}`, { body, headers: { "idempotency-key": key } });
  const stored = async () =>
    (await world.database.query("select count(*)::int as imports from import")).rows[0].imports;

  test("a lost answer leaves one import, and sending the same again finds it and goes on", async () => {
    const before = await stored();
    const first = await begin(whole.subarray(0, 1_000), "lost");
    const again = await begin(whole.subarray(0, 1_000), "lost");
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.json).toMatchObject({ id: first.json.id, bytes: 1_000, state: "uploading" });
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    // More of it than came the first time: only what is missing is added.
    const more = await begin(whole, "lost");
    expect(more.json).toMatchObject({ id: first.json.id, bytes: whole.length, state: "ready" });
    const repeated = await begin(whole, "lost");
    expect(repeated.json).toMatchObject({ id: first.json.id, state: "ready" });
    expect(await stored()).toBe(before + 1);
    const quoted = await begin(whole, '"lost"');
    expect(quoted.json.id).toBe(first.json.id);
  });

  test("the key stands for that file: another one, another name or another size is refused", async () => {
    await begin(whole.subarray(0, 1_000), "other");
    const others: [Buffer, string][] = [
      [Buffer.from("x".repeat(1_000)), query],
      [whole.subarray(0, 1_000), query.replace("key.csv", "b.csv")],
      [whole.subarray(0, 1_000), `kind=products&file=key.csv&size=${whole.length + 1}`],
    ];
    for (const [body, asked] of others) {
      const reply = await begin(body, "other", asked);
      expect([reply.status, reply.json.code]).toEqual([422, "idempotency_key_reused"]);
    }
    const changed = Buffer.from(whole);
    changed.write("X", 1_200);
    await begin(whole, "done");
    expect((await begin(changed, "done")).json.code).toBe("idempotency_key_reused");
    expect((await begin(Buffer.concat([whole, Buffer.from("more")]), "done")).json.code).toBe(
      "idempotency_key_reused",
    );
  });

  test("two at the same time make one import, and two callers' keys never meet", async () => {
    const before = await stored();
    const both = await Promise.all([begin(whole, "twice"), begin(whole, "twice")]);
    const ids = new Set(both.flatMap(({ status, json }) => (status === 201 ? [json.id] : [])));
    expect(ids.size).toBe(1);
    for (const { status, json } of both) if (status !== 201) expect(json.code).toBe("import_offset_wrong");
    const key = await world.key(["admin"]);
    const foreign = await world.call("POST", `/v1/imports?${query}`, {
      body: whole,
      headers: { "idempotency-key": "twice", authorization: `Bearer ${key}` },
    });
    expect(foreign.status, foreign.text).toBe(201);
    expect(ids.has(foreign.json.id)).toBe(false);
    expect(await stored()).toBe(before + 2);
  });

  test("whoever is overtaken by the same sending leaves alone what has come by it", async () => {
    const sent = (content: AsyncIterable<Uint8Array>) =>
      startUpload(world, {
        companyId: "acme",
        kind: "products",
        fileName: "key.csv",
        size: whole.length,
        by: "test",
        key: "overtaken",
        content,
      });
    async function* atOnce() {
      yield whole;
    }
    const faster: Awaited<ReturnType<typeof sent>>[] = [];
    async function* slow() {
      faster.push(await sent(atOnce()));
      yield whole;
    }
    expect(await sent(slow())).toMatchObject({ status: "refused", code: "import_offset_wrong" });
    const [first] = faster;
    if (first?.status !== "done") expect.fail("the faster one is done");
    expect(await readImport(world.database, first.importId)).toMatchObject({
      state: "ready",
      bytes: whole.length,
    });
  });
});
