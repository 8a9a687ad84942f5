/**
 * pgbench with the same statement as the naive form, prepared: what PostgreSQL does without a driver. It
 * draws its own numbers (one hot SKU, no releases), so it is a limit beside the rounds and not one of their
 * rows.
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { EXPIRES_IN_MS } from "../operations.ts";
import type { Endpoint } from "../system.ts";
import { RESERVE_SQL } from "./postgres-naive.ts";
import { createHoldTables, loadStock } from "./postgres-tables.ts";

const run = promisify(execFile);

const CLIENTS = [8, 16, 32];
const UNITS = 1_000_000_000;

export type PgbenchRate = { readonly clients: number; readonly perSecond: number };

export async function runPgbench(
  { url }: Endpoint,
  options: { readonly folder: string; readonly seconds: number },
): Promise<readonly PgbenchRate[]> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    await createHoldTables(pool);
    await loadStock(pool, Uint32Array.of(UNITS));
  } finally {
    await pool.end();
  }
  const script = join(options.folder, "reserve.pgbench");
  const values = ["0", ":quantity", ":id", String(EXPIRES_IN_MS)];
  const statement = RESERVE_SQL.replace(/\$(\d)/g, (_, place) => values[Number(place) - 1] ?? "");
  await writeFile(
    script,
    `\\set quantity random(1, 3)\n\\set id random(1, 9000000000000000)\n${statement.replace(/\s+/g, " ")};\n`,
  );
  const rates: PgbenchRate[] = [];
  for (const clients of CLIENTS) {
    const { stdout } = await run("pgbench", [
      ...["--protocol=prepared", "--no-vacuum", "--jobs=1", `--client=${clients}`],
      ...[`--time=${options.seconds}`, `--file=${script}`, url],
    ]);
    rates.push({ clients, perSecond: Number(/tps = ([\d.]+)/.exec(stdout)?.[1] ?? 0) });
  }
  return rates;
}
