/** Units with names: lots and their dates, serial numbers, and what counts of them find. */
import { describe, expect, it } from "vitest";

import {
  command,
  eventsOf,
  type Fields,
  LOTS,
  run,
  SERIALS,
  shardAfter,
} from "../test-support/stock/stock-commands.ts";

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
