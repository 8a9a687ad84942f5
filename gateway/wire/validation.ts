/** The first error in an input, as a sentence for its sender. */
import type { TSchema } from "typebox";
import type { Validator } from "typebox/compile";
import { Errors } from "typebox/value";

/** What this file reads of a schema. */
type Node = {
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node & { readonly const?: unknown }>>;
  readonly [keyword: string]: unknown;
};

/**
 * Where and how `value` breaks the schema, for the caller:
 * `/lines/0/quantity must be integer`. Never the value itself.
 */
export function firstFault(
  validator: Pick<Validator<Record<never, TSchema>>, "Type">,
  value: unknown,
): string {
  return faultOf(validator.Type() as Node, value, "");
}

function faultOf(schema: Node, value: unknown, at: string): string {
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
    return `${at}${fault.instancePath} has unknown fields: ${names.slice(0, 5).join(", ").slice(0, 200)}`;
  }
  return `${at}${fault.instancePath} ${fault.message}`;
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
    ? `${at}/${field} must be one of: ${variants.map(constantOf).join(", ")}`
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
