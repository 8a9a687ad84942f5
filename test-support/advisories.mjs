// Asks the registry which known faults the installed libraries have (`npm audit`), and fails where one has no
// date yet, or has had its time: `npm run advisories [-- --dev]`; `--dev` asks about what builds and tests, too.
//
// The registry does not say when an advisory was published. So its time begins on the day that it was noted
// in advisories.json, as {"id", "since", "reason"}; a new one fails until it is mended or noted.
//
// Exit status 0: nothing that is over its time. 1: something is, or is not noted. 2: the registry told nothing.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Days within which a library is exchanged, as SECURITY.md promises. */
export const DAYS = { critical: 7, high: 30, moderate: 90, low: 180, info: 180 };

const DAY_MS = 86_400_000;

/**
 * @param report what `npm audit --json` says
 * @param noted advisories with the day on which each was noted, `YYYY-MM-DD`
 * @param nowMs milliseconds since the Unix epoch
 * @returns each advisory once, the worst first; `until` is null where it is not noted
 */
export function judge(report, noted, nowMs) {
  const found = new Map();
  for (const { via } of Object.values(report.vulnerabilities)) {
    for (const one of via) {
      // A name stands for a package that has the fault by way of another one.
      if (typeof one === "string") continue;
      const id = one.url.slice(one.url.lastIndexOf("/") + 1);
      const entry = noted.find((each) => each.id === id);
      const untilMs = entry === undefined ? null : Date.parse(entry.since) + DAYS[one.severity] * DAY_MS;
      found.set(id, {
        id,
        package: one.name,
        severity: one.severity,
        title: one.title,
        until: untilMs === null ? null : new Date(untilMs).toISOString().slice(0, 10),
        isOver: untilMs === null || untilMs < nowMs,
      });
    }
  }
  const ranks = Object.keys(DAYS);
  return [...found.values()].sort((a, b) => ranks.indexOf(a.severity) - ranks.indexOf(b.severity));
}

function main() {
  const omit = process.argv.includes("--dev") ? [] : ["--omit=dev"];
  const { stdout, error } = spawnSync("npm", ["audit", "--json", ...omit], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const report = parsed(stdout ?? "");
  if (report?.auditReportVersion !== 2) {
    const reason = report?.message ?? error?.message ?? "no report";
    process.stderr.write(`The registry told nothing of advisories: ${reason}\n`);
    return 2;
  }
  const noted = JSON.parse(readFileSync(new URL("advisories.json", import.meta.url), "utf8"));
  const judged = judge(report, noted, Date.now());
  for (const { id, package: name, severity, title, until, isOver } of judged) {
    const state = until === null ? "new: mend or note it" : isOver ? `over since ${until}` : `until ${until}`;
    process.stdout.write(`${severity}\t${name}\t${id}\t${state}\t${title}\n`);
  }
  const over = judged.filter(({ isOver }) => isOver).length;
  process.stdout.write(`${judged.length} advisories, ${over} over their time or not noted\n`);
  return over > 0 ? 1 : 0;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

if (process.argv[1]?.endsWith("advisories.mjs")) process.exitCode = main();
