import { expect, test } from "vitest";
import type { FloorStage, FulfillmentOrderStatus } from "./fulfillment-order.ts";
import { type LineLedger, newLedger } from "./line-ledger.ts";
import type { HoldCode } from "./order.ts";
import { stoppingReasons, type WorkFacts, workLeft } from "./work-left.ts";

const line = (ledger: Partial<LineLedger> = {}) => ({
  ...newLedger(2),
  lineId: "1",
  title: "Mug",
  ...ledger,
});
const part = (id: string, status: FulfillmentOrderStatus, stage: FloorStage = "waiting") => ({
  id,
  status,
  stage,
  releaseOn: status === "scheduled" ? "2026-12-24" : null,
});
const reasons = (...codes: readonly HoldCode[]) =>
  codes.map((code) => ({ code, detail: `Because of ${code}.` }));

function left(facts: Partial<WorkFacts>) {
  return workLeft({
    holdReasons: [],
    fulfillmentOrders: [],
    lines: [line()],
    isUnsourced: false,
    isCollected: false,
    underWay: [],
    hasStockErrands: false,
    waitingForOthers: [],
    waitingForCompanions: [],
    money: null,
    moneyToMove: false,
    ...facts,
  });
}

test("open parts are released, packed ones leave, the others are waited for", () => {
  const facts = {
    fulfillmentOrders: [
      part("F1", "open"),
      part("F2", "in_progress", "picking"),
      part("F3", "in_progress", "packed"),
      part("F4", "in_progress", "labelled"),
      part("F5", "closed", "shipped"),
      part("F6", "cancelled"),
      part("F7", "scheduled"),
    ],
    underWay: ["F5-S1"],
  };
  expect(left(facts)).toMatchObject({
    release: ["F1"],
    label: ["F3"],
    send: ["F4"],
    tellStock: false,
    standing: "in_progress",
    waitsFor: ["2026-12-24 to begin F7", "the floor to pack F1, F2, F3, F4", "the carrier to deliver F5-S1"],
  });
});

test("a reason that concerns the whole order stops it; one that concerns a part stops that part", () => {
  const fulfillmentOrders = [
    part("F1", "open"),
    part("F2", "on_hold", "picking"),
    part("F3", "in_progress", "packed"),
  ];
  expect(left({ fulfillmentOrders, holdReasons: reasons("changed_at_channel") })).toMatchObject({
    release: [],
    label: [],
    standing: "on_hold",
  });
  for (const code of ["insufficient_stock", "backordered"] as const)
    expect(left({ fulfillmentOrders, holdReasons: reasons(code) })).toMatchObject({
      release: ["F1", "F2"],
      label: ["F3"],
    });
  expect(left({ fulfillmentOrders, holdReasons: reasons("floor_exception") })).toMatchObject({
    release: ["F1"],
    label: ["F3"],
    resolved: [],
  });
});

test("an exception of the floor is over once no part of the order is halted", () => {
  const fulfillmentOrders = [part("F1", "in_progress", "packed")];
  const holdReasons = reasons("floor_exception");
  expect(left({ fulfillmentOrders, holdReasons }).resolved).toEqual(holdReasons);
});

test("a reason that names a fulfillment order halts that one only, and is gone once it is halted no longer", () => {
  const holdReasons = [
    { code: "put_by_staff", detail: "Look at it.", fulfillmentOrderId: "F1", id: "1" },
    { code: "floor_exception", detail: "Short.", fulfillmentOrderId: "F2" },
  ] as const;
  const parts = [part("F1", "on_hold"), part("F2", "on_hold"), part("F3", "on_hold"), part("F4", "open")];
  expect(left({ fulfillmentOrders: parts, holdReasons })).toMatchObject({
    release: ["F4", "F3"],
    resolved: [],
    standing: "on_hold",
  });
  const packed = [part("F1", "on_hold"), part("F2", "in_progress", "packed")];
  expect(left({ fulfillmentOrders: packed, holdReasons })).toMatchObject({
    label: ["F2"],
    resolved: [holdReasons[1]],
  });
});

test("nothing is left once every unit is delivered, cancelled, lost or handed over elsewhere, and the money agrees", () => {
  const done = [
    line({ shipped: 2, delivered: 2 }),
    line({ shipped: 2, delivered: 1, writtenOff: 1 }),
    line({ cancelled: 1, shipped: 1, delivered: 1 }),
    line({ fulfilledElsewhere: 2 }),
    line({ fulfilledElsewhere: 1, cancelled: 1 }),
    line({ shipped: 2, delivered: 2, returnRequested: 2, returnReceived: 2 }),
  ];
  expect(left({ lines: done }).waitsFor).toEqual([]);
  // A lost parcel is never delivered, and a reason to hold has nothing to hold any more.
  expect(left({ lines: done, underWay: ["F1-S1"], holdReasons: reasons("put_by_staff") }).waitsFor).toEqual(
    [],
  );
  expect(left({ lines: done, money: "the payment" }).waitsFor).toEqual(["the payment"]);
  expect(left({ lines: [...done, line({ shipped: 1, delivered: 1 })] }).waitsFor).toEqual([
    "1 of line 1 (Mug)",
  ]);
});

test("an order ends as cancelled where all of it is cancelled and nobody works on it", () => {
  const lines = [line({ cancelled: 2 })];
  expect(left({ lines }).isCancelled).toBe(true);
  expect(left({ lines, fulfillmentOrders: [part("F1", "in_progress")] }).isCancelled).toBe(false);
  expect(left({ lines: [...lines, line({ cancelled: 1 })] }).isCancelled).toBe(false);
  expect(left({ lines: [] }).isCancelled).toBe(false);
});

test("units that are held and in no part yet are sourced, unless the order is stopped", () => {
  expect(left({ isUnsourced: true }).source).toBe(true);
  expect(left({ isUnsourced: true, holdReasons: reasons("backordered") }).source).toBe(true);
  expect(left({ isUnsourced: true, holdReasons: reasons("put_by_staff") }).source).toBe(false);
});

test("missing stock stops an order that is to leave whole, as long as nothing of it is allocated", () => {
  const stops = (shipsParts: boolean, allocated: number) =>
    stoppingReasons({
      holdReasons: reasons("insufficient_stock", "backordered", "payment_failed"),
      shipsParts,
      lines: [line({ allocated })],
    }).map(({ code }) => code);
  expect(stops(false, 0)).toEqual(["insufficient_stock", "backordered", "payment_failed"]);
  expect(stops(false, 1)).toEqual(["payment_failed"]);
  expect(stops(true, 0)).toEqual(["payment_failed"]);
});

test("what the customer collects gets no label: the store keeps it, and it leaves once it is handed over", () => {
  const fulfillmentOrders = [
    part("F1", "in_progress", "packed"),
    part("F2", "in_progress", "ready"),
    part("F3", "in_progress", "shipped"),
  ];
  expect(left({ fulfillmentOrders, isCollected: true })).toMatchObject({
    label: [],
    keep: ["F1"],
    send: ["F3"],
    waitsFor: ["the floor to pack F1, F3", "the customer to collect F2"],
  });
});
