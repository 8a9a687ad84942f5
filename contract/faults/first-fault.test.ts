import fc from "fast-check";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { expect, test } from "vitest";
import { routeTable } from "../../gateway/routes/route-table.ts";
import { OrderChangeBody } from "../order-changes.ts";
import { type Expected, exampleOf } from "./expectation.ts";
import { firstFault } from "./first-fault.ts";

const change = Compile(OrderChangeBody);
const quantity = { kind: "quantity", lineId: "1", quantity: 1 };

test.each<[object, string]>([
  [{ ...quantity, quantity: -1 }, "/edits/1/quantity must be >= 0"],
  [{ ...quantity, quantity: 1.5 }, "/edits/1/quantity must be integer"],
  [{ ...quantity, quantity: "2" }, "/edits/1/quantity must be integer"],
  [{ ...quantity, more: 1 }, "/edits/1 has unknown fields: more"],
  [{ kind: "quantity" }, "/edits/1 must have required properties lineId, quantity"],
  [{ kind: "deliver_on", deliverOn: "2026-02-31" }, '/edits/1/deliverOn must match format "date"'],
  [{ kind: "contact", email: "nonsense" }, "/edits/1/email must match pattern"],
  [{ kind: "address", address: { name: "A" } }, "/edits/1/address must have required properties line1, city"],
])("an edit that is wrong is told by what is wrong in it: %j", (edit, fault) => {
  expect(firstFault(change, { edits: [quantity, edit] })).toContain(fault);
});

test("an edit of no kind is told which kinds there are", () => {
  for (const edit of [{ kind: "zap" }, {}, null, 7])
    expect(firstFault(change, { edits: [edit] })).toMatch(
      /^\/edits\/0\/kind must be one of: address, contact, .*, deliver_on, custom_field; for example "\w+"$/,
    );
});

test("what is wrong beside a union is told as ever", () => {
  expect(firstFault(change, { edits: [] })).toContain("/edits must not have fewer than 1 items");
  expect(firstFault(change, { edits: [quantity], revision: 0 })).toContain("/revision must be >= 1");
  expect(firstFault(change, [])).toContain("must be object");
});

test("whatever is wrong, the fault is a sentence that has a place", () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.record({ kind: fc.constantFrom("quantity", "address", "tags"), tags: fc.jsonValue() }),
  );
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({ edits: fc.oneof(odd, fc.array(odd)), revision: fc.jsonValue() }),
  );
  fc.assert(
    fc.property(body, (value) => {
      if (!change.Check(value)) expect(firstFault(change, value)).toMatch(/^(\/\S+)* \S/);
    }),
  );
});

type Checking = { Check(value: unknown): boolean };
type Path = readonly (string | number)[];

/** Every object in a value, with where it is. */
function* objectsIn(value: unknown, at: Path = []): Generator<readonly [Path, Record<string, unknown>]> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield [at, value as Record<string, unknown>];
  for (const [name, inside] of Object.entries(value))
    yield* objectsIn(inside, [...at, Array.isArray(value) ? Number(name) : name]);
}

function changed(value: unknown, [first, ...rest]: Path, change: (old: unknown) => unknown): unknown {
  if (first === undefined) return change(value);
  if (Array.isArray(value))
    return value.map((each, at) => (at === first ? changed(each, rest, change) : each));
  return Object.fromEntries(
    Object.entries(value as object).map(([name, each]) => [
      name,
      name === first ? changed(each, rest, change) : each,
    ]),
  );
}

const checked = routeTable
  .filter(({ raw }) => !raw)
  .flatMap(({ method, path, body, query }) => [
    ...(body === null ? [] : [{ name: `${method} ${path}, body`, schema: body }]),
    ...(query === null ? [] : [{ name: `${method} ${path}, query`, schema: query as TSchema }]),
  ]);

test.each(checked)(
  "$name: what is wrong is told by its field, what was expected, and an example",
  ({ schema }) => {
    const validator = Compile(schema as typeof OrderChangeBody);
    const whole = exampleOf(schema as Expected, true);
    expect(validator.Check(whole), `${JSON.stringify(whole)} ${firstFault(validator, whole)}`).toBe(true);
    for (const each of oneByOne(whole)) holdsEverywhere(validator, each);
  },
);

/** Lists of many variants, an entry at a time: beside dozens of others each takes as long as all. */
function oneByOne(whole: unknown): readonly unknown[] {
  const [list] = Object.entries(whole as object).filter(
    ([, value]) => Array.isArray(value) && value.length > 3,
  );
  if (list === undefined) return [whole];
  const [name, entries] = list as [string, readonly unknown[]];
  return entries.map((entry) => ({ ...(whole as object), [name]: [entry] }));
}

function holdsEverywhere(validator: Parameters<typeof firstFault>[0] & Checking, whole: unknown): void {
  for (const [at, object] of objectsIn(whole)) {
    for (const name of Object.keys(object)) {
      // No schema takes it but those that take anything.
      for (const wrong of [{ "\u0000": [[]] }, 7.25, null, ""]) {
        const value = changed(whole, [...at, name], () => wrong);
        if (validator.Check(value)) continue;
        const fault = firstFault(validator, value);
        expect(fault).toContain(`/${[...at, name].join("/")}`);
        expect(fault).toMatch(/; (expected .+|for example )/);
        const [, example] = /for example (.+)$/s.exec(fault) ?? [];
        // The example mends it, where the whole field is shown.
        if (
          example === undefined ||
          fault.includes(" must be one of: ") ||
          !fault.startsWith(`/${[...at, name].join("/")} `)
        )
          continue;
        const mended = changed(whole, [...at, name], () => JSON.parse(example));
        expect(validator.Check(mended), `${fault} is no help: ${JSON.stringify(mended)}`).toBe(true);
      }
      const without = changed(whole, at, (old) =>
        Object.fromEntries(Object.entries(old as object).filter(([each]) => each !== name)),
      );
      if (!validator.Check(without)) {
        const fault = firstFault(validator, without);
        expect(fault).toContain(name);
        expect(fault).toMatch(/; (expected .+|for example )/);
      }
    }
    const more = changed(whole, at, (old) => ({ ...(old as object), nmae: 1 }));
    // Where every name may be, it is the value that is wrong.
    if (!validator.Check(more))
      expect(firstFault(validator, more)).toMatch(/nmae( must be string)?; expected /);
  }
}
