import { expect, test } from "vitest";
import {
  nextReturnStep,
  type ReturnInspection,
  type ReturnState,
  returnStatus,
  uninspectedUnits,
} from "./return-authorization.ts";

const line = { lineId: "1", sku: "MUG", requested: 3, received: 2, dismissed: 0 };
const inspection = (
  number: number,
  found: readonly (readonly [number, "restocked" | "missing"])[],
  more: Partial<ReturnInspection> = {},
): ReturnInspection => ({
  inspectionId: `R-I${number}`,
  number,
  isStocked: false,
  isRefunded: false,
  isReopened: false,
  isUndone: false,
  pieces: found.map(([quantity, disposition], index) => ({
    pieceId: `R-I${number}:${index + 1}`,
    lineId: "1",
    sku: "MUG",
    quantity,
    disposition,
    locationId: null,
    lot: null,
    lotExpiresAtMs: null,
    serials: [],
    isStocked: false,
  })),
  ...more,
});
const state = (more: Partial<ReturnState> = {}): ReturnState => ({
  status: "approved",
  waitsForPerson: false,
  method: "label",
  hasLabel: true,
  lines: [line],
  inspections: [],
  ...more,
});
const settled = { isStocked: true, isRefunded: true };

test("units that came wait for an inspection, and those of a reopened one wait again", () => {
  expect(uninspectedUnits(state({ inspections: [inspection(1, [[1, "restocked"]])] }), line)).toBe(1);
  const reopened = inspection(1, [[2, "restocked"]], { isReopened: true });
  expect(uninspectedUnits(state({ inspections: [reopened] }), line)).toBe(2);
});

test("missing units did not come, so they need no inspection", () => {
  const missing = { ...line, received: 1, dismissed: 1 };
  const inspections = [inspection(1, [[1, "missing"]])];
  expect(uninspectedUnits(state({ lines: [missing], inspections }), missing)).toBe(1);
});

test.each([
  ["the rules are asked", state({ status: "requested" }), { do: "decide" }, "requested"],
  [
    "a person is waited for",
    state({ status: "requested", waitsForPerson: true }),
    { do: "wait", for: "decision" },
    "requested",
  ],
  [
    "a label is bought before anything comes",
    state({ hasLabel: false, lines: [{ ...line, received: 0 }] }),
    { do: "buy-label" },
    "approved",
  ],
  [
    "none is needed for what is brought to a store",
    state({ hasLabel: false, method: "store", lines: [{ ...line, received: 0 }] }),
    { do: "wait", for: "goods" },
    "approved",
  ],
  ["what is here is inspected", state(), { do: "wait", for: "inspection" }, "received"],
  [
    "an inspection's goods are put back first",
    state({ inspections: [inspection(1, [[2, "restocked"]])] }),
    { do: "stock", inspectionId: "R-I1" },
    "inspected",
  ],
  [
    "then refunded",
    state({ inspections: [inspection(1, [[2, "restocked"]], { isStocked: true })] }),
    { do: "refund", inspectionId: "R-I1" },
    "inspected",
  ],
  [
    "then the rest is waited for",
    state({ inspections: [inspection(1, [[2, "restocked"]], settled)] }),
    { do: "wait", for: "goods" },
    "partially_refunded",
  ],
  [
    "a reopened inspection is taken out of the stock",
    state({ inspections: [inspection(1, [[2, "restocked"]], { ...settled, isReopened: true })] }),
    { do: "undo-stock", inspectionId: "R-I1" },
    "received",
  ],
  [
    "it ends when nothing more is awaited",
    state({
      lines: [{ ...line, dismissed: 1 }],
      inspections: [inspection(1, [[2, "restocked"]], settled)],
    }),
    { do: "end" },
    "refunded",
  ],
  ["it ends when it is declined", state({ status: "declined" }), { do: "end" }, "declined"],
] as const)("%s", (_name, of, step, status) => {
  expect(nextReturnStep(of)).toEqual(step);
  expect(returnStatus(of)).toBe(status);
});
