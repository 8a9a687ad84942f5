import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StockCommand } from "../actors/commands.ts";
import { ReferencePosition } from "../actors/reference-model.ts";
import { decodeEntries, encodeEntries } from "./journal-codec.ts";
import { Shard, type ShardRequest } from "./shard.ts";

const LOCATIONS = ["east", "west"];
const HOLDS = ["h1", "h2", "h3", "h4"];

function request(part: Partial<ShardRequest>): ShardRequest {
  return {
    shard: 0,
    nowMs: 0,
    commands: [],
    placements: [],
    undo: [],
    orders: [],
    skus: [],
    addresses: [],
    ...part,
  };
}

const units = fc.integer({ min: 1, max: 6 });
const holdId = fc.constantFrom(...HOLDS);
const expiresAtMs = fc.constantFrom(0, 5, 15, 30);
/** Everything of a command but its id, address and time. */
const body: fc.Arbitrary<Partial<StockCommand>> = fc.oneof(
  fc.record({ type: fc.constant("receive" as const), quantity: units }),
  fc.record({
    type: fc.constant("return-receive" as const),
    quantity: units,
    disposition: fc.constantFrom("restocked" as const, "damaged" as const),
  }),
  fc.record({
    type: fc.constant("adjust" as const),
    delta: fc.integer({ min: -8, max: 8 }).filter((delta) => delta !== 0),
    reason: fc.constant("count"),
  }),
  fc.record({
    type: fc.constant("adjust" as const),
    delta: fc.constant(2),
    reason: fc.constant("count"),
    expectedOnHand: fc.integer({ min: 0, max: 9 }),
  }),
  fc.record({ type: fc.constant("set-safety-stock" as const), quantity: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ type: fc.constant("reserve" as const), holdId, quantity: units, expiresAtMs }),
  fc.record({ type: fc.constant("reserve" as const), holdId, quantity: units, expiresAtMs }),
  fc.record({ type: fc.constant("extend" as const), holdId, expiresAtMs }),
  fc.record({ type: fc.constantFrom("release" as const, "allocate" as const, "allocate" as const), holdId }),
  fc.record({ type: fc.constantFrom("deallocate" as const), holdId }),
  fc.record({ type: fc.constantFrom("pick" as const, "ship" as const), holdId, quantity: units }),
  fc.record({
    type: fc.constant("short-pick" as const),
    holdId,
    missing: units,
    reason: fc.constant("not found"),
    effect: fc.constantFrom("none" as const, "write-off" as const, "quarantine" as const),
  }),
);

const step = fc.record({
  body,
  locationId: fc.constantFrom(...LOCATIONS),
  /** How much later than the step before. */
  laterMs: fc.constantFrom(0, 0, 1, 4),
  /** Whether the command before this one is sent again as well. */
  repeated: fc.boolean(),
});

describe("a shard", () => {
  it("does what the reference model does, whatever the commands, and comes back the same from its journal", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat({ max: 59 }), (steps, snapshotAt) => {
        const shard = new Shard(0);
        const model = new Map(LOCATIONS.map((locationId) => [locationId, new ReferencePosition()]));
        const blobs: Uint8Array[] = [];
        let snapshot = new Shard(0).encodeState();
        let snapshotBlobs = 0;
        let nowMs = 1;
        let last: { command: StockCommand; outcome: unknown } | null = null;
        for (const [index, { body: part, locationId, laterMs, repeated }] of steps.entries()) {
          nowMs += laterMs;
          for (const [address, position] of model) {
            for (const hold of [...position.holds]) {
              position.apply({
                type: "expire",
                commandId: "e",
                sku: "A",
                locationId: address,
                holdId: hold.id,
                atMs: nowMs,
                cause: "t",
              });
            }
          }
          const command = {
            commandId: `c${index}`,
            sku: "A",
            locationId,
            atMs: nowMs,
            cause: "test",
            ...part,
          } as StockCommand;
          const commands = repeated && last !== null ? [last.command, command] : [command];
          const reply = shard.run(
            request({ nowMs, commands, skus: ["A"], addresses: [{ sku: "A", locationId }] }),
          );
          if (reply.entries !== null) blobs.push(reply.entries);
          if (commands.length === 2) expect(reply.outcomes[0]).toEqual(last?.outcome);
          const position = model.get(locationId) as ReferencePosition;
          const expected = position.apply(command);
          const outcome = reply.outcomes.at(-1);
          expect(outcome?.status === "refused" ? outcome.code : outcome?.status).toBe(expected);
          last = { command, outcome };
          for (const view of reply.positions) {
            const twin = model.get(view.locationId) as ReferencePosition;
            expect(view).toMatchObject({
              onHand: twin.onHand,
              reserved: twin.total("reserved"),
              allocated: twin.total("allocated"),
              picked: twin.total("picked"),
              unavailable: twin.unavailable,
              safetyStock: twin.safetyStock,
              availableToPromise: twin.available(),
            });
          }
          const held = (reply.holds[0] ?? []).reduce((sum, hold) => sum + hold.quantity, 0);
          expect(held).toBe(position.promised());
          if (index === snapshotAt) {
            snapshot = shard.encodeState();
            snapshotBlobs = blobs.length;
          }
        }
        const state = Buffer.from(shard.encodeState());
        const replayed = new Shard(0);
        for (const blob of decodeEntries(encodeEntries(blobs))) replayed.replay(blob);
        expect(state.equals(replayed.encodeState())).toBe(true);
        const recovered = Shard.decodeState(0, snapshot);
        for (const blob of decodeEntries(encodeEntries(blobs.slice(snapshotBlobs)))) recovered.replay(blob);
        expect(state.equals(recovered.encodeState())).toBe(true);
        expect(recovered.figures()).toMatchObject({
          positionCount: shard.figures().positionCount,
          holdCount: shard.figures().holdCount,
        });
      }),
      { numRuns: 300 },
    );
  });

  it("returns the units of an expired hold before the next command is applied", () => {
    const shard = new Shard(0);
    const common = { sku: "A", locationId: "east", atMs: 1, cause: "t" };
    shard.run(
      request({
        nowMs: 1,
        commands: [
          { type: "receive", commandId: "r", quantity: 1, ...common },
          { type: "reserve", commandId: "a", holdId: "a", quantity: 1, expiresAtMs: 100, ...common },
        ],
      }),
    );
    const next = (id: string) => ({
      type: "reserve" as const,
      commandId: id,
      holdId: id,
      quantity: 1,
      expiresAtMs: 0,
      ...common,
    });
    expect(shard.run(request({ nowMs: 99, commands: [next("b")] })).outcomes[0]?.status).toBe("refused");
    expect(shard.run(request({ nowMs: 100, commands: [next("c")] })).outcomes[0]?.status).toBe("applied");
  });

  it("forgets commands after a day, and an order only once it holds nothing", () => {
    const day = 24 * 60 * 60 * 1000;
    const shard = new Shard(0);
    const common = { sku: "A", locationId: "east", cause: "t" };
    const receive = (id: string, atMs: number): StockCommand => ({
      type: "receive",
      commandId: id,
      quantity: 5,
      atMs,
      ...common,
    });
    const part = {
      orderId: "o",
      lineId: "1",
      holdId: "o:1:east",
      sku: "A",
      locationId: "east",
      quantity: 1,
      expiresAtMs: 0,
      atMs: 1,
      cause: "o",
    };
    shard.run(request({ nowMs: 1, commands: [receive("r", 1)], placements: [part] }));
    expect(shard.run(request({ nowMs: day, commands: [receive("r", day)] })).entries).toBeNull();
    shard.run(request({ nowMs: day + 2, commands: [receive("x", day)] }));
    const later = shard.run(request({ nowMs: day + 3, commands: [receive("r", day)], orders: ["o"] }));
    expect(later.outcomes[0]).toMatchObject({ status: "applied", position: { onHand: 15 } });
    expect(later.orders[0]).toHaveLength(1);
    shard.run(
      request({
        nowMs: day + 4,
        commands: [{ type: "release", commandId: "f", holdId: part.holdId, atMs: 1, ...common }],
      }),
    );
    shard.run(request({ nowMs: 3 * day, commands: [receive("y", day)] }));
    expect(shard.run(request({ nowMs: 3 * day, orders: ["o"] })).orders[0]).toBeNull();
  });
});
