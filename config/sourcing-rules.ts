/**
 * Reads sourcing rules as people write them. Every problem is reported at once, by its place, so that wrong
 * rules are corrected in one round.
 *
 *     { "rules": [
 *       { "rule": "fewest_parcels", "reason": "…" },
 *       { "reason": "…", "weighted": [ { "rule": "cost", "weight": 1 }, { "rule": "promise_date", "weight":
 *       200 } ] },
 *       { "rule": "custom", "attribute": "carbon", "prefer": "low", "reason": "…" } ] }
 *
 * Every step needs a reason: rules outlive those who remember why.
 */
import {
  SOURCING_RULES,
  type SourcingRuleList,
  type SourcingStep,
  type WeighedRule,
} from "./sourcing-rule.ts";

type SourcingRulesProblem = { readonly path: string; readonly problem: string };

type SourcingRulesReading =
  | {
      readonly status: "ok";
      readonly rules: SourcingRuleList;
      /** The steps as they were written, with their reasons. */
      readonly written: readonly unknown[];
    }
  | { readonly status: "invalid"; readonly problems: readonly SourcingRulesProblem[] };

const MAX_STEPS = 12;
const MAX_WEIGHT = 1_000_000;
const MAX_REASON = 500;
/** Most rules that a step weighs: each once, and some numbers of the locations' own. */
const MAX_WEIGHED = 20;
/** The store has no place for them. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** @param text the file's content, JSON */
export function readSourcingRules(text: string): SourcingRulesReading {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    const problem = `is no JSON: ${error instanceof Error ? error.message : String(error)}`;
    return { status: "invalid", problems: [{ path: "", problem }] };
  }
  return readSourcingRuleList(content);
}

/** @param content the same, parsed */
export function readSourcingRuleList(content: unknown): SourcingRulesReading {
  const problems: SourcingRulesProblem[] = [];
  const complain = (path: string, problem: string): null => {
    problems.push({ path, problem });
    return null;
  };
  if (!isRecord(content) || !Array.isArray(content["rules"])) {
    complain("", `must be an object with a list "rules"`);
    return { status: "invalid", problems };
  }
  refuseOthers(content, "", ["rules"], complain);
  const entries: readonly unknown[] = content["rules"];
  if (entries.length === 0) complain("rules", "must have a step at least");
  if (entries.length > MAX_STEPS) complain("rules", `must have ${MAX_STEPS} steps at most`);
  const rules = entries.map((entry, index) => readStep(entry, `rules[${index}]`, complain));
  const read = rules.filter((step) => step !== null);
  return problems.length > 0
    ? { status: "invalid", problems }
    : { status: "ok", rules: read, written: entries };
}

type Complain = (path: string, problem: string) => null;

function readStep(entry: unknown, path: string, complain: Complain): SourcingStep | null {
  if (!isRecord(entry)) return complain(path, "must be an object");
  const { reason, weighted } = entry;
  if (typeof reason !== "string" || reason.trim() === "") complain(`${path}.reason`, "must say why");
  else if (reason.length > MAX_REASON || UNPRINTABLE.test(reason))
    complain(`${path}.reason`, `must be at most ${MAX_REASON} printable characters`);
  if (weighted === undefined) {
    refuseOthers(entry, path, ["reason", "rule", "attribute", "prefer"], complain);
    const rule = readRule(entry, path, 1, complain);
    return rule === null ? null : [rule];
  }
  refuseOthers(entry, path, ["reason", "weighted"], complain);
  if (!Array.isArray(weighted) || weighted.length === 0 || weighted.length > MAX_WEIGHED) {
    return complain(`${path}.weighted`, `must be a list of 1 to ${MAX_WEIGHED} rules`);
  }
  const rules = weighted.map((part: unknown, index) => {
    const place = `${path}.weighted[${index}]`;
    if (!isRecord(part)) return complain(place, "must be an object");
    refuseOthers(part, place, ["rule", "weight", "attribute", "prefer"], complain);
    const { weight } = part;
    if (typeof weight !== "number" || !(weight >= 0.001) || weight > MAX_WEIGHT) {
      return complain(`${place}.weight`, `must be a number from 0.001 to ${MAX_WEIGHT}`);
    }
    return readRule(part, place, weight, complain);
  });
  const [first, ...others] = rules.filter((rule) => rule !== null);
  return first === undefined ? null : [first, ...others];
}

function readRule(
  entry: Readonly<Record<string, unknown>>,
  path: string,
  weight: number,
  complain: Complain,
): WeighedRule | null {
  const name = SOURCING_RULES.find((known) => known === entry["rule"]);
  if (name === undefined) {
    return complain(`${path}.rule`, `must be one of ${SOURCING_RULES.join(", ")}`);
  }
  const { attribute, prefer } = entry;
  if (name !== "custom") {
    if (attribute !== undefined || prefer !== undefined) {
      return complain(path, `"attribute" and "prefer" belong to custom rules only`);
    }
    return { rule: name, weight };
  }
  if (
    typeof attribute !== "string" ||
    attribute === "" ||
    attribute.length > 64 ||
    UNPRINTABLE.test(attribute)
  ) {
    return complain(`${path}.attribute`, "must name a number that locations carry");
  }
  if (prefer !== "low" && prefer !== "high") return complain(`${path}.prefer`, "must be low or high");
  return { rule: name, attribute, prefer, weight };
}

/** A misspelt key would otherwise be a rule that silently does something else. */
function refuseOthers(
  entry: Readonly<Record<string, unknown>>,
  path: string,
  known: readonly string[],
  complain: Complain,
): void {
  for (const key of Object.keys(entry)) {
    if (!known.includes(key)) {
      complain(path === "" ? key : `${path}.${key}`, `is not known, ${known.join(", ")} are`);
    }
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
