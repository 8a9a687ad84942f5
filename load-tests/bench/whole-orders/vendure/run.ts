/**
 * What a user would pick instead: Vendure, an open-source commerce server that installs from npm, placing and
 * fulfilling the same orders over its public APIs, on the same PostgreSQL with the same settings and a
 * database of its own. Each client places an order and fulfils it, then takes the next.
 *
 * It does other work than Holdfast, more before the order (session, cart, prices, promotions, a quote for
 * shipping, recomputed with each call) and less after it (`DOES_NOT`): what is compared is the outcome for
 * the buyer. Its faults are reported as they are found.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "../../../../cli/embedded/free-port.ts";
import { projectRoot } from "../../../../config/project-root.ts";
import { Random } from "../../../../config/seeded-random.ts";
import type { PlannedOrder } from "../../../../integrations/simulator-kit/planned-order.ts";
import { randomShopper } from "../../../../integrations/simulator-kit/shopper.ts";
import { startChildServer } from "../../servers/child-server.ts";
import type { ServerRoom } from "../../servers/servers.ts";
import { percentile, perMinute } from "../backlog.ts";
import { perOrder } from "../processor-time.ts";
import { fetchVendure, VENDURE_VERSION } from "./fetch.ts";
import { auditVendure, readVendureStock, type VendureAudit } from "./vendure-books.ts";
import { type RunningVendure, VendureLoad } from "./vendure-load.ts";
import type { VendureProcess } from "./vendure-process.ts";

export type VendurePlan = {
  /** Numbers of clients that it is tried with where they are several; the best is measured. */
  readonly clients: readonly number[];
  readonly warmUpMs: number;
  readonly calibrateMs: number;
  readonly measureMs: number;
  readonly scarce: { readonly units: number; readonly orders: number; readonly clients: number };
};

type Times = { readonly p50Ms: number | null; readonly p95Ms: number | null; readonly p99Ms: number | null };

export type VendurePeer = {
  readonly version: string;
  readonly clients: number;
  /** Delivered orders a minute, by number of clients, in a short run each; best first. */
  readonly tried: readonly { readonly clients: number; readonly perMinute: number }[];
  readonly seconds: number;
  /** Placed, settled, fulfilled, shipped and delivered. */
  readonly orders: number;
  readonly perMinute: number;
  /** From the first request of an order to the answer that it is placed; and from then to delivered. */
  readonly placing: Times;
  readonly fulfilling: Times;
  /** Of its server, its worker and PostgreSQL together. */
  readonly cpuMsPerOrder: number;
  readonly processes: readonly { readonly name: string; readonly msPerOrder: number }[];
  readonly commitsPerOrder: number;
  readonly walBytesPerOrder: number;
  /** What was refused or failed, by its code or message, most frequent first. */
  readonly refusals: readonly { readonly code: string; readonly times: number }[];
  /** Of everything but the scarce SKU, with plenty of stock. */
  readonly audit: VendureAudit;
  /** One SKU that more orders ask for than there are units, all at once. */
  readonly scarce: {
    readonly units: number;
    readonly asked: number;
    readonly clients: number;
    readonly sold: number;
    readonly oversold: number;
    readonly drifted: number;
    readonly seconds: number;
  };
};

const HOST = "127.0.0.1";
const OWN = ["server", "worker", "postgres"];
const POPULATE_MS = 240_000;
const SCARCE_SKU = "BENCH-SCARCE";
const MAIN = join(projectRoot, "dist/load-tests/bench/whole-orders/vendure/vendure-main.js");
const run = promisify(execFile);

/**
 * @param planned more orders than it can do in the time
 * @param running gets what an interrupted run has to stop
 * @throws NotFetched where it is not there and the registry does not give it
 */
export async function runVendure(
  room: ServerRoom,
  folder: string,
  plan: VendurePlan,
  planned: readonly PlannedOrder[],
  running: Set<{ stop(): Promise<void> }>,
  note: (text: string) => void,
): Promise<VendurePeer> {
  const fetched = await fetchVendure(note);
  const received = receivedFor(planned).set(SCARCE_SKU, plan.scarce.units);
  const admin = { identifier: "superadmin", password: randomBytes(12).toString("hex") };
  const own = join(folder, "vendure");
  await mkdir(own, { recursive: true });
  const productsFile = join(own, "products.csv");
  await writeFile(productsFile, productsOf(planned, received));
  const postgres = await room.start("postgres");
  const stops = [() => postgres.stop()];
  let stopping: Promise<void> | null = null;
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.reverse()) await stop();
  };
  const servers = {
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
  running.add(servers);
  try {
    const settingsOf = async (role: VendureProcess["role"]): Promise<VendureProcess> => ({
      role,
      folder: fetched,
      databaseUrl: postgres.endpoint.url,
      port: await freePort(HOST),
      admin,
      productsFile,
      logFile: join(own, `${role}.log`),
    });
    note(`vendure ${VENDURE_VERSION}: making its tables and ${received.size} products`);
    const populating = run(process.execPath, [MAIN, JSON.stringify(await settingsOf("populate"))], {
      cwd: own,
      timeout: POPULATE_MS,
    });
    stops.push(async () => {
      populating.child.kill();
      await populating.catch(() => {});
    });
    await populating;
    const launch = async (role: "server" | "worker") => {
      const settings = await settingsOf(role);
      const child = await startChildServer(MAIN, {
        args: [JSON.stringify(settings)],
        environment: { NODE_ENV: "production" },
      });
      stops.push(() => child.stop());
      return { pid: child.ready.pid, url: `http://${HOST}:${settings.port}` };
    };
    const server = await launch("server");
    const worker = await launch("worker");
    const database = new pg.Pool({ connectionString: postgres.endpoint.url, max: 1 });
    stops.push(() => database.end());
    const [postmaster = 0] = await postgres.pids();
    const processes = new Map([
      ["server", server.pid],
      ["worker", worker.pid],
      ["postgres", postmaster],
      ["client", process.pid],
    ]);
    return await measure({ url: server.url, admin, database, processes }, plan, planned, received, note);
  } finally {
    await servers.stop();
    running.delete(servers);
  }
}

/** Twice as many units as the orders ask for, by SKU. */
function receivedFor(planned: readonly PlannedOrder[]): Map<string, number> {
  const received = new Map<string, number>();
  for (const { channelSku, quantity } of planned.flatMap(({ lines }) => lines)) {
    received.set(channelSku, (received.get(channelSku) ?? 0) + quantity * 2);
  }
  return received;
}

async function measure(
  vendure: RunningVendure,
  plan: VendurePlan,
  planned: readonly PlannedOrder[],
  received: ReadonlyMap<string, number>,
  note: (text: string) => void,
): Promise<VendurePeer> {
  const { database } = vendure;
  const load = await VendureLoad.open(vendure, Math.max(...plan.clients, plan.scarce.clients), planned);
  note(`vendure: warming up, ${plan.warmUpMs / 1_000} s`);
  await load.complete(Math.max(...plan.clients), plan.warmUpMs);
  const tried = [];
  for (const clients of plan.clients.length > 1 ? plan.clients : []) {
    const { before, after } = await load.complete(clients, plan.calibrateMs);
    tried.push({ clients, perMinute: perMinute(before, after) });
  }
  tried.sort((a, b) => b.perMinute - a.perMinute);
  const best = tried[0]?.clients ?? plan.clients[0] ?? 1;
  note(`vendure: measuring with ${best} clients, ${plan.measureMs / 1_000} s`);
  load.refusals.clear();
  const { before, after, placing, fulfilling } = await load.complete(best, plan.measureMs);
  const refusals = [...load.refusals].map(([code, times]) => ({ code, times }));
  const orders = after.completed - before.completed;
  const processes = perOrder(before.processorTime.parts, after.processorTime.parts, Math.max(1, orders));
  const audit = await auditOf(database, received, (sku) => sku !== SCARCE_SKU);
  note(`vendure: ${Math.round(perMinute(before, after))} complete orders a minute`);

  const { units, orders: asked, clients } = plan.scarce;
  note(`vendure: ${asked} orders for ${units} units of one SKU, ${clients} at a time`);
  const began = performance.now();
  await load.place(clients, scarceOrders(asked));
  const seconds = (performance.now() - began) / 1_000;
  const { sold, oversold, drifted } = await auditOf(database, received, (sku) => sku === SCARCE_SKU);
  note(`vendure: sold ${sold} of ${units} units`);
  return {
    version: VENDURE_VERSION,
    clients: best,
    tried,
    seconds: (after.atMs - before.atMs) / 1_000,
    orders,
    perMinute: perMinute(before, after),
    placing: timesOf(placing),
    fulfilling: timesOf(fulfilling),
    cpuMsPerOrder: processes
      .filter(({ name }) => OWN.includes(name))
      .reduce((sum, { msPerOrder }) => sum + msPerOrder, 0),
    processes,
    commitsPerOrder: (after.commits - before.commits) / Math.max(1, orders),
    walBytesPerOrder: (after.walBytes - before.walBytes) / Math.max(1, orders),
    refusals: refusals.sort((a, b) => b.times - a.times),
    audit,
    scarce: { units, asked, clients, sold, oversold, drifted, seconds },
  };
}

async function auditOf(
  database: pg.Pool,
  received: ReadonlyMap<string, number>,
  isMeant: (sku: string) => boolean,
): Promise<VendureAudit> {
  return auditVendure(
    (await readVendureStock(database)).filter(({ sku }) => isMeant(sku)),
    new Map([...received].filter(([sku]) => isMeant(sku))),
  );
}

/** Orders of one unit of the SKU that there is too little of. */
function scarceOrders(count: number): readonly Pick<PlannedOrder, "shopper" | "lines">[] {
  const random = new Random(SCARCE_SKU);
  const line = {
    channelSku: SCARCE_SKU,
    title: SCARCE_SKU,
    quantity: 1,
    priceMinor: 1_000,
    weightGrams: 100,
  };
  return Array.from({ length: count }, () => ({ shopper: randomShopper(random), lines: [line] }));
}

/** What Vendure's import reads: a product with one variant a line, and its units. */
function productsOf(planned: readonly PlannedOrder[], received: ReadonlyMap<string, number>): string {
  const prices = new Map(
    planned.flatMap(({ lines }) => lines.map(({ channelSku, priceMinor }) => [channelSku, priceMinor])),
  );
  const head =
    "name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand," +
    "trackInventory,variantAssets,variantFacets";
  const rows = [...received].map(([sku, units]) => {
    const price = ((prices.get(sku) ?? 1_000) / 100).toFixed(2);
    return `${sku},${sku.toLowerCase()},${sku},,,,,${sku},${price},standard,${units},true,,`;
  });
  return [head, ...rows, ""].join("\n");
}

function timesOf(times: readonly number[]): Times {
  return { p50Ms: percentile(times, 50), p95Ms: percentile(times, 95), p99Ms: percentile(times, 99) };
}
