/**
 * Answers of a running system as examples of the API's reference: which of many is kept, and what of it is
 * changed so that it can be shown. What a schema says of it is held against it elsewhere.
 *
 * `record-answers.ts` writes one file an operation while tests run; `answer-examples.ts` reads them.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir, hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { projectRoot } from "../../config/project-root.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are of many shapes
type Json = any;

export type RecordedAnswer = { readonly status: number; readonly example: Json };
type Kept = RecordedAnswer & { readonly score: number };

/** Entries of a list that an example shows. */
const MOST_ENTRIES = 2;
/** Characters of an example; what is longer has one entry of each list. */
const MOST_CHARACTERS = 6_000;
/** Tests that send what nobody would: theirs is shown where there is no other. */
const HOSTILE = /bad-input|conformance|fuzz|hostile|guessing|overload/;
/** These send the requests that the reference shows: theirs are the answers to them. */
const OF_THE_REFERENCE = /openapi-examples/;

/** The value of a field of one of these names is a secret where it is a text. */
const SECRET_NAMES = /^(secret|key|clearText|token|code|challenge|clientSecret|recoveryCodes|trackingToken)$/;
/** What only the machine has that recorded them. */
const OF_THE_MACHINE = [`${tmpdir()}/`, `${homedir()}/`, projectRoot, hostname()];

/** Keeps the answer where it shows more than the one that was kept before. */
export function keepAnswer(
  folder: string,
  operation: string,
  answer: RecordedAnswer,
  testPath: string,
): void {
  const example = presentable(answer.example);
  const text = JSON.stringify(example);
  if (OF_THE_MACHINE.some((name) => text.includes(name))) return;
  const isOfReference = OF_THE_REFERENCE.test(testPath) && !operation.startsWith("GET ");
  const score = worthOf(example) + (isOfReference ? 10_000 : 0) - (HOSTILE.test(testPath) ? 5_000 : 0);
  const file = fileOf(folder, operation);
  const before = readKept(file);
  if (before !== null && before.score >= score) return;
  mkdirSync(folder, { recursive: true });
  // Several processes run tests: a file is there as a whole or not at all.
  const whole = `${file}.${process.pid}`;
  writeFileSync(whole, JSON.stringify({ status: answer.status, example, score } satisfies Kept));
  renameSync(whole, file);
}

/** Looks at what commands were answered, which were processes of their own. */
export function keepAnswersOfChildren(
  folder: string,
  operationOf: (method: string, path: string) => string | null,
): void {
  for (const name of readdirSync(folder).filter((each) => each.startsWith("child-"))) {
    const lines = readFileSync(join(folder, name), "utf8").split("\n");
    for (const line of lines.filter((each) => each !== "")) {
      const { method, pathname, search, status, example } = JSON.parse(line);
      const operation = search.includes("fields=") ? null : operationOf(method, pathname);
      if (operation !== null) keepAnswer(folder, operation, { status, example }, name);
    }
  }
}

/** @returns null where none was recorded */
export function recordedAnswer(folder: string, operation: string): RecordedAnswer | null {
  const kept = readKept(fileOf(folder, operation));
  return kept === null ? null : { status: kept.status, example: kept.example };
}

function fileOf(folder: string, operation: string): string {
  return join(folder, `${operation.replaceAll(/[^A-Za-z]+/g, "-")}.json`);
}

function readKept(file: string): Kept | null {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** Short enough to be read, and without what was of that hour's machine or secret. */
function presentable(answer: Json): Json {
  const shown = cut(shownValue("", answer), MOST_ENTRIES);
  return JSON.stringify(shown).length > MOST_CHARACTERS ? cut(shown, 1) : shown;
}

function cut(value: Json, entries: number): Json {
  if (Array.isArray(value)) {
    const most = value.every((each) => typeof each !== "object") ? 2 * entries : entries;
    return value.slice(0, most).map((each) => cut(each, entries));
  }
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, cut(each, entries)]));
}

function shownValue(name: string, value: Json): Json {
  if (Array.isArray(value)) return value.map((each) => shownValue(name, each));
  if (value !== null && typeof value === "object")
    return Object.fromEntries(
      Object.entries(value).map(([inside, each]) => [inside, shownValue(inside, each)]),
    );
  if (typeof value !== "string") return value;
  const text = value
    .replaceAll(/hf_[0-9a-z]{12,16}_[\w-]{43}/g, `hf_0123456789abcdef_${"A".repeat(43)}`)
    .replaceAll(/whsec_[\w+/=-]+/g, `whsec_${"A".repeat(43)}=`)
    .replaceAll(
      /\/(track|password)([/#])[\w-]{16,}/g,
      (_all, page, sign) => `/${page}${sign}${"A".repeat(32)}`,
    )
    .replaceAll(/(127\.0\.0\.1|localhost):\d+/g, "127.0.0.1:7400");
  const isSecret =
    SECRET_NAMES.test(name) && text === value && /^[\w+/=-]{16,}$/.test(text) && !/^[a-z_.]+$/.test(text);
  return isSecret ? "A".repeat(text.length) : text;
}

/** By how much an answer shows: each field that has something, once; long texts are no help to a reader. */
function worthOf(example: Json): number {
  const seen = new Set<string>();
  let ugly = 0;
  const walk = (value: Json, at: string): void => {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) for (const each of value) walk(each, `${at}[]`);
    else if (typeof value === "object")
      for (const [name, each] of Object.entries(value)) walk(each, `${at}.${name}`);
    else {
      seen.add(at);
      if (typeof value === "string" && (value.length > 300 || /[^\x20-\x7e\n]/.test(value))) ugly += 1;
    }
  };
  walk(example, "");
  return seen.size - 3 * ugly - JSON.stringify(example).length / 10_000;
}
