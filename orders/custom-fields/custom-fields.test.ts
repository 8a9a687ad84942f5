import { describe, expect, test } from "vitest";
import {
  type CustomField,
  type CustomFieldType,
  type CustomValue,
  mergedFields,
  missingFields,
  readText,
  takeFields,
  valueProblem,
  withField,
} from "./custom-fields.ts";

const field = (key: string, type: CustomFieldType, more: Partial<CustomField> = {}): CustomField => ({
  subject: "order",
  key,
  label: key,
  type,
  choices: type === "choice" ? ["red", "blue"] : [],
  required: false,
  personal: false,
  attribute: null,
  active: true,
  ...more,
});

describe("what a value may be", () => {
  test.each<readonly [CustomFieldType, CustomValue, boolean]>([
    ["text", "4711", true],
    ["text", "", false],
    ["text", "x".repeat(1_001), false],
    ["text", 4711, false],
    ["number", -1.5, true],
    ["number", 1e12, false],
    ["number", Number.NaN, false],
    ["number", "1", false],
    ["boolean", false, true],
    ["boolean", "false", false],
    ["date", "2028-02-29", true],
    ["date", "2027-02-29", false],
    ["date", "29.02.2028", false],
    ["choice", "red", true],
    ["choice", "green", false],
  ])("%s takes %j: %s", (type, value, isTaken) => {
    expect(valueProblem(field("a", type), value) === null).toBe(isTaken);
  });

  test("a number is never a card number", () => {
    expect(valueProblem(field("a", "number"), 4_111_111_111_111)).not.toBeNull();
  });

  test("what is said of a wrong value does not quote it", () => {
    for (const type of ["number", "boolean", "date", "choice"] as const)
      expect(valueProblem(field("a", type), "Ada Lovelace")?.detail).not.toContain("Ada");
  });
});

test("a channel's text is read as the field's type", () => {
  expect(readText(field("a", "number"), " 12.50 ")).toBe(12.5);
  expect(readText(field("a", "boolean"), "Yes")).toBe(true);
  expect(readText(field("a", "date"), "2027-03-31T10:00:00Z")).toBe("2027-03-31");
  // Not read as anything else: what it is then taken for says that it is wrong.
  expect(readText(field("a", "number"), "twelve")).toBe("twelve");
});

describe("fields that come with an order", () => {
  const fields = [
    field("po_number", "text", { attribute: "PO" }),
    field("gift_for", "text", { personal: true }),
    field("cost_center", "number", { required: true }),
    field("former", "text", { active: false }),
    field("engraving", "text", { subject: "order_line" }),
  ];
  const take = (sent: Parameters<typeof takeFields>[2], isAsked = true) =>
    takeFields(fields, "order", sent, isAsked);

  test("personal ones are kept apart, and an attribute is taken for a field that names it", () => {
    const sent = {
      customFields: { gift_for: "Ada", cost_center: 7 },
      attributes: { PO: " 4711 ", other: "x" },
    };
    expect(take(sent)).toEqual({
      own: { customFields: { po_number: "4711", cost_center: 7 }, personalFields: { gift_for: "Ada" } },
      problems: [],
    });
  });

  test("what the sender names itself counts more than an attribute", () => {
    const sent = { customFields: { po_number: "1", cost_center: 7 }, attributes: { PO: "2" } };
    expect(take(sent).own.customFields).toEqual({ po_number: "1", cost_center: 7 });
  });

  test("unknown, retired, wrong and missing ones are told, and the rest is kept", () => {
    const sent = { customFields: { former: "x", constructor: "x", engraving: "x", po_number: 5 } };
    expect(take(sent)).toMatchObject({
      own: {},
      problems: [
        { code: "custom_field_unknown", detail: expect.stringContaining('"former"') },
        { code: "custom_field_unknown", detail: expect.stringContaining('"constructor"') },
        { code: "custom_field_unknown", detail: expect.stringContaining('"engraving"') },
        { code: "custom_field_invalid", detail: expect.stringContaining('"po_number"') },
        { code: "custom_field_missing", detail: expect.stringContaining('"cost_center"') },
      ],
    });
    expect(take({}, false)).toEqual({ own: {}, problems: [] });
  });

  test("an order without any bears none", () => {
    expect(takeFields([], "order", { attributes: { PO: "1" } }, true)).toEqual({ own: {}, problems: [] });
  });
});

test("a value is set, replaced and taken away where it belongs", () => {
  const gift = { key: "gift_for", personal: true };
  const order = { key: "po_number", personal: false };
  const both = withField(withField({}, gift, "Ada"), order, "1");
  expect(both).toEqual({ customFields: { po_number: "1" }, personalFields: { gift_for: "Ada" } });
  expect(withField(both, order, "2").customFields).toEqual({ po_number: "2" });
  expect(withField(withField(both, gift, null), order, null)).toEqual({});
});

test("a channel that does not know of our value does not undo it", () => {
  const base = { customFields: { a: 1, b: 1, gone: 1 } };
  const next = { customFields: { a: 2, b: 1, came: 1 } };
  const ours = { customFields: { a: 1, b: 7, gone: 1, own: 1 }, personalFields: { who: "Ada" } };
  expect(mergedFields(base, next, ours)).toEqual({
    customFields: { a: 2, b: 7, came: 1, own: 1 },
    personalFields: { who: "Ada" },
  });
});

test("a required field is missing until it has a value, of either kind", () => {
  const fields = [
    field("a", "text", { required: true }),
    field("b", "text", { required: true, personal: true }),
    field("c", "text", { required: true, active: false }),
  ];
  expect(missingFields(fields, "order", {}).map(({ code }) => code)).toEqual([
    "custom_field_missing",
    "custom_field_missing",
  ]);
  expect(missingFields(fields, "order", { customFields: { a: "1" }, personalFields: { b: "1" } })).toEqual(
    [],
  );
});
