/** The output of a simulation that a person reads: its progress, its sum, the table of planted bugs. */
import type { MutantOutcome } from "./hunt/mutant-hunt.ts";
import type { RangeResult } from "./hunt/seed-range.ts";

const SHOW_EVERY_MS = 5_000;

export function seedsProgress(
  count: number,
  started: number,
): { readonly show: (sum: RangeResult) => void; readonly end: () => void } {
  let shownAt = started;
  return {
    show: (sum) => {
      const now = performance.now();
      if (now - shownAt < SHOW_EVERY_MS) return;
      shownAt = now;
      const rate = (sum.seeds / (now - started)) * 1_000;
      process.stderr.write(
        `${sum.seeds} of ${count} seeds in ${((now - started) / 1_000).toFixed(0)} s, ${rate.toFixed(0)} ` +
          `a second, ${sum.broken.length} broken\n`,
      );
    },
    end: () => {},
  };
}

export function seedSummary(
  sum: RangeResult,
  { from, seconds }: { readonly from: number; readonly seconds: number },
): string {
  const faults = Object.entries(sum.faults).map(
    ([name, times]) => `  ${String(times).padStart(9)}  ${words(name)}`,
  );
  return [
    `seeds ${from} to ${from + sum.seeds - 1}: ${sum.seeds} seeds, ${sum.operations} operations, ` +
      `${sum.steps} events in ${seconds.toFixed(1)} s`,
    ...faults,
    `promises broken: ${sum.broken.length}`,
  ].join("\n");
}

export function mutantTable(outcomes: readonly MutantOutcome[]): string {
  const width = Math.max(...outcomes.map(({ mutant }) => mutant.name.length), 4);
  const rows = outcomes.map((outcome) => mutantLine(outcome, width));
  const found = outcomes.filter(({ seed }) => seed !== null).length;
  return [
    `${"bug".padEnd(width)}  found by   broken promise`,
    ...rows,
    `${found} of ${outcomes.length} planted bugs found`,
  ].join("\n");
}

export function mutantLine({ mutant, seed, promise }: MutantOutcome, width: number): string {
  const found = seed === null ? "NOT FOUND" : `seed ${seed}`;
  return `${mutant.name.padEnd(width)}  ${found.padEnd(9)}  ${promise ?? mutant.breaks}`;
}

/** `commitsLost` in words that people read. */
function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
