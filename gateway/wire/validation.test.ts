import fc from "fast-check";
import { Compile } from "typebox/compile";
import { expect, test } from "vitest";
import { OrderChangeBody } from "../../contract/order-changes.ts";
import { firstFault } from "./validation.ts";

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
      /^\/edits\/0\/kind must be one of: address, contact, .*, deliver_on, custom_field$/,
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
