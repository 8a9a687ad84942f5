/**
 * Ends a run with what failed and why, where its time went, suite by suite, and one plain line that any script
 * can read: `N passed, N failed, N skipped`. What failed is said last because often only the end of a long
 * output is kept.
 */
import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { projectRoot } from "../../config/project-root.ts";

/** Files of each suite that are named. */
const LONGEST = 5;

/** Characters of an error that the end of a run repeats. */
const REASON = 240;

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = 0;
    const failures: string[] = unhandledErrors.map((error) => failureLine("(outside of a test)", [error]));
    for (const module of modules) {
      const file = relative(projectRoot, module.moduleId);
      // A file that could not be loaded has no tests that could fail.
      failed += module.errors().length;
      if (module.errors().length > 0) failures.push(failureLine(file, module.errors()));
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed += 1;
        else if (state === "failed") {
          failed += 1;
          failures.push(failureLine(`${file}: ${test.fullName}`, test.result().errors ?? []));
        } else skipped += 1;
      }
    }
    if (failures.length > 0) process.stdout.write(`\nFailed:\n${failures.join("\n")}\n`);
    process.stdout.write(`\n${timesOf(modules).join("\n")}\n`);
    process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}

/** One line, so that many failures can be read at a glance; the whole error stands above. */
function failureLine(what: string, errors: readonly unknown[]): string {
  const [first] = errors as readonly ({ message?: unknown } | undefined)[];
  const reason = String(first?.message ?? first ?? "").replaceAll(/\s+/g, " ");
  return `  ${what}\n    ${reason.slice(0, REASON)}`;
}

/** Seconds of all workers together, in a line for each suite. */
function timesOf(modules: readonly TestModule[]): readonly string[] {
  const suites = new Map<string, { readonly file: string; readonly seconds: number }[]>();
  for (const module of modules) {
    const { duration, collectDuration } = module.diagnostic();
    const file = {
      file: relative(projectRoot, module.moduleId),
      seconds: (duration + collectDuration) / 1_000,
    };
    suites.set(module.project.name, [...(suites.get(module.project.name) ?? []), file]);
  }
  return [...suites].map(([suite, files]) => {
    const sum = files.reduce((total, { seconds }) => total + seconds, 0);
    const longest = files
      .toSorted((one, other) => other.seconds - one.seconds)
      .slice(0, LONGEST)
      .map(({ file, seconds }) => `${Math.round(seconds)} ${file}`);
    return `${suite}: ${Math.round(sum)} s in ${files.length} files, longest ${longest.join(", ")}`;
  });
}
