/** Every stock command as a shard runs it: refusals by precedence, and repeats. */
import { describe, expect, it } from "vitest";
import type { RefusalCode } from "../actors/commands.ts";
import { MAX_UNITS } from "../actors/position/stock-position.ts";
import { stateItems } from "../test-support/engine.ts";
import {
  command,
  eventsOf,
  type Fields,
  LOTS,
  run,
  SERIALS,
  shardAfter,
  waiting,
} from "../test-support/stock/stock-commands.ts";
import { Shard } from "./shard/shard.ts";

const DAY = 24 * 60 * 60 * 1000;

/** Positions and queues, without what a shard remembers of commands. */
function stockOf(shard: Shard): unknown {
  const { positions, skus } = stateItems(shard);
  return [positions, skus];
}

/**
 * No tracking. 9 free, 1 allocated as `firm`; a capped pool `shop` of 2 with 2
 * promised; deliveries and transfers.
 */
const PLAIN: readonly Fields[] = [
  { type: "receive", quantity: 14 },
  { type: "reserve", holdId: "firm", quantity: 1, expiresAtMs: 0 },
  { type: "allocate", holdId: "firm" },
  { type: "reserve", holdId: "soft", quantity: 1, expiresAtMs: 0 },
  { type: "set-pool", pool: "shop", kind: "capped", units: 2 },
  { type: "reserve", holdId: "capped", quantity: 2, expiresAtMs: 0, pool: "shop" },
  { type: "expect", reference: "po1", quantity: 5, dueAtMs: 5000 },
  { type: "transfer-out", transferId: "t1", toLocationId: "west", quantity: 1, dueAtMs: 0 },
  { type: "count", countId: "n1", counted: 99, reason: "r", threshold: 0 },
  { type: "quarantine", quantity: 1, reason: "damaged" },
];

type Row = readonly [what: string, scene: readonly Fields[], command: Fields, code: RefusalCode];

/**
 * Each command breaks several rules at once where it can; the first in the order of precedence is the answer.
 */
const REFUSALS: readonly Row[] = [
  [
    "a receipt against a transfer before its lot",
    PLAIN,
    { type: "receive", locationId: "west", quantity: MAX_UNITS, reference: "t1", lot: "x" },
    "reference_is_transfer",
  ],
  [
    "a lot that the SKU does not have before the limit",
    PLAIN,
    { type: "receive", quantity: MAX_UNITS, lot: "x" },
    "not_tracked",
  ],
  ["a receipt beyond the limit", PLAIN, { type: "receive", quantity: MAX_UNITS }, "quantity_limit"],
  ["a receipt without its lot", LOTS, { type: "receive", quantity: MAX_UNITS }, "lot_required"],
  [
    "a lot with another date before the limit",
    LOTS,
    { type: "receive", quantity: MAX_UNITS, lot: "old", lotExpiresAtMs: 2001 },
    "lot_mismatch",
  ],
  [
    "fewer serials than units before one that is known",
    SERIALS,
    { type: "receive", quantity: 2, serials: ["S1"] },
    "serials_required",
  ],
  ["a known serial", SERIALS, { type: "receive", quantity: 1, serials: ["S1"] }, "serial_exists"],
  [
    "an expected delivery of a known reference before the limit",
    PLAIN,
    { type: "expect", reference: "po1", quantity: MAX_UNITS, dueAtMs: 1 },
    "reference_exists",
  ],
  [
    "an expected delivery named like a transfer",
    PLAIN,
    { type: "expect", locationId: "west", reference: "t1", quantity: 1, dueAtMs: 1 },
    "reference_exists",
  ],
  [
    "more expected than there can be",
    PLAIN,
    { type: "expect", reference: "po2", quantity: MAX_UNITS, dueAtMs: 1 },
    "quantity_limit",
  ],
  [
    "the cancellation of a transfer as a delivery",
    PLAIN,
    { type: "cancel-expected", locationId: "west", reference: "t1" },
    "reference_is_transfer",
  ],
  [
    "a stale adjustment before what it names",
    PLAIN,
    { type: "adjust", delta: -99, reason: "r", expectedOnHand: 99, lot: "x" },
    "on_hand_changed",
  ],
  [
    "what the SKU does not have before promised stock",
    PLAIN,
    { type: "adjust", delta: -99, reason: "r", serials: [] },
    "not_tracked",
  ],
  [
    "more scrapped than is set apart",
    PLAIN,
    { type: "adjust", delta: -2, reason: "r", unavailableReason: "damaged" },
    "quantity_exceeds_unavailable",
  ],
  [
    "scrapping for a reason for which nothing is set apart",
    PLAIN,
    { type: "adjust", delta: -1, reason: "r", unavailableReason: "other" },
    "quantity_exceeds_unavailable",
  ],
  ["an adjustment without its lot", LOTS, { type: "adjust", delta: -9, reason: "r" }, "lot_required"],
  [
    "an adjustment of a lot that is not there",
    LOTS,
    { type: "adjust", delta: -9, reason: "r", lot: "x" },
    "lot_not_found",
  ],
  [
    "an adjustment into a lot's promised units",
    LOTS,
    { type: "adjust", delta: -2, reason: "r", lot: "old" },
    "stock_is_promised",
  ],
  [
    "the adjustment of a serial that is set apart",
    SERIALS,
    { type: "adjust", delta: -1, reason: "r", serials: ["S4"] },
    "serial_not_found",
  ],
  [
    "scrapping fewer serials than units",
    SERIALS,
    { type: "adjust", delta: -1, reason: "r", unavailableReason: "damaged" },
    "serials_required",
  ],
  [
    "scrapping a serial on the shelf while the one set apart is known",
    SERIALS,
    { type: "adjust", delta: -1, reason: "r", unavailableReason: "damaged", serials: ["S1"] },
    "serials_required",
  ],
  [
    "a count while another waits, before a stale one",
    PLAIN,
    { type: "count", countId: "n2", counted: 1, reason: "r", threshold: 9, expectedOnHand: 99 },
    "count_pending",
  ],
  [
    "a stale count before its lot",
    LOTS,
    { type: "count", countId: "n2", counted: 1, reason: "r", threshold: 9, expectedOnHand: 99 },
    "on_hand_changed",
  ],
  [
    "a count without its lot",
    LOTS,
    { type: "count", countId: "n2", counted: 1, reason: "r", threshold: 9 },
    "lot_required",
  ],
  [
    "a count of a lot that is not there",
    LOTS,
    { type: "count", countId: "n2", counted: 1, reason: "r", threshold: 9, lot: "x" },
    "lot_not_found",
  ],
  [
    "a count that would break a promise",
    LOTS,
    { type: "count", countId: "n2", counted: 1, reason: "r", threshold: 9, lot: "old" },
    "stock_is_promised",
  ],
  [
    "a count without serials",
    SERIALS,
    { type: "count", countId: "n2", counted: 1, reason: "r", threshold: 9 },
    "serials_required",
  ],
  [
    "a count that finds what is set apart",
    SERIALS,
    { type: "count", countId: "n2", counted: 1, reason: "r", threshold: 9, serials: ["S4"] },
    "serial_exists",
  ],
  ["the approval of another count", PLAIN, { type: "approve-count", countId: "n2" }, "count_not_found"],
  ["the rejection of another count", PLAIN, { type: "reject-count", countId: "n2" }, "count_not_found"],
  [
    "a cap below what is promised",
    PLAIN,
    { type: "set-pool", pool: "shop", kind: "capped", units: 1 },
    "stock_is_promised",
  ],
  [
    "fences beyond the limit",
    [{ type: "set-pool", pool: "web", kind: "ring-fenced", units: 1 }],
    { type: "set-pool", pool: "mail", kind: "ring-fenced", units: MAX_UNITS },
    "quantity_limit",
  ],
  [
    "another tracking of what is there",
    PLAIN,
    { type: "set-tracking", tracking: "lot" },
    "position_not_empty",
  ],
  [
    "a transfer that is under way before its units",
    PLAIN,
    { type: "transfer-out", transferId: "t1", toLocationId: "west", quantity: 99, dueAtMs: 0 },
    "transfer_exists",
  ],
  [
    "a transfer named like an expected delivery there",
    PLAIN,
    {
      type: "transfer-out",
      locationId: "west",
      transferId: "po1",
      toLocationId: "east",
      quantity: 9,
      dueAtMs: 0,
    },
    "transfer_exists",
  ],
  [
    "a transfer of what the SKU does not have before its units",
    PLAIN,
    { type: "transfer-out", transferId: "t2", toLocationId: "west", quantity: 99, dueAtMs: 0, lot: "x" },
    "not_tracked",
  ],
  [
    "a transfer of promised units",
    PLAIN,
    { type: "transfer-out", transferId: "t2", toLocationId: "west", quantity: 9, dueAtMs: 0 },
    "insufficient_stock",
  ],
  [
    "a transfer of a lot that is not there",
    LOTS,
    { type: "transfer-out", transferId: "t2", toLocationId: "west", quantity: 9, dueAtMs: 0, lot: "x" },
    "lot_not_found",
  ],
  [
    "a transfer without serials",
    SERIALS,
    { type: "transfer-out", transferId: "t2", toLocationId: "west", quantity: 9, dueAtMs: 0 },
    "serials_required",
  ],
  [
    "the arrival of a transfer elsewhere",
    PLAIN,
    { type: "transfer-in", transferId: "t1", quantity: 9 },
    "transfer_not_found",
  ],
  [
    "the arrival of a delivery as a transfer",
    PLAIN,
    { type: "transfer-in", transferId: "po1", quantity: 9 },
    "transfer_not_found",
  ],
  [
    "more than is in transit before what it names",
    PLAIN,
    { type: "transfer-in", locationId: "west", transferId: "t1", quantity: 2, lot: "x" },
    "quantity_exceeds_transfer",
  ],
  [
    "an arrival that names what the SKU does not have",
    PLAIN,
    { type: "transfer-in", locationId: "west", transferId: "t1", quantity: 1, lot: "x" },
    "not_tracked",
  ],
  [
    "quarantine of more units than all lots have free",
    LOTS,
    { type: "quarantine", quantity: 99, reason: "damaged" },
    "insufficient_stock",
  ],
  [
    "quarantine of a lot's promised units",
    LOTS,
    { type: "quarantine", quantity: 2, reason: "damaged", lot: "old" },
    "insufficient_stock",
  ],
  [
    "quarantine of what is promised",
    PLAIN,
    { type: "quarantine", quantity: 9, reason: "damaged" },
    "insufficient_stock",
  ],
  [
    "quarantine of what is set apart already",
    SERIALS,
    { type: "quarantine", quantity: 1, reason: "damaged", serials: ["S4"] },
    "serial_not_found",
  ],
  [
    "more out of quarantine than is in",
    PLAIN,
    { type: "release-quarantine", quantity: 2, reason: "damaged" },
    "quantity_exceeds_unavailable",
  ],
  [
    "out of quarantine for another reason",
    PLAIN,
    { type: "release-quarantine", quantity: 1, reason: "other" },
    "quantity_exceeds_unavailable",
  ],
  [
    "out of quarantine without the serials that are known",
    SERIALS,
    { type: "release-quarantine", quantity: 1, reason: "other" },
    "serials_required",
  ],
  [
    "a hold of a known name before its pool's cap",
    PLAIN,
    { type: "reserve", holdId: "firm", quantity: 1, expiresAtMs: 0, pool: "shop" },
    "hold_exists",
  ],
  [
    "a promise beyond the cap",
    PLAIN,
    { type: "reserve", holdId: "new", quantity: 1, expiresAtMs: 0, pool: "shop" },
    "insufficient_stock",
  ],
  [
    "a claim under a known name before its reservation",
    PLAIN,
    { type: "claim", lane: "l", number: 1, holdId: "firm" },
    "hold_exists",
  ],
  [
    "a claim of a reservation that is not there",
    PLAIN,
    { type: "claim", lane: "l", number: 1, holdId: "new" },
    "reservation_not_found",
  ],
  [
    "the release of more than is reserved",
    PLAIN,
    { type: "release", holdId: "soft", quantity: 2 },
    "quantity_exceeds_hold",
  ],
  [
    "a soft hold's pick before its serials",
    PLAIN,
    { type: "pick", holdId: "soft", quantity: 9, serials: ["x"] },
    "hold_not_allocated",
  ],
  [
    "a pick beyond the hold before its serials",
    SERIALS,
    { type: "pick", holdId: "held", quantity: 9 },
    "quantity_exceeds_hold",
  ],
  ["a pick without serials", SERIALS, { type: "pick", holdId: "held", quantity: 1 }, "serials_required"],
  [
    "the pick of a unit that is set apart",
    SERIALS,
    { type: "pick", holdId: "held", quantity: 1, serials: ["S4"] },
    "serial_not_found",
  ],
  [
    "serials of a SKU that has none",
    PLAIN,
    { type: "pick", holdId: "firm", quantity: 1, serials: ["x"] },
    "not_tracked",
  ],
  [
    "a write-off that does not name its unit",
    SERIALS,
    { type: "short-pick", holdId: "held", missing: 1, reason: "r", effect: "write-off" },
    "serials_required",
  ],
  [
    "a return without its lot",
    LOTS,
    { type: "return-receive", quantity: 1, disposition: "restocked" },
    "lot_required",
  ],
  [
    "a return of a unit that never left",
    SERIALS,
    { type: "return-receive", quantity: 1, disposition: "damaged", serials: ["S1"] },
    "serial_exists",
  ],
  [
    "demand under the name of a hold",
    PLAIN,
    { ...waiting("firm", MAX_UNITS), locationId: "*" },
    "hold_exists",
  ],
  [
    "demand that waits already before the limit",
    [waiting("d", 1)],
    { ...waiting("d", MAX_UNITS), locationId: "*" },
    "demand_exists",
  ],
  ["more demand than there can be", [waiting("d", 1)], waiting("e", MAX_UNITS), "quantity_limit"],
  [
    "a hold under the name of demand that waits",
    [waiting("d", 1)],
    { type: "reserve", holdId: "d", quantity: 1, expiresAtMs: 0 },
    "hold_exists",
  ],
];

describe("refusals by precedence", () => {
  it.each(REFUSALS)("refuses %s", (_, scene, fields, code) => {
    const shard = shardAfter(...scene);
    const before = stockOf(shard);
    const [outcome] = run(shard, { commands: [command(fields)] }).outcomes;
    expect(outcome).toMatchObject({ status: "refused", code });
    expect(stockOf(shard)).toEqual(before);
  });

  it("refuses what a lot past its date would be used for, and lets it only be scrapped", () => {
    const shard = shardAfter(...LOTS);
    const at = (fields: Fields) => run(shard, { nowMs: 2000, commands: [command(fields)] }).outcomes[0];
    expect(at({ type: "pick", holdId: "cold", quantity: 1 })).toMatchObject({ code: "lot_expired" });
    expect(at({ type: "quarantine", quantity: 1, reason: "r", lot: "old" })).toMatchObject({
      code: "lot_expired",
    });
    const transfer = { type: "transfer-out", transferId: "t", toLocationId: "west", dueAtMs: 0 } as const;
    expect(at({ ...transfer, quantity: 1, lot: "old" })).toMatchObject({ code: "lot_expired" });
    expect(at({ ...transfer, quantity: 4 })).toMatchObject({ code: "insufficient_stock" });
    expect(at({ type: "release-quarantine", quantity: 1, reason: "expired" })).toMatchObject({
      code: "lot_expired",
    });
    expect(at({ type: "reserve", holdId: "x", quantity: 4, expiresAtMs: 0 })).toMatchObject({
      code: "insufficient_stock",
    });
    const scrap = { type: "adjust", reason: "scrapped", unavailableReason: "expired", lot: "old" } as const;
    expect(at({ ...scrap, delta: -1 })).toMatchObject({
      status: "applied",
      position: { onHand: 5, unavailable: 0 },
    });
  });
});

/** One of each command that a caller may give, and the scene in which it is applied. */
const ONE_OF_EACH: readonly (readonly [scene: readonly Fields[], command: Fields, other: Fields])[] = [
  [[], { type: "receive", quantity: 1 }, { type: "receive", quantity: 1, reference: "x" }],
  [
    [],
    { type: "expect", reference: "p", quantity: 1, dueAtMs: 1 },
    { type: "expect", reference: "p", quantity: 1, dueAtMs: 2 },
  ],
  [PLAIN, { type: "cancel-expected", reference: "po1" }, { type: "cancel-expected", reference: "po2" }],
  [
    PLAIN,
    { type: "adjust", delta: -1, reason: "r", expectedOnHand: 13 },
    { type: "adjust", delta: -1, reason: "r", expectedOnHand: 12 },
  ],
  [
    [],
    { type: "count", countId: "n", counted: 2, reason: "r", threshold: 9 },
    { type: "count", countId: "n", counted: 2, reason: "r", threshold: 1 },
  ],
  [
    [{ type: "count", countId: "n", counted: 2, reason: "r", threshold: 1 }],
    { type: "approve-count", countId: "n" },
    { type: "reject-count", countId: "n" },
  ],
  [PLAIN, { type: "reject-count", countId: "n1" }, { type: "reject-count", countId: "n2" }],
  [[], { type: "set-safety-stock", quantity: 1 }, { type: "set-safety-stock", quantity: 2 }],
  [
    [],
    { type: "set-pool", pool: "p", kind: "capped", units: 1 },
    { type: "set-pool", pool: "p", kind: "ring-fenced", units: 1 },
  ],
  [[], { type: "set-tracking", tracking: "lot" }, { type: "set-tracking", tracking: "serial" }],
  [
    PLAIN,
    { type: "transfer-out", transferId: "t", toLocationId: "west", quantity: 1, dueAtMs: 0 },
    { type: "transfer-out", transferId: "t", toLocationId: "north", quantity: 1, dueAtMs: 0 },
  ],
  [
    PLAIN,
    { type: "transfer-in", locationId: "west", transferId: "t1", quantity: 1 },
    { type: "transfer-in", locationId: "west", transferId: "t1", quantity: 1, close: true },
  ],
  [PLAIN, { type: "quarantine", quantity: 1, reason: "r" }, { type: "quarantine", quantity: 1, reason: "s" }],
  [
    PLAIN,
    { type: "release-quarantine", quantity: 1, reason: "damaged" },
    { type: "release-quarantine", quantity: 1, reason: "r" },
  ],
  [
    PLAIN,
    { type: "reserve", holdId: "n", quantity: 1, expiresAtMs: 0 },
    { type: "reserve", holdId: "n", quantity: 1, expiresAtMs: 0, pool: "p" },
  ],
  [
    PLAIN,
    { type: "extend", holdId: "soft", expiresAtMs: 5 * DAY },
    { type: "extend", holdId: "soft", expiresAtMs: 6 * DAY },
  ],
  [PLAIN, { type: "release", holdId: "soft", quantity: 1 }, { type: "release", holdId: "soft" }],
  [PLAIN, { type: "allocate", holdId: "soft" }, { type: "allocate", holdId: "capped" }],
  [PLAIN, { type: "deallocate", holdId: "firm", quantity: 1 }, { type: "deallocate", holdId: "firm" }],
  [
    PLAIN,
    { type: "deallocate", holdId: "firm", quantity: 1 },
    { type: "deallocate", holdId: "firm", quantity: 1, of: "picked" },
  ],
  [
    [...SERIALS, { type: "pick", holdId: "held", quantity: 1, serials: ["S1"] }],
    { type: "deallocate", holdId: "held", quantity: 1, of: "picked", serials: ["S1"] },
    { type: "deallocate", holdId: "held", quantity: 1, of: "picked" },
  ],
  [
    SERIALS,
    { type: "pick", holdId: "held", quantity: 1, serials: ["S1"] },
    { type: "pick", holdId: "held", quantity: 1, serials: ["S2"] },
  ],
  [
    SERIALS,
    { type: "short-pick", holdId: "held", missing: 1, reason: "r", effect: "quarantine" },
    { type: "short-pick", holdId: "held", missing: 1, reason: "r", effect: "quarantine", serials: ["S1"] },
  ],
  [
    [...PLAIN, { type: "pick", holdId: "firm", quantity: 1 }],
    { type: "ship", holdId: "firm", quantity: 1 },
    { type: "ship", holdId: "firm", quantity: 2 },
  ],
  [
    [],
    { type: "return-receive", quantity: 1, disposition: "damaged" },
    { type: "return-receive", quantity: 1, disposition: "scrapped" },
  ],
  [[], waiting("d", 1), waiting("d", 1, { kind: "pre-order" })],
  [[waiting("d", 1)], { type: "cancel-demand", holdId: "d" }, { type: "cancel-demand", holdId: "e" }],
];

describe("repeats", () => {
  it.each(ONE_OF_EACH)(
    "of a command are answered with its first outcome, other bodies refused (%#)",
    (...row) => {
      const [scene, fields, other] = row;
      const shard = shardAfter(...scene);
      const first = command(fields);
      const applied = run(shard, { commands: [first] }).outcomes[0];
      expect(applied).toMatchObject({ status: "applied" });
      const before = stockOf(shard);
      run(shard, { commands: [command({ type: "receive", locationId: "elsewhere", quantity: 5 }, "B")] });
      const again = run(shard, { commands: [{ ...first, atMs: 2000 }] });
      expect(again.outcomes[0]).toEqual(applied);
      expect(again.entries).toBeNull();
      const reused = run(shard, { commands: [command({ ...other, commandId: first.commandId })] });
      expect(reused.outcomes[0]).toMatchObject({ status: "refused", code: "command_id_reused" });
      const [positions, queues] = stockOf(shard) as [unknown[], unknown];
      expect([positions.filter((each) => (each as unknown[])[0] === "A"), queues]).toEqual(before);
    },
  );

  it("of a refused command are refused as the first time, also when it would succeed by now", () => {
    const shard = new Shard(0);
    const asked = command({ type: "adjust", delta: 1, reason: "r", expectedOnHand: 5 });
    expect(run(shard, { commands: [asked] }).outcomes[0]).toMatchObject({ code: "on_hand_changed" });
    run(shard, { commands: [command({ type: "receive", quantity: 5 })] });
    expect(run(shard, { commands: [asked] }).outcomes[0]).toMatchObject({ code: "on_hand_changed" });
  });

  it("of a hold whose other units are in use, picked ones come back by their number", () => {
    const shard = shardAfter(...PLAIN);
    const hold = { holdId: "shared" };
    const give = (quantity: number) =>
      run(shard, { commands: [command({ type: "deallocate", ...hold, quantity, of: "picked" })] })
        .outcomes[0];
    run(shard, {
      commands: [
        command({ type: "receive", quantity: 4 }),
        command({ type: "reserve", ...hold, quantity: 4, expiresAtMs: 0 }),
        command({ type: "allocate", ...hold }),
        command({ type: "pick", ...hold, quantity: 3 }),
      ],
    });
    const before = run(shard, { skus: ["A"] }).positions[0];
    expect(give(4)).toMatchObject({ status: "refused", code: "quantity_exceeds_hold" });
    expect(give(2)).toMatchObject({ status: "applied" });
    const after = run(shard, { skus: ["A"] }).positions[0];
    expect(after).toMatchObject({
      onHand: before?.onHand,
      picked: (before?.picked ?? 0) - 2,
      allocated: before?.allocated,
      availableToPromise: (before?.availableToPromise ?? 0) + 2,
    });
  });

  it("of a hold by serial, the picked units come back that are named", () => {
    const shard = shardAfter(
      { type: "set-tracking", tracking: "serial" },
      { type: "receive", quantity: 4, serials: ["S1", "S2", "S3", "S4"] },
      { type: "reserve", holdId: "mine", quantity: 3, expiresAtMs: 0 },
      { type: "reserve", holdId: "other", quantity: 1, expiresAtMs: 0 },
      { type: "allocate", holdId: "mine" },
      { type: "allocate", holdId: "other" },
      { type: "pick", holdId: "mine", quantity: 3, serials: ["S1", "S2", "S3"] },
      { type: "pick", holdId: "other", quantity: 1, serials: ["S4"] },
    );
    const give = (quantity: number, serials?: readonly string[], more: object = { of: "picked" }) =>
      run(shard, {
        commands: [
          command({ type: "deallocate", holdId: "mine", quantity, ...(serials && { serials }), ...more }),
        ],
      }).outcomes[0];
    expect(give(1)).toMatchObject({ code: "serials_required" });
    expect(give(2, ["S1"])).toMatchObject({ code: "serials_required" });
    expect(give(1, ["S1", "S2"])).toMatchObject({ code: "serials_required" });
    expect(give(1, ["S4"])).toMatchObject({ code: "serial_not_found" });
    expect(give(1, ["S9"])).toMatchObject({ code: "serial_not_found" });
    expect(give(2, ["S1", "S1"])).toMatchObject({ code: "invalid_command" });
    expect(give(4, ["S1", "S2", "S3", "S4"])).toMatchObject({ code: "quantity_exceeds_hold" });
    expect(give(1, ["S1"], {})).toMatchObject({ code: "invalid_command" });
    expect(run(shard, { skus: ["A"] }).positions[0]).toMatchObject({ onHand: 4, picked: 4 });
    expect(give(1, ["S2"])).toMatchObject({ status: "applied" });
    expect(run(shard, { skus: ["A"] }).positions[0]).toMatchObject({
      onHand: 4,
      picked: 3,
      availableToPromise: 1,
    });
    // It is on the shelf again, and gone from the hold.
    expect(give(1, ["S2"])).toMatchObject({ code: "serial_not_found" });
    const next = [
      { type: "reserve", holdId: "next", quantity: 1, expiresAtMs: 0 },
      { type: "allocate", holdId: "next" },
      { type: "pick", holdId: "next", quantity: 1, serials: ["S2"] },
      { type: "ship", holdId: "mine", quantity: 2 },
    ].map((fields) => command(fields as never));
    expect(run(shard, { commands: next }).outcomes).toMatchObject(next.map(() => ({ status: "applied" })));
  });

  it("of undo commands for what does not exist change nothing", () => {
    const shard = new Shard(0);
    for (const fields of [
      { type: "cancel-expected", reference: "never" },
      { type: "cancel-demand", holdId: "never", locationId: "*" },
      { type: "release", holdId: "never" },
      { type: "deallocate", holdId: "never" },
    ] as const) {
      const reply = run(shard, { commands: [command(fields)] });
      expect(reply.outcomes[0]).toMatchObject({ status: "applied" });
      expect(eventsOf(reply).map((event) => event.type)).toEqual(["nothing-changed"]);
    }
    expect(shard.figures().positionCount).toBe(0);
  });
});
