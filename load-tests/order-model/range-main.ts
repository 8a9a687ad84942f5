/**
 * A process that plays some of a run's sequences, in a database and an engine of its own. Started by
 * `main.ts` with a `Range` as its argument; tells how far it is, and ends with a `RangeResult`.
 */
import { ownDatabase } from "./own-server.ts";
import { play, type Verdict } from "./play.ts";
import { startWorld } from "./world.ts";

export type Range = {
  /** The run's PostgreSQL. */
  readonly serverUrl: string;
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

async function playRange(range: Range): Promise<RangeResult> {
  const { seed, steps, from, every, to, beside, seconds } = range;
  // Whoever has asked is gone, or wants it to end.
  for (const end of ["disconnect", "SIGINT", "SIGTERM"]) process.once(end, () => process.exit(1));
  const world = await startWorld(await ownDatabase(range.serverUrl), CONNECTIONS);
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
  }
  const counts: Record<string, number> = {};
  for (const verdict of verdicts) {
    for (const [name, count] of verdict.counts) counts[name] = (counts[name] ?? 0) + count;
  }
  return { sequences: verdicts.length, counts, broken, story: verdicts.at(-1)?.story ?? [] };
}
