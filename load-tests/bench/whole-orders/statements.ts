/**
 * How many statements PostgreSQL runs: the server itself writes a known share of them into its log, chosen at
 * random, whoever sends them and however they are sent (plain, prepared, pipelined). The count is an
 * estimate: of n statements in the log it is off by some 1/√n. Logging all of them would slow what is
 * measured, and the extension that counts (pg_stat_statements) is not in the embedded server.
 */
import { open, stat } from "node:fs/promises";
import type { Queryable } from "../../../store/sql/database.ts";

export type StatementCount = {
  readonly statements: number;
  /** The most frequent ones, by their text without what varies. */
  readonly byText: readonly { readonly text: string; readonly statements: number }[];
};

const SAMPLED_SHARE = 0.1;
const MOST_FREQUENT = 25;
const TEXT_LENGTH = 110;

/** The rights needed are a superuser's, which the embedded server's one account has. */
export class StatementSample {
  private readonly database: Queryable;
  private readonly logFile: string;
  private readonly from: number;

  private constructor(database: Queryable, logFile: string, from: number) {
    this.database = database;
    this.logFile = logFile;
    this.from = from;
  }

  static async begin(database: Queryable, logFile: string): Promise<StatementSample> {
    const { size } = await stat(logFile);
    await configure(database, [
      // With the name of who is connected.
      ["log_line_prefix", "%m [%p] %a "],
      ["log_parameter_max_length", "0"],
      ["log_statement_sample_rate", String(SAMPLED_SHARE)],
      ["log_min_duration_sample", "0"],
    ]);
    return new StatementSample(database, logFile, size);
  }

  /** @param observer name of a connection whose statements do not count */
  async end(observer: string): Promise<StatementCount> {
    await configure(this.database, [["log_min_duration_sample", "-1"]]);
    const file = await open(this.logFile);
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(size - this.from);
      await file.read(bytes, 0, bytes.length, this.from);
      return countStatements(bytes.toString("utf8"), SAMPLED_SHARE, observer);
    } finally {
      await file.close();
    }
  }
}

async function configure(
  database: Queryable,
  settings: readonly (readonly [name: string, value: string])[],
): Promise<void> {
  for (const [name, value] of settings) await database.query(`alter system set ${name} = '${value}'`);
  await database.query("select pg_reload_conf()");
}

/** A statement is what is executed; that it is also parsed and bound is written as well and not counted. */
const EXECUTED = /\] (\S*) LOG: {2}duration: [\d.]+ ms {2}(?:statement|execute [^:]*): (.*(?:\n\t.*)*)/g;

/**
 * @param share of the statements that the log has, above 0 and at most 1
 * @param observer name of a connection whose statements do not count
 */
export function countStatements(log: string, share: number, observer: string): StatementCount {
  const counts = new Map<string, number>();
  let found = 0;
  for (const [, who, text = ""] of log.matchAll(EXECUTED)) {
    if (who === observer) continue;
    found += 1;
    const known = withoutValues(text);
    counts.set(known, (counts.get(known) ?? 0) + 1);
  }
  return {
    statements: found / share,
    byText: [...counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, MOST_FREQUENT)
      .map(([text, times]) => ({ text, statements: times / share })),
  };
}

function withoutValues(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/'(?:[^']|'')*'/g, "'…'")
    .replace(/\b\d+\b/g, "#")
    .trim()
    .slice(0, TEXT_LENGTH);
}
