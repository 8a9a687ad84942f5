/**
 * `holdfast import` against a running system: answers that are lost, connections that break, a command that
 * is killed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import type { ImportDetail } from "../contract/imports/imports.ts";
import { channelAdapters } from "../integrations/channels/registry.ts";
import { runImports } from "../operations/standing/imports.ts";
import type { Carrier } from "../ports/carriers.ts";
import { parcelLimitOf } from "../ports/parcel-limit.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { runAsAdmin } from "../test-support/system.ts";

const ROWS = 1_000;

let world: GatewayWorld;
let jobs: ReturnType<typeof runImports>;
let way: Server;
let wayUrl: string;
let folder: string;
/** What becomes of a request on its way; absent: it passes. */
let fault: (asked: IncomingMessage) => "pass" | "lose answer" | "cut" | "hold" = () => "pass";

beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-import-"));
  jobs = runImports(
    {
      database: world.database,
      allocator: world.engine.client,
      parcelLimit: parcelLimitOf(new VendorRoster<Carrier>("carriers", [])),
      now: Date.now,
      channelAdapters,
    },
    pino({ level: "silent" }),
  );
  way = createServer(pass);
  way.listen(0, "127.0.0.1");
  await once(way, "listening");
  wayUrl = `http://127.0.0.1:${(way.address() as AddressInfo).port}`;
});
afterAll(async () => {
  way?.closeAllConnections();
  way?.close();
  await jobs?.stop();
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  fault = () => "pass";
});

/** To the gateway and back, with what networks do. */
function pass(asked: IncomingMessage, answer: ServerResponse): void {
  const what = fault(asked);
  const onward = request(`${world.url}${asked.url}`, { method: asked.method, headers: asked.headers });
  onward.on("error", () => answer.destroy());
  onward.on("response", (given) => {
    if (what === "lose answer") {
      given.resume();
      given.on("end", () => asked.socket.destroy());
      return;
    }
    answer.writeHead(given.statusCode ?? 502, given.headers);
    given.pipe(answer);
  });
  if (what === "pass" || what === "lose answer") {
    asked.pipe(onward);
    return;
  }
  let passed = 0;
  asked.on("data", (chunk: Buffer) => {
    if (passed > 100_000) {
      asked.pause();
      if (what === "cut") {
        onward.destroy();
        asked.socket.destroy();
      }
      return;
    }
    passed += chunk.length;
    onward.write(chunk);
  });
  asked.on("close", () => onward.destroy());
}

/** A file of products, of some megabytes, whose names nobody else has. */
function productFile(name: string): string {
  const file = join(folder, `${name}.csv`);
  const rows = Array.from(
    { length: ROWS },
    (_, index) =>
      `${name}-${index},${"A thing of which there are many ".repeat(14)}${index},120,9.99,USD,610910,PT,00614141000012`,
  );
  writeFileSync(file, `sku,name,weightGrams,price,currency,hsCode,originCountry,gtin\n${rows.join("\n")}\n`);
  return file;
}

const viaWay = (...args: readonly string[]) =>
  runAsAdmin({ url: wayUrl, adminKey: world.adminKey }, args, folder);

async function booked(name: string): Promise<number> {
  const { rows } = await world.database.query("select count(*)::int as n from product where sku like $1", [
    `${name}-%`,
  ]);
  return rows[0].n;
}

async function importsOf(name: string): Promise<readonly { readonly id: string; readonly bytes: number }[]> {
  const { rows } = await world.database.query(
    "select id, bytes::int as bytes from import where file_name = $1 order by created_at",
    [`${name}.csv`],
  );
  return rows;
}

test("an answer that is lost and a connection that breaks cost nothing: one import, every row once", async () => {
  const file = productFile("LOSSY");
  const seen: string[] = [];
  fault = ({ method, url = "" }) => {
    if (method !== "POST") return "pass";
    const path = url.split("?")[0] ?? "";
    seen.push(path);
    const tried = seen.filter((each) => each === path).length;
    if (path === "/v1/imports" && tried === 1) return "lose answer";
    if (path.endsWith("/content") && tried === 1) return "cut";
    return "pass";
  };
  const done = await viaWay("import", file, "--kind", "products", "--json");
  expect([done.status, done.stderr]).toEqual([0, ""]);
  const report = JSON.parse(done.stdout) as ImportDetail;
  expect(report).toMatchObject({
    state: "done",
    report: { rows: { read: ROWS, booked: ROWS, skipped: 0, refused: 0 } },
  });
  expect(seen.filter((path) => path === "/v1/imports")).toHaveLength(2);
  expect(seen.filter((path) => path.endsWith("/content")).length).toBeGreaterThan(1);
  expect(await importsOf("LOSSY")).toHaveLength(1);
  expect(await booked("LOSSY")).toBe(ROWS);
}, 120_000);

test("a command that is killed while it sends is gone on with by --continue, and books every row once", async () => {
  const file = productFile("KILLED");
  fault = ({ url = "" }) => (url.includes("/content") ? "hold" : "pass");
  const child = spawn(
    process.execPath,
    [join(projectRoot, "bin", "holdfast.js"), "import", file, "--kind", "products"],
    {
      cwd: folder,
      env: {
        PATH: process.env["PATH"],
        NO_COLOR: "1",
        HOLDFAST_URL: wayUrl,
        HOLDFAST_KEY: world.adminKey,
      },
      stdio: "ignore",
    },
  );
  const begun = async () => (await importsOf("KILLED"))[0];
  while (((await begun())?.bytes ?? 0) === 0) await pause(20);
  await pause(300);
  child.kill("SIGKILL");
  await once(child, "exit");
  const stuck = (await begun()) ?? expect.fail("it was begun");
  expect(stuck.bytes).toBeLessThan(readFileSync(file).length);
  expect(await booked("KILLED")).toBe(0);
  fault = () => "pass";
  const done = await viaWay("import", file, "--continue", stuck.id);
  expect([done.status, done.stderr]).toEqual([0, ""]);
  expect(done.stdout).toContain(`done: import ${stuck.id}`);
  expect(await importsOf("KILLED")).toHaveLength(1);
  expect(await booked("KILLED")).toBe(ROWS);
  // The same file once more: nothing is booked twice.
  const again = await viaWay("import", file, "--kind", "products", "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({
    sameFileAs: stuck.id,
    report: { rows: { booked: 0, skipped: ROWS } },
  });
}, 120_000);

test("rows that are wrong are told line by line, written to a file, and said by the exit status", async () => {
  const file = join(folder, "wrong.csv");
  writeFileSync(file, "sku,location,onHand\nTEE-1,east,5\nNOBODY,east,3\nMUG-1,nowhere,x\n");
  const faults = join(folder, "faults.csv");
  const done = await viaWay("import", file, "--kind", "stock", "--faults", faults);
  expect(done.status).toBe(1);
  expect(done.stdout).toContain("line 3");
  expect(readFileSync(faults, "utf8").trim().split("\r\n").length).toBeGreaterThan(2);
});

test("what its dates begin with is said, and what its columns stand for is kept for the next file", async () => {
  const file = join(folder, "batches.csv");
  writeFileSync(file, "item,batch,best before,qty\nTEE-1,B-1,03/04/2031,0\n");
  const mapped = ["--column", "sku=item", "--column", "lot=batch", "--column", "expires=best before"];
  const told = await viaWay(
    ...["import", file, "--kind", "stock", "--column", "onHand=qty", "--set", "location=east", ...mapped],
    ...["--dates", "day", "--keep-mapping", "Batches", "--look", "--json"],
  );
  expect(told.status, told.stderr).toBe(0);
  expect(JSON.parse(told.stdout)).toMatchObject({ kind: "stock", layout: { dates: "day" }, missing: [] });
  writeFileSync(file, "Item,BATCH,Best before,Qty\nTEE-1,B-2,05/06/2031,0\n");
  const next = await viaWay("import", file, "--look", "--json");
  expect(JSON.parse(next.stdout)).toMatchObject({
    kind: "stock",
    layout: { source: "own", dates: "day" },
    missing: [],
  });
});
