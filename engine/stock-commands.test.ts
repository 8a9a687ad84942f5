/**
 * Every stock command as a shard runs it: refusals by precedence, repeats, and
 * what follows in the same batch.
 */
import { describe, expect, it } from "vitest";
import type { RefusalCode, StockCommand } from "../actors/commands.ts";
import { MAX_UNITS } from "../actors/position/stock-position.ts";
import { stateItems } from "../test-support/engine.ts";
import { decodeEntries, encodeEntries } from "./journal/journal-codec.ts";
import { Shard } from "./shard/shard.ts";
import { emptyRequest, type ShardReply, type ShardRequest } from "./shard/shard-request.ts";

type Fields = { readonly type: StockCommand["type"] } & Record<string, unknown>;

const DAY = 24 * 60 * 60 * 1000;
let ids = 0;

function command(fields: Fields, sku = "A"): StockCommand {
  ids += 1;
  return {
    commandId: `c${ids}`,
    sku,
    locationId: "east",
    atMs: 1000,
    cause: "test",
    ...fields,
  } as unknown as StockCommand;
}

function run(shard: Shard, part: Partial<ShardRequest>): ShardReply {
  return shard.run({ ...emptyRequest(0, 1000), ...part });
}

/** Runs commands one batch each; all of them must be applied. */
function shardAfter(...all: readonly Fields[]): Shard {
  const shard = new Shard(0);
  for (const fields of all) {
    const [outcome] = run(shard, { commands: [command(fields)] }).outcomes;
    expect([fields, outcome?.status === "refused" ? outcome.code : outcome?.status]).toEqual([
      fields,
      "applied",
    ]);
  }
  return shard;
}

/** Positions and queues, without what a shard remembers of commands. */
function stockOf(shard: Shard): unknown {
  const { positions, skus } = stateItems(shard);
  return [positions, skus];
}

function eventsOf(reply: ShardReply) {
  if (reply.entries === null) return [];
  return decodeEntries(encodeEntries([reply.entries])).flatMap((blob) => blob.events);
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

/** By lot: old expires at 2000, new never. `cold` has 2 old ones allocated. 3 of each on hand. */
const LOTS: readonly Fields[] = [
  { type: "set-tracking", tracking: "lot" },
  { type: "receive", quantity: 3, lot: "old", lotExpiresAtMs: 2000 },
  { type: "receive", quantity: 3, lot: "new" },
  { type: "reserve", holdId: "cold", quantity: 2, expiresAtMs: 0 },
  { type: "allocate", holdId: "cold" },
];

/** By serial: S1 to S4 on hand, `held` has one allocated, S4 is set apart. */
const SERIALS: readonly Fields[] = [
  { type: "set-tracking", tracking: "serial" },
  { type: "receive", quantity: 4, serials: ["S1", "S2", "S3", "S4"] },
  { type: "reserve", holdId: "held", quantity: 1, expiresAtMs: 0 },
  { type: "allocate", holdId: "held" },
  { type: "quarantine", quantity: 1, reason: "damaged", serials: ["S4"] },
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
    "quarantine without its lot before its units",
    LOTS,
    { type: "quarantine", quantity: 9, reason: "damaged" },
    "lot_required",
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

function waiting(holdId: string, quantity: number, more: Record<string, unknown> = {}): Fields {
  return {
    type: "enqueue-demand",
    holdId,
    orderId: `order-${holdId}`,
    lineId: "1",
    quantity,
    priority: 0,
    kind: "backorder",
    notBeforeMs: 0,
    ...more,
  };
}

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

describe("pools", () => {
  const reserve = (holdId: string, quantity: number, pool?: string): Fields => ({
    type: "reserve",
    holdId,
    quantity,
    expiresAtMs: 0,
    ...(pool === undefined ? {} : { pool }),
  });
  const buckets = (shard: Shard) => run(shard, { skus: ["A"] }).positions[0];

  it("a ring-fenced pool sells its fence, then what everybody may; what ships for it comes off the fence", () => {
    const shard = shardAfter(
      { type: "receive", quantity: 10 },
      { type: "set-pool", pool: "web", kind: "ring-fenced", units: 4 },
      reserve("shop", 5),
    );
    expect(buckets(shard)).toMatchObject({ fenced: 4, availableToPromise: 1 });
    const refused = run(shard, { commands: [command(reserve("more", 2))] }).outcomes[0];
    expect(refused).toMatchObject({ code: "insufficient_stock" });
    run(shard, { commands: [command(reserve("web1", 3, "web"))] });
    expect(buckets(shard)).toMatchObject({ fenced: 1, availableToPromise: 1 });
    run(shard, { commands: [command(reserve("web2", 2, "web"))] });
    expect(buckets(shard)).toMatchObject({ fenced: 0, availableToPromise: 0 });
    for (const fields of [
      { type: "allocate", holdId: "web1" },
      { type: "pick", holdId: "web1", quantity: 3 },
      { type: "ship", holdId: "web1", quantity: 3 },
      { type: "receive", quantity: 5 },
    ] as const) {
      run(shard, { commands: [command(fields)] });
    }
    // Of the fence of 4, 3 have left and 1 is promised: nothing more is kept for the pool.
    expect(buckets(shard)).toMatchObject({ onHand: 12, fenced: 0, availableToPromise: 5 });
    run(shard, { commands: [command({ type: "release", holdId: "web2" })] });
    expect(buckets(shard)).toMatchObject({ fenced: 1, availableToPromise: 6 });
  });

  it("where fences are larger than the stock, the pool that was set first is served first", () => {
    const shard = shardAfter(
      { type: "set-pool", pool: "web", kind: "ring-fenced", units: 5 },
      { type: "set-pool", pool: "mail", kind: "ring-fenced", units: 5 },
      { type: "receive", quantity: 6 },
    );
    const code = (fields: Fields) => {
      const [outcome] = run(shard, { commands: [command(fields)] }).outcomes;
      return outcome?.status === "refused" ? outcome.code : outcome?.status;
    };
    expect(code(reserve("mail", 2, "mail"))).toBe("insufficient_stock");
    expect(code(reserve("mail1", 1, "mail"))).toBe("applied");
    expect(code(reserve("web", 5, "web"))).toBe("applied");
    expect(code(reserve("any", 1))).toBe("insufficient_stock");
  });

  it("a capped pool promises again what it has shipped", () => {
    const shard = shardAfter(
      { type: "receive", quantity: 10 },
      { type: "set-pool", pool: "market", kind: "capped", units: 2 },
      reserve("m1", 2, "market"),
      { type: "allocate", holdId: "m1" },
      { type: "pick", holdId: "m1", quantity: 2 },
      { type: "ship", holdId: "m1", quantity: 1 },
      reserve("m2", 1, "market"),
    );
    expect(run(shard, { commands: [command(reserve("m3", 1, "market"))] }).outcomes[0]).toMatchObject({
      code: "insufficient_stock",
    });
  });
});

describe("demand that waits", () => {
  it("is filled by priority, then by arrival, in the batch that frees the units, and nobody comes before it", () => {
    const shard = shardAfter(
      waiting("late", 2),
      waiting("urgent", 2, { priority: -1, locationId: "*" }),
      waiting("west", 1, { locationId: "west", priority: -9 }),
    );
    const reply = run(shard, {
      commands: [
        command({ type: "receive", quantity: 3 }),
        command({ type: "reserve", holdId: "sneaky", quantity: 1, expiresAtMs: 0 }),
      ],
    });
    expect(reply.outcomes.map((outcome) => outcome.status)).toEqual(["applied", "refused"]);
    expect(reply.filled).toMatchObject([
      { holdId: "urgent", orderId: "order-urgent", locationId: "east", quantity: 2 },
      { holdId: "late", quantity: 1 },
    ]);
    const orders = run(shard, { orders: ["order-late", "order-urgent"] }).orders;
    expect(orders).toMatchObject([{ holds: [{ quantity: 1 }] }, { holds: [{ quantity: 2 }] }]);
    // The hold that was given one unit grows by the next one, whatever became of the first.
    run(shard, { commands: [command({ type: "allocate", holdId: "late" })] });
    const grown = run(shard, {
      commands: [command({ type: "receive", quantity: 5 })],
      addresses: [{ sku: "A", locationId: "east" }],
      orders: ["order-late"],
    });
    expect(grown.filled).toMatchObject([{ holdId: "late", quantity: 1 }]);
    expect(grown.orders).toMatchObject([{ holds: [{ holdId: "late", quantity: 2 }] }]);
    expect(grown.holds[0]?.filter((hold) => hold.holdId === "late")).toMatchObject([
      { state: "reserved", quantity: 1, expiresAtMs: 0 },
      { state: "allocated", quantity: 1 },
    ]);
    expect(run(shard, { outlooks: ["A"] }).outlooks).toMatchObject([
      { queued: 1, locations: [{ locationId: "east", available: 4, incoming: [] }] },
    ]);
  });

  const FREED: readonly (readonly [string, readonly Fields[], Fields, number])[] = [
    ["a receipt", [], { type: "receive", quantity: 2 }, 2],
    ["a return", [], { type: "return-receive", quantity: 1, disposition: "restocked" }, 1],
    [
      "a release",
      [{ type: "reserve", holdId: "h", quantity: 4, expiresAtMs: 0 }],
      { type: "release", holdId: "h", quantity: 3 },
      3,
    ],
    [
      "a deallocation",
      [{ type: "reserve", holdId: "h", quantity: 4, expiresAtMs: 0 }],
      { type: "deallocate", holdId: "h" },
      4,
    ],
    [
      "an adjustment",
      [{ type: "set-safety-stock", quantity: 4 }],
      { type: "adjust", delta: 3, reason: "found" },
      3,
    ],
    [
      "a count",
      [{ type: "set-safety-stock", quantity: 4 }],
      { type: "count", countId: "n", counted: 5, reason: "r", threshold: 9 },
      1,
    ],
    [
      "the end of a quarantine",
      [{ type: "quarantine", quantity: 4, reason: "r" }],
      { type: "release-quarantine", quantity: 2, reason: "r" },
      2,
    ],
    [
      "less safety stock",
      [{ type: "set-safety-stock", quantity: 4 }],
      { type: "set-safety-stock", quantity: 1 },
      3,
    ],
    [
      "a fence that is taken down",
      [{ type: "set-pool", pool: "p", kind: "ring-fenced", units: 4 }],
      { type: "set-pool", pool: "p", kind: "shared", units: 0 },
      4,
    ],
    [
      "the arrival of a transfer",
      [
        {
          type: "receive",
          locationId: "west",
          quantity: 2,
        },
        {
          type: "transfer-out",
          locationId: "west",
          transferId: "t",
          toLocationId: "east",
          quantity: 2,
          dueAtMs: 0,
        },
        { type: "set-safety-stock", quantity: 4 },
      ],
      { type: "transfer-in", transferId: "t", quantity: 2 },
      2,
    ],
    [
      "a short pick of what will be found",
      [
        { type: "reserve", holdId: "h", quantity: 4, expiresAtMs: 0 },
        { type: "allocate", holdId: "h" },
      ],
      { type: "short-pick", holdId: "h", missing: 2, reason: "r", effect: "none" },
      2,
    ],
  ];

  it.each(FREED)("takes what %s frees", (what, scene, fields, units) => {
    const start: readonly Fields[] =
      what === "a receipt" || what === "a return" ? [] : [{ type: "receive", quantity: 4 }];
    const shard = shardAfter(...start, ...scene, waiting("d", 100));
    const reply = run(shard, { commands: [command(fields)] });
    expect(reply.filled.map((fill) => [fill.locationId, fill.quantity])).toEqual([["east", units]]);
  });

  it("takes what an expired hold frees, and a lane's released and expired reservations", () => {
    const shard = shardAfter(
      { type: "receive", quantity: 4 },
      { type: "reserve", holdId: "soft", quantity: 2, expiresAtMs: 5000 },
    );
    const lane = (number: number, kind: number, quantity: number, expiresInMs: number) => ({
      lane: "key.lane",
      atMs: 1000,
      operations: new Uint8Array(Uint32Array.of(number, 0, (kind << 28) | quantity, expiresInMs).buffer),
    });
    expect(run(shard, { lanes: [lane(1, 0, 1, 0), lane(2, 0, 1, 8000)] }).laneCodes).toEqual([null, null]);
    run(shard, { commands: [command(waiting("d", 100))] });
    const released = run(shard, { nowMs: 2000, lanes: [lane(1, 1, 0, 0), lane(3, 0, 1, 0)] });
    expect(released.filled).toMatchObject([{ holdId: "d", quantity: 1 }]);
    expect(released.laneCodes[1]).not.toBeNull();
    expect(run(shard, { nowMs: 5000 }).filled).toMatchObject([{ holdId: "d", quantity: 2 }]);
    expect(run(shard, { nowMs: 9000 }).filled).toMatchObject([{ holdId: "d", quantity: 1 }]);
  });

  it("does not take what its pool may not sell, and lets others have it", () => {
    const shard = shardAfter(
      { type: "set-pool", pool: "market", kind: "capped", units: 1 },
      waiting("m", 5, { pool: "market" }),
      waiting("d", 1, { priority: 9 }),
      { type: "receive", quantity: 3 },
    );
    const [position] = run(shard, { skus: ["A"] }).positions;
    expect(position).toMatchObject({ reserved: 2, availableToPromise: 1 });
  });

  it("a pre-order takes nothing before its date, and then at once, from where there is most", () => {
    const shard = shardAfter(
      waiting("pre", 5, { kind: "pre-order", notBeforeMs: 7000, locationId: "*" }),
      { type: "receive", quantity: 2 },
      { type: "receive", locationId: "west", quantity: 4 },
    );
    expect(shard.figures().nextExpiryAtMs).toBe(7000);
    expect(run(shard, { nowMs: 6999 }).filled).toEqual([]);
    expect(run(shard, { nowMs: 7000 }).filled).toMatchObject([
      { locationId: "west", quantity: 4 },
      { locationId: "east", quantity: 1 },
    ]);
  });

  it("that is cancelled waits no more; what it was given stays until it is released", () => {
    const shard = shardAfter(waiting("d", 3), { type: "receive", quantity: 1 });
    run(shard, { commands: [command({ type: "cancel-demand", holdId: "d", locationId: "west" })] });
    expect(run(shard, { outlooks: ["A"] }).outlooks[0]?.queued).toBe(2);
    run(shard, { commands: [command({ type: "cancel-demand", holdId: "d" })] });
    expect(run(shard, { outlooks: ["A"] }).outlooks[0]?.queued).toBe(0);
    const freed = run(shard, { commands: [command({ type: "release", holdId: "d" })], skus: ["A"] });
    expect(freed.filled).toEqual([]);
    expect(freed.positions[0]).toMatchObject({ availableToPromise: 1 });
  });
});

describe("claims", () => {
  it("turn a lane's reservation into a hold of the order that does not expire, once", () => {
    const shard = shardAfter({ type: "receive", quantity: 4 });
    const operations = new Uint8Array(Uint32Array.of(7, 0, 3, 5000).buffer);
    run(shard, { lanes: [{ lane: "key.a/b", atMs: 1000, operations }] });
    const claim = command({
      type: "claim",
      lane: "key.a/b",
      number: 7,
      holdId: "h",
      orderId: "o",
      lineId: "1",
    });
    const reply = run(shard, {
      commands: [claim],
      orders: ["o"],
      addresses: [{ sku: "A", locationId: "east" }],
    });
    expect(reply.outcomes[0]).toMatchObject({ status: "applied", position: { reserved: 3 } });
    expect(reply.orders[0]).toMatchObject({ holds: [{ holdId: "h", quantity: 3 }] });
    expect(reply.holds[0]).toMatchObject([{ holdId: "h", quantity: 3, expiresAtMs: 0 }]);
    expect(run(shard, { nowMs: 9000, skus: ["A"] }).positions[0]).toMatchObject({ reserved: 3 });
    const again = command({ type: "claim", lane: "key.a/b", number: 7, holdId: "h2" });
    expect(run(shard, { commands: [again] }).outcomes[0]).toMatchObject({ code: "reservation_not_found" });
    run(shard, { commands: [command({ type: "deallocate", holdId: "h" })] });
    expect(run(shard, { skus: ["A"] }).positions[0]).toMatchObject({ reserved: 0, availableToPromise: 4 });
  });
});

describe("lots and serials", () => {
  it("holds are assigned what expires first, and picks take it first", () => {
    const shard = shardAfter(...LOTS, { type: "pick", holdId: "cold", quantity: 1 });
    const reply = run(shard, {
      commands: [command({ type: "reserve", holdId: "x", quantity: 2, expiresAtMs: 0 })],
    });
    expect(eventsOf(reply)[0]?.more?.lots).toMatchObject([
      { lot: "old", reserved: 1 },
      { lot: "new", reserved: 1 },
    ]);
  });

  it("a lot's free units are set apart on its date, held ones when they come back", () => {
    const shard = shardAfter(...LOTS);
    expect(shard.figures().nextExpiryAtMs).toBe(2000);
    const reply = run(shard, { nowMs: 2000, skus: ["A"] });
    expect(eventsOf(reply)).toMatchObject([{ type: "lot-expired", unavailable: 1, commandId: "" }]);
    expect(reply.positions[0]).toMatchObject({
      onHand: 6,
      allocated: 2,
      unavailable: 1,
      availableToPromise: 3,
    });
    const back = run(shard, {
      nowMs: 2001,
      commands: [command({ type: "deallocate", holdId: "cold" })],
      skus: ["A"],
    });
    expect(back.positions[0]).toMatchObject({ allocated: 0, unavailable: 3, availableToPromise: 3 });
    const late = run(shard, {
      nowMs: 2002,
      commands: [command({ type: "receive", quantity: 2, lot: "late", lotExpiresAtMs: 1500 })],
    });
    expect(late.outcomes[0]).toMatchObject({ position: { onHand: 8, unavailable: 5 } });
  });

  it("a transfer takes its lots and serials along, and what does not arrive is booked as a discrepancy", () => {
    const lots = shardAfter(...LOTS);
    const sent = run(lots, {
      commands: [
        command({ type: "transfer-out", transferId: "t", toLocationId: "west", quantity: 3, dueAtMs: 0 }),
      ],
      skus: ["A"],
    });
    expect(eventsOf(sent).map((event) => event.type)).toEqual(["transfer-sent", "transfer-announced"]);
    expect(sent.positions).toMatchObject([
      { locationId: "east", onHand: 3 },
      { locationId: "west", onHand: 0, incoming: 3 },
    ]);
    const closed = run(lots, {
      nowMs: 2000,
      commands: [
        command({ type: "transfer-in", locationId: "west", transferId: "t", quantity: 2, close: true }),
      ],
      skus: ["A"],
    });
    const [, received, discrepancy] = eventsOf(closed);
    expect(received).toMatchObject({ type: "transfer-received", onHand: 2, unavailable: 1, incoming: -2 });
    expect(discrepancy).toMatchObject({
      type: "transfer-discrepancy",
      incoming: -1,
      reason: "discrepancy",
      more: { lots: [{ lot: "new", incoming: -1 }] },
    });
    expect(closed.positions[1]).toMatchObject({ onHand: 2, incoming: 0, unavailable: 1 });

    const serials = shardAfter(...SERIALS, {
      type: "transfer-out",
      transferId: "t",
      toLocationId: "west",
      quantity: 2,
      dueAtMs: 0,
      serials: ["S1", "S2"],
    });
    const at = (fields: Fields) => run(serials, { commands: [command(fields)] }).outcomes[0];
    expect(at({ type: "receive", quantity: 1, serials: ["S1"] })).toMatchObject({ code: "serial_exists" });
    const arrival = { type: "transfer-in", locationId: "west", transferId: "t", quantity: 1 } as const;
    expect(at(arrival)).toMatchObject({ code: "serials_required" });
    expect(at({ ...arrival, serials: ["S3"] })).toMatchObject({ code: "serial_not_found" });
    expect(at({ ...arrival, serials: ["S2"] })).toMatchObject({ status: "applied" });
    expect(at({ ...arrival, quantity: 0, close: true })).toMatchObject({ status: "applied" });
    // What was lost in transit may be found again.
    expect(at({ type: "receive", quantity: 1, serials: ["S1"] })).toMatchObject({ status: "applied" });
  });

  it("a serial goes with its unit from the shelf to the customer and back", () => {
    const shard = shardAfter(
      ...SERIALS,
      { type: "pick", holdId: "held", quantity: 1, serials: ["S2"] },
      { type: "ship", holdId: "held", quantity: 1 },
      { type: "return-receive", quantity: 1, disposition: "inspection", serials: ["S2"] },
      { type: "release-quarantine", quantity: 1, reason: "inspection", serials: ["S2"] },
      { type: "adjust", delta: -1, reason: "scrapped", unavailableReason: "damaged", serials: ["S4"] },
    );
    expect(run(shard, { skus: ["A"] }).positions[0]).toMatchObject({
      onHand: 3,
      unavailable: 0,
      availableToPromise: 3,
    });
  });
});

describe("counts", () => {
  it("over the threshold wait, and are approved as the difference that was found", () => {
    const shard = shardAfter(
      { type: "receive", quantity: 20 },
      { type: "count", countId: "n", counted: 12, reason: "cycle", threshold: 5 },
      { type: "receive", quantity: 4 },
    );
    expect(run(shard, { skus: ["A"] }).positions[0]).toMatchObject({ onHand: 24 });
    const approved = run(shard, { commands: [command({ type: "approve-count", countId: "n" })] });
    expect(approved.outcomes[0]).toMatchObject({ status: "applied", position: { onHand: 16 } });
    expect(eventsOf(approved)[0]).toMatchObject({ type: "stock-counted", onHand: -8, reason: "cycle" });
  });

  it("that are rejected change nothing and make way for the next", () => {
    const shard = shardAfter(
      { type: "receive", quantity: 20 },
      { type: "count", countId: "n", counted: 0, reason: "cycle", threshold: 5 },
      { type: "reject-count", countId: "n" },
      { type: "count", countId: "m", counted: 18, reason: "cycle", threshold: 5 },
    );
    expect(run(shard, { skus: ["A"] }).positions[0]).toMatchObject({ onHand: 18 });
  });

  it("are approved only while nothing that is promised would be lost", () => {
    const shard = shardAfter(
      { type: "receive", quantity: 20 },
      { type: "count", countId: "n", counted: 10, reason: "cycle", threshold: 5 },
      { type: "reserve", holdId: "h", quantity: 15, expiresAtMs: 0 },
    );
    const approve = () => run(shard, { commands: [command({ type: "approve-count", countId: "n" })] });
    expect(approve().outcomes[0]).toMatchObject({ code: "stock_is_promised" });
    run(shard, { commands: [command({ type: "release", holdId: "h" })] });
    expect(approve().outcomes[0]).toMatchObject({ status: "applied", position: { onHand: 10 } });
  });
});
