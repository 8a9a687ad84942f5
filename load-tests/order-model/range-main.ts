/**
 * A process that plays some of a run's sequences, in a PostgreSQL and an engine of its own. Started by
 * `main.ts` with a `Range` as its argument; tells how far it is, and ends with a `RangeResult`.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseServer } from "../faults/database-server.ts";
import { play, type Verdict } from "./play.ts";
import { startWorld } from "./world.ts";

export type Range = {
  readonly seed: number;
  readonly steps: number;
  /** The first sequence, and how far it is to each next one. */
  readonly from: number;
  readonly every: number;
  readonly to: number;
  /** Sequences at a time. */
  readonly beside: number;
  /** Begins no sequence after this time. */
  readonly seconds: number;
};

export type RangeResult = {
  readonly sequences: number;
  /** Steps by their names. */
  readonly counts: Readonly<Record<string, number>>;
  readonly broken: {
    readonly sequence: number;
    readonly findings: readonly string[];
    readonly story: readonly string[];
  } | null;
  /** Of the last sequence, for a person who asked for it. */
  readonly story: readonly string[];
};

export type RangeMessage = { readonly played: number } | { readonly result: RangeResult };

/** Few: a connection that works all the time has its plans at hand. */
const CONNECTIONS = 4;

const tell = (message: RangeMessage) => process.send?.(message);

const range = JSON.parse(process.argv[2] ?? "") as Range;
let isStopped = false;
process.on("message", () => {
  isStopped = true;
});
tell({ result: await playRange(range) });
process.removeAllListeners("disconnect");
process.disconnect();

async function playRange({ seed, steps, from, every, to, beside, seconds }: Range): Promise<RangeResult> {
  const database = await ownDatabase();
  // Whoever has asked is gone, or wants it to end.
  for (const end of ["disconnect", "SIGINT", "SIGTERM"])
    process.once(end, () => void database.stop().finally(() => process.exit(1)));
  const world = await startWorld(database.url, CONNECTIONS);
  const began = Date.now();
  const verdicts: Verdict[] = [];
  let next = from;
  let broken: Verdict | null = null;
  const isOver = () => isStopped || broken !== null || next > to || Date.now() - began > seconds * 1_000;
  try {
    await Promise.all(
      Array.from({ length: beside }, async () => {
        while (!isOver()) {
          const number = next;
          next += every;
          const verdict = await play(world, seed, number, steps, () => isStopped || broken !== null);
          verdicts.push(verdict);
          if (verdict.findings.length > 0) broken ??= verdict;
          tell({ played: verdicts.length });
        }
      }),
    );
  } finally {
    await world.stop();
    await database.stop();
  }
  const counts: Record<string, number> = {};
  for (const verdict of verdicts) {
    for (const [name, count] of verdict.counts) counts[name] = (counts[name] ?? 0) + count;
  }
  return { sequences: verdicts.length, counts, broken, story: verdicts.at(-1)?.story ?? [] };
}

/**
 * Losing its last commits with the machine does no harm to a database that nobody reads afterwards. Its
 * statements are short and many: a socket costs less than TCP for each, and one plan serves all.
 */
async function ownDatabase(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-order-model-"));
  await chmod(folder, 0o711);
  // PostgreSQL, which may run as another user, makes its socket there.
  const sockets = join(folder, "sockets");
  mkdirSync(sockets);
  await chmod(sockets, 0o1777);
  const server = await DatabaseServer.start(folder, {
    unix_socket_directories: sockets,
    synchronous_commit: "off",
    fsync: "off",
    full_page_writes: "off",
    plan_cache_mode: "force_generic_plan",
    // Messages and refunds come and go by the thousand; an index full of dead ones is read in vain.
    autovacuum_naptime: "20s",
    autovacuum_vacuum_cost_delay: "0",
    // A plan made while a table is small must not read all of it once it is large.
    enable_seqscan: "off",
  });
  return {
    url: server.socketUrl(sockets),
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
