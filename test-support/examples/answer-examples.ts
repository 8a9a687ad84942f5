/**
 * gateway/http/answer-examples.ts is made here: of each operation with a JSON answer one that a running system has
 * given. One that is there stays as long as it is as its schema says and shows something; what is missing or is not
 * so any more is taken from what `record-answers.ts` has recorded.
 */
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { ANSWER_EXAMPLES } from "../../gateway/http/answer-examples.ts";
import { createRouter } from "../../gateway/http/router.ts";
import { ROUTE_ANSWERS } from "../../gateway/routes/route-answers.ts";
import { routeTable } from "../../gateway/routes/route-table.ts";
import { keepAnswersOfChildren, type RecordedAnswer, recordedAnswer } from "./recorded-answers.ts";

type Node = {
  readonly type?: string;
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly patternProperties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: unknown;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly allOf?: readonly Node[];
};

/** @returns the file's text; what is in it is also what may be missing from it */
export function answerExamplesFile(folder: string | undefined): string {
  if (folder !== undefined) {
    const router = createRouter(routeTable);
    keepAnswersOfChildren(folder, (method, path) => {
      const route = router.match(method, path)?.route;
      return route === undefined ? null : `${route.method} ${route.path}`;
    });
  }
  const lines = routeTable
    .filter(({ reply }) => reply !== null)
    .map(({ method, path, reply }) => ({ name: `${method} ${path}`, reply: reply as TSchema }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap(({ name, reply }) => {
      const fitting = [
        ANSWER_EXAMPLES[name],
        folder === undefined ? undefined : (recordedAnswer(folder, name) ?? undefined),
        ...(folder === undefined ? [] : answersOfTwins(folder, name, reply)),
        onlyAnswer(name, reply as Node),
      ].filter((each) => each !== undefined && faultOf(reply, each) === null);
      const known = fitting.find((each) => each !== undefined && !isBare(each)) ?? fitting[0];
      return known === undefined ? [] : [`  ${JSON.stringify(name)}: ${JSON.stringify(known)},`];
    });
  return `${HEADER}${lines.join("\n")}\n};\n`;
}

/** What is read at an address is also what a change there is answered with, where both have one shape. */
function answersOfTwins(folder: string, name: string, reply: TSchema): readonly RecordedAnswer[] {
  const path = name.slice(name.indexOf(" ") + 1);
  return routeTable
    .filter((other) => other.path === path && other.reply === reply)
    .map((other) => recordedAnswer(folder, `${other.method} ${path}`))
    .filter((each) => each !== null && each.status === 200) as readonly RecordedAnswer[];
}

/** Of what can be answered in one way only, such as that it is done: there is nothing to be recorded. */
function onlyAnswer(name: string, { properties = {}, required = [] }: Node): RecordedAnswer | undefined {
  const fields = Object.entries(properties);
  const isOne =
    fields.length > 0 &&
    fields.every(([field, each]) => each.const !== undefined && required.includes(field));
  const [status] = ROUTE_ANSWERS[name]?.statuses ?? [];
  if (!isOne || status === undefined) return undefined;
  return { status, example: Object.fromEntries(fields.map(([field, each]) => [field, each.const])) };
}

/** A list of nothing, which teaches nobody what would be in it. */
export function isBare({ example }: RecordedAnswer): boolean {
  return Array.isArray(example?.items) && example.items.length === 0;
}

/** What is wrong with an example of this shape: it is not so, or it has what the schema knows nothing of. */
export function faultOf(reply: TSchema, { example }: RecordedAnswer): string | null {
  if (!Compile(reply).Check(example)) return "is not as the schema says";
  const unknown = unknownIn(reply as Node, example, "");
  return unknown === null ? null : `has ${unknown}, which the schema does not`;
}

function unknownIn(schema: Node, value: unknown, at: string): string | null {
  if (value === null || typeof value !== "object") return null;
  const variants = schema.anyOf ?? [];
  if (variants.length > 0) {
    const fitting = variants.filter((variant) => Compile(variant as TSchema).Check(value));
    const faults = fitting.map((variant) => unknownIn(variant, value, at));
    return faults.includes(null) ? null : (faults[0] ?? null);
  }
  const { items } = schema;
  if (Array.isArray(value)) {
    if (items === undefined) return null;
    for (const [place, each] of value.entries()) {
      const fault = unknownIn(items, each, `${at}/${place}`);
      if (fault !== null) return fault;
    }
    return null;
  }
  const properties: Record<string, Node> = { ...schema.properties };
  for (const part of schema.allOf ?? []) Object.assign(properties, part.properties);
  const isOpen = schema.patternProperties !== undefined || Object.keys(properties).length === 0;
  for (const [name, each] of Object.entries(value)) {
    const known = properties[name];
    if (known === undefined && !isOpen) return `${at}/${name}`;
    const fault = known === undefined ? null : unknownIn(known, each, `${at}/${name}`);
    if (fault !== null) return fault;
  }
  return null;
}

const HEADER = `// biome-ignore-all format: written by test-support/examples/answer-examples.ts
/**
 * An answer of each operation that answers JSON, as a running system gave it in a test: lists are cut to
 * their first entries, secrets are replaced. A test holds each against its schema.
 *
 * How it is written anew stands in test-support/examples/record-answers.ts.
 */
export const ANSWER_EXAMPLES: Readonly<
  Record<string, { readonly status: number; readonly example: unknown }>
> = {
`;
