/**
 * `fields=`: only these of an answer. `fields=id,status` of an order, `fields=sku,name` of each product of a
 * page; `fields=summary.id,lines.sku` what is further in. Names are held against the schema of the answer, so
 * that a misspelt one is told and not left out quietly.
 */
import Type, { type TSchema } from "typebox";
import { ApiError } from "../wire/problem.ts";

export const FIELDS = Type.String({
  minLength: 1,
  maxLength: 1_000,
  pattern: "^[A-Za-z][A-Za-z0-9_.]*(,[A-Za-z][A-Za-z0-9_.]*)*$",
  description: "Only these fields of the answer, by their names; those further in as `lines.sku`.",
});

type Node = {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly allOf?: readonly Node[];
};

/** What is asked for, level by level; an empty one: all of it. */
type Wanted = { readonly [name: string]: Wanted };

/** Whether answers of this shape are a page, whose items have the fields. */
function isPage(reply: TSchema): boolean {
  return (reply as Node).properties?.["items"]?.items !== undefined;
}

/**
 * @param reply schema of the whole answer
 * @returns the answer with these fields only
 * @throws ApiError where there is no such field
 */
export function sparse(reply: TSchema, fields: string, json: unknown): unknown {
  const shape = isPage(reply) ? (reply as Node).properties?.["items"]?.items : (reply as Node);
  const wanted: Record<string, Wanted> = Object.create(null);
  for (const field of fields.split(",")) {
    const names = field.split(".");
    checkField(shape, names, field);
    let level: Record<string, Wanted> = wanted;
    for (const name of names) {
      level[name] ??= Object.create(null) as Record<string, Wanted>;
      level = level[name] as Record<string, Wanted>;
    }
  }
  if (!isPage(reply)) return only(json, wanted);
  const page = json as { readonly items: readonly unknown[] };
  return { ...page, items: page.items.map((item) => only(item, wanted)) };
}

function only(value: unknown, wanted: Wanted): unknown {
  const names = Object.keys(wanted);
  if (names.length === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => only(each, wanted));
  // In the answer's own order, so that the same question has the same bytes.
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name in wanted)
      .map(([name, inside]) => [name, only(inside, wanted[name] as Wanted)]),
  );
}

function checkField(shape: Node | undefined, names: readonly string[], field: string): void {
  let at = shape;
  for (const name of names) {
    if (at === undefined) return;
    const known = propertiesOf(at);
    // Of what has fields of any name, such as those that a company has made, nothing can be said.
    if (known === null) return;
    const next = known.get(name);
    if (next === undefined) {
      const there = [...known.keys()].sort().join(", ");
      throw new ApiError(
        "invalid_request",
        `query/fields has no field "${field}"; expected some of: ${there}; for example fields=${[...known.keys()].slice(0, 2).join(",")}`,
      );
    }
    at = next;
  }
}

/** Fields of an object, of each of a list's, and of all variants; null: it may have any. */
function propertiesOf(node: Node): ReadonlyMap<string, Node> | null {
  if (node.items !== undefined) return propertiesOf(node.items);
  const variants = [...(node.anyOf ?? []), ...(node.allOf ?? [])];
  if (variants.length > 0) {
    const known = variants.flatMap((variant) => [...(propertiesOf(variant) ?? [])]);
    return known.length === 0 ? null : new Map(known);
  }
  return node.properties === undefined ? null : new Map(Object.entries(node.properties));
}
