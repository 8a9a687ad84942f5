/**
 * The first error in an input, as a sentence for its sender: which field, what is wrong, what was expected, and
 * an example.
 */
import type { TSchema } from "typebox";
import type { Validator } from "typebox/compile";
import { Errors } from "typebox/value";
import { described, type Expected, exampleOf } from "./expectation.ts";

/** Characters of an example in a sentence; what is longer is shown in the API's description. */
const MOST_OF_EXAMPLE = 300;

/** What this file reads of a schema. */
type Node = {
  readonly anyOf?: readonly Node[];
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node & { readonly const?: unknown }>>;
  readonly [keyword: string]: unknown;
};

/**
 * Where and how `value` breaks the schema, for the caller:
 * `/lines/0/quantity must be integer; expected a whole number from 1 to 100, for example 1`. Never the value
 * itself.
 */
export function firstFault(
  validator: Pick<Validator<Record<never, TSchema>>, "Type">,
  value: unknown,
): string {
  return faultOf(validator.Type() as Node, value, "");
}

function faultOf(schema: Node, value: unknown, at: string): string {
  const meant = variantMeant(schema, value);
  if (meant !== null) return faultOf(meant, value, at);
  const errors = Errors(schema as TSchema, value);
  for (const { schemaPath } of errors) {
    const union = unionOn(schemaPath, schema, value);
    if (union !== null) return faultOfUnion(union.variants, union.value, `${at}${union.path}`);
  }
  // For a field that is not allowed two errors are reported, and people understand the later one.
  const fault = errors.find((error) => error.keyword === "additionalProperties") ?? errors[0];
  if (fault === undefined) return `${at} is not valid`;
  if (fault.keyword === "additionalProperties") {
    const names = (fault.params as { additionalProperties?: readonly string[] }).additionalProperties ?? [];
    const owner = nodeAt(schema, fault.schemaPath);
    const known = Object.keys(owner.properties ?? {});
    return `${at}${fault.instancePath} has unknown fields: ${names.slice(0, 5).join(", ").slice(0, 200)}${
      known.length === 0 ? "; expected none" : expectation(`some of ${known.slice(0, 20).join(", ")}`, owner)
    }`;
  }
  const node = nodeAt(schema, fault.schemaPath);
  if (fault.keyword === "required") {
    const missing = (fault.params as { requiredProperties?: readonly string[] }).requiredProperties ?? [];
    const wanted = missing
      .slice(0, 5)
      .map((name) => `${name}: ${described(node.properties?.[name] ?? {})}`)
      .join("; ");
    return `${at}${fault.instancePath} ${fault.message}${expectation(wanted, {
      type: "object",
      properties: node.properties ?? {},
      required: missing,
    })}`;
  }
  return `${at}${fault.instancePath} ${fault.message}${expectation(described(node), node)}`;
}

function expectation(wanted: string, node: Expected): string {
  const least = JSON.stringify(exampleOf(node)) ?? "";
  // Where nothing has to be there, what may be is more of a help.
  const example = least === "{}" ? JSON.stringify(exampleOf(node, true)) : least;
  return `; expected ${wanted}${example.length > MOST_OF_EXAMPLE ? "" : `, for example ${example}`}`;
}

/** Of variants that nothing names, the one that has most of an object's fields; null: there are no variants. */
function variantMeant({ anyOf }: Node, value: unknown): Node | null {
  if (anyOf === undefined || nameField(anyOf) !== null) return null;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const shared = ({ properties = {} }: Node) =>
    Object.keys(value).filter((name) => name in properties).length;
  const [meant] = anyOf
    .filter(({ properties }) => properties !== undefined)
    .toSorted((one, other) => shared(other) - shared(one));
  return meant ?? null;
}

/**
 * The schema that a value does not fit: the error's own, or the nearest around it that has alternatives, since
 * any of them would do. Where `null` is the only other one, what is inside the value has its own.
 */
function nodeAt(schema: Node, schemaPath: string): Expected {
  let node: unknown = schema;
  let orNull: unknown = null;
  for (const word of schemaPath.split("/").slice(1).map(unescaped)) {
    const { anyOf } = node as Node;
    if (word === "anyOf" && anyOf !== undefined) {
      if (anyOf.filter(({ type }) => type !== "null").length > 1) break;
      orNull = node;
    }
    if (word === "properties" || word === "items") orNull = null;
    const next = (node as Node)[word];
    if (typeof next !== "object" || next === null) break;
    node = next;
  }
  return (orNull ?? node) as Expected;
}

/**
 * The first union of named variants on the way to an error, with the value that is none of them; `null`:
 * there is none. A union is told apart by a field that is another constant in each variant.
 */
function unionOn(
  schemaPath: string,
  schema: Node,
  value: unknown,
): { readonly variants: readonly Node[]; readonly value: unknown; readonly path: string } | null {
  const words = schemaPath.split("/").slice(1).map(unescaped);
  let node: unknown = schema;
  let inside = value;
  let path = "";
  for (let index = 0; index < words.length; index += 1) {
    const variants = (node as Node).anyOf;
    if (variants !== undefined && nameField(variants) !== null) return { variants, value: inside, path };
    const word = words[index] ?? "";
    node = (node as Node)[word];
    if (typeof node !== "object" || node === null) return null;
    if (word === "properties") {
      index += 1;
      const name = words[index] ?? "";
      node = (node as Node)[name];
      inside = (inside as Record<string, unknown> | null | undefined)?.[name];
      path += `/${name}`;
    } else if (word === "items") {
      const items: readonly unknown[] = Array.isArray(inside) ? inside : [];
      const wrong = items.findIndex((item) => Errors(node as TSchema, item).length > 0);
      inside = items[wrong];
      path += `/${wrong}`;
    } else if (word !== "anyOf" && !/^\d+$/.test(word)) return null;
    if (typeof node !== "object" || node === null) return null;
  }
  return null;
}

function faultOfUnion(variants: readonly Node[], value: unknown, at: string): string {
  const field = nameField(variants) ?? "";
  const constantOf = (variant: Node) => variant.properties?.[field]?.const;
  const own = variants.find(
    (variant) => constantOf(variant) === (value as Record<string, unknown> | null)?.[field],
  );
  return own === undefined
    ? `${at}/${field} must be one of: ${variants.map(constantOf).join(", ")}; for example ${JSON.stringify(constantOf(variants[0] ?? {}))}`
    : faultOf(own, value, at);
}

/** The field that names the variants; `null` where nothing tells them apart. */
function nameField(variants: readonly Node[]): string | null {
  const [first] = variants;
  const names = Object.keys(first?.properties ?? {});
  const isConstant = (name: string) =>
    variants.every((variant) => variant.properties?.[name]?.const !== undefined);
  return names.find(isConstant) ?? null;
}

/** As JSON pointers write it. */
function unescaped(word: string): string {
  return word.replaceAll("~1", "/").replaceAll("~0", "~");
}
