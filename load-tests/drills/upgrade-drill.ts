/**
 * The drill of an upgrade and of the way back: a former version takes orders and is stopped; this version
 * starts on what it has left and goes on; then the former one is started again, first on what this version
 * has made of the data, then on a copy from before the upgrade.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../../config/project-root.ts";
import { openDatabase } from "../../store/sql/database.ts";
import { RealSystem } from "../faults/devices/real-system.ts";

export type UpgradeDrillReport = {
  /** The former version's commit, or the name of its folder. */
  readonly from: string;
  /** Migrations before and after. */
  readonly schema: readonly [before: number, after: number];
  /** Orders that the former version had taken, and that this one had after the upgrade. */
  readonly orders: { readonly before: number; readonly after: number };
  readonly takesOrdersAfterUpgrade: boolean;
  /** What the former version did on the newer schema: `starts`, or the last line that it said. */
  readonly formerOnNewSchema: string;
  /** Orders of the copy from before the upgrade, with the former version. */
  readonly ordersAfterRollback: number;
  readonly takesOrdersAfterRollback: boolean;
  readonly milliseconds: { readonly copy: number; readonly upgrade: number; readonly rollback: number };
  readonly ok: boolean;
};

/** @param former folder of the former version, installed and built @param orders that it takes */
export async function runUpgradeDrill(
  former: string,
  orders: number,
  onProgress: (phase: string) => void,
): Promise<UpgradeDrillReport> {
  const safe = await mkdtemp(join(tmpdir(), "holdfast-upgrade-"));
  onProgress("the former version starts");
  const system = await RealSystem.start({}, join(former, "bin", "holdfast.js"));
  const formerProgram = system.program;
  try {
    for (let at = 0; at < orders; at += 1) await take(system, `former-${at}`);
    const before = await facts(system);
    onProgress("a copy is made of the stopped system");
    await system.stop();
    const copyFrom = Date.now();
    const folders = await system.folders();
    for (const [at, folder] of folders.entries()) await copy(folder, join(safe, String(at)));
    const copied = Date.now();

    onProgress("this version starts on its data");
    system.program = join(projectRoot, "bin", "holdfast.js");
    const upgradeFrom = Date.now();
    await system.start();
    const upgraded = Date.now();
    const takesOrdersAfterUpgrade = await take(system, "upgraded").then(
      () => true,
      () => false,
    );
    const after = await facts(system);
    await system.stop();

    onProgress("the former version starts on the newer schema");
    system.program = formerProgram;
    const formerOnNewSchema = await system.start().then(
      () => "starts",
      (error: unknown) => lastLine(error),
    );
    await system.kill("everything");

    onProgress("the copy is put back");
    const rollbackFrom = Date.now();
    for (const [at, folder] of folders.entries()) {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      await copy(join(safe, String(at)), folder);
    }
    await system.start();
    const rolledBack = Date.now();
    const back = await facts(system);
    const takesOrdersAfterRollback = await take(system, "back").then(
      () => true,
      () => false,
    );
    return {
      from: await commitOf(former),
      schema: [before.schema, after.schema],
      orders: { before: before.orders, after: after.orders },
      takesOrdersAfterUpgrade,
      formerOnNewSchema,
      ordersAfterRollback: back.orders,
      takesOrdersAfterRollback,
      milliseconds: {
        copy: copied - copyFrom,
        upgrade: upgraded - upgradeFrom,
        rollback: rolledBack - rollbackFrom,
      },
      ok:
        after.orders === before.orders + 1 &&
        takesOrdersAfterUpgrade &&
        back.orders === before.orders &&
        back.schema === before.schema &&
        takesOrdersAfterRollback,
    };
  } finally {
    await system.destroy();
    await rm(safe, { recursive: true, force: true });
  }
}

/** With owners and rights: PostgreSQL's files are its own user's. */
async function copy(from: string, to: string): Promise<void> {
  await execute("cp", ["-a", from, to]);
}

async function commitOf(folder: string): Promise<string> {
  const asked = execute("git", ["-C", folder, "rev-parse", "--short", "HEAD"]);
  return asked.then(
    ({ stdout }) => stdout.trim(),
    () => basename(folder),
  );
}

const execute = promisify(execFile);

/** An order over REST. @throws Error where it is not taken */
async function take(system: RealSystem, id: string): Promise<void> {
  const { url, key } = await system.access();
  const answer = await fetch(`${url}/v1/orders?channel=web`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "idempotency-key": id },
    body: JSON.stringify({
      id,
      currency: "USD",
      lines: [{ sku: "NOT-IN-CATALOG", quantity: 1, unitPrice: "12.00" }],
      total: "12.00",
      customer: { name: "Ada Example", email: "ada@example.com" },
      shippingAddress: {
        name: "Ada Example",
        line1: "1 Main Street",
        city: "Reno",
        region: "NV",
        postalCode: "89501",
        country: "US",
      },
    }),
  });
  if (!answer.ok) throw new Error(`${id}: ${answer.status} ${await answer.text()}`);
}

async function facts(system: RealSystem): Promise<{ readonly schema: number; readonly orders: number }> {
  const { databaseUrl } = await system.access();
  const database = openDatabase(databaseUrl ?? "", { maxConnections: 1 });
  try {
    const { rows } = await database.query<{ schema: number; orders: number }>(
      `select (select max(version)::integer from schema_version) as schema,
              (select count(*)::integer from orders) as orders`,
    );
    return rows[0] ?? { schema: 0, orders: 0 };
  } finally {
    await database.end();
  }
}

/** What a program said before it ended, without where in it. */
function lastLine(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).trim().split("\n");
  return lines.findLast((line) => !/^\s/.test(line) && /[a-z]/i.test(line)) ?? "";
}
