/**
 * Values for a JSON schema of `contract/`, by chance: some that are as it asks, and some that are wrong in
 * one place.
 */
import fc from "fast-check";

type Schema = {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
};

/** What is wrong almost everywhere, or at the edge of what a type can hold. */
const HOSTILE: readonly unknown[] = [
  null,
  "",
  " ",
  "a\u0000b",
  "\ud83d",
  "constructor",
  "__proto__",
  "x".repeat(5_000),
  "'; drop table orders; --",
  "../../etc/passwd",
  -1,
  0,
  0.5,
  2 ** 53,
  1e308,
  true,
  [],
  {},
  [[[[]]]],
  "2026-02-30",
  "9999-12-31T23:59:60Z",
];

/** @param depth of objects and lists that are still filled */
export function valuesOf(schema: Schema, depth = 5): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => valuesOf(each, depth)));
  if (schema.allOf !== undefined) {
    return fc
      .tuple(...schema.allOf.map((each) => valuesOf(each, depth)))
      .map((parts) => Object.assign({}, ...parts));
  }
  switch (schema.type) {
    case "object":
      return objectsOf(schema, depth);
    case "array":
      return fc.array(valuesOf(schema.items ?? {}, depth - 1), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(schema.minItems ?? 0, Math.min(schema.maxItems ?? 3, depth > 0 ? 3 : 0)),
      });
    case "integer":
      return integersOf(schema);
    case "number":
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "string":
      return textsOf(schema);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** Values that are right, or have a hostile one in some place, lack a field or have one too many. */
export function nearlyValuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const wrong = fc
    .tuple(
      valuesOf(schema),
      fc.nat(),
      fc.constantFrom(...HOSTILE),
      fc.constantFrom("replace", "remove", "add"),
    )
    .map(([value, at, hostile, how]) => spoil(value, at, hostile, how));
  return fc.oneof(valuesOf(schema), wrong, wrong, fc.constantFrom(...HOSTILE));
}

function objectsOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, each]) => [name, valuesOf(each, depth - 1)]),
  );
  const required = schema.required ?? [];
  const optional =
    depth > 0
      ? fields
      : Object.fromEntries(Object.entries(fields).filter(([name]) => required.includes(name)));
  return fc.record(optional, { requiredKeys: required.filter((name) => name in optional) });
}

function integersOf({ minimum = -1_000_000, maximum = 1_000_000 }: Schema): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.min(maximum, 2 ** 31 - 1, minimum + 1_000) }),
    fc.constantFrom(minimum, maximum),
  );
}

function textsOf({ pattern, format, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<unknown> {
  if (format === "date-time") return fc.constantFrom("2026-11-29T12:00:00.000Z", "2031-01-01T00:00:00Z");
  if (format === "date") return fc.constantFrom("2026-11-30", "2031-01-01");
  const most = Math.max(minLength, Math.min(maxLength, 40));
  const plain = fc.string({ unit: "grapheme-ascii", minLength, maxLength: most });
  const regex = pattern === undefined ? null : new RegExp(pattern, "u");
  if (regex === null) return plain;
  const known = [
    "US",
    "USD",
    "TEE-1",
    "east",
    "web",
    "123456",
    "ada@example.com",
    "2026-11-30",
    "08:00",
    "abcdefghijkl",
  ];
  const fitting = known.filter(
    (each) => regex.test(each) && each.length >= minLength && each.length <= maxLength,
  );
  return fc.oneof(...fitting.map((each) => fc.constant(each)), plain);
}

/** `value` with something else at one of its places. */
function spoil(value: unknown, at: number, hostile: unknown, how: string): unknown {
  const copy: unknown = structuredClone(value);
  const places: { readonly holder: Record<string, unknown>; readonly key: string }[] = [];
  const look = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      places.push({ holder: node as Record<string, unknown>, key });
      look((node as Record<string, unknown>)[key]);
    }
  };
  look(copy);
  const place = places[places.length === 0 ? 0 : at % places.length];
  if (place === undefined) return hostile;
  if (how === "remove" && !Array.isArray(place.holder)) delete place.holder[place.key];
  else if (how === "add" && !Array.isArray(place.holder)) place.holder["no_such_field"] = hostile;
  else place.holder[place.key] = hostile;
  return copy;
}
