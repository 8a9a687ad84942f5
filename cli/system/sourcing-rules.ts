import { readFile } from "node:fs/promises";
import { readSourcingRules } from "../../config/sourcing-rules.ts";
import { reasonOf, UserProblem } from "../problem.ts";

const ADVICE = "config/sourcing-rules.json is an example; HOLDFAST_SOURCING_RULES names the file to use.";

/** The steps of a file, as they are written. Rejects with every problem of the file in one message. */
export async function sourcingRules(file: string): Promise<readonly unknown[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UserProblem("sourcing_rules_unreadable", `${file}: ${reasonOf(cause)}`, ADVICE, { cause });
  });
  const reading = readSourcingRules(text);
  if (reading.status === "ok") return reading.written;
  const problems = reading.problems.map(({ path, problem }) => `${path || "the file"} ${problem}`);
  throw new UserProblem("sourcing_rules_invalid", `${file}: ${problems.join("; ")}`, ADVICE);
}
