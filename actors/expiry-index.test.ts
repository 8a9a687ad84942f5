import fc from "fast-check";
import { expect, it } from "vitest";
import { type Due, ExpiryIndex } from "./expiry-index.ts";

it("gives what is due in one order, however it was filled, and nothing before its time", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          atMs: fc.integer({ min: 1, max: 20 }),
          kind: fc.constantFrom("hold" as const, "lot" as const, "pre-order" as const),
          id: fc.string({ maxLength: 2 }),
        }),
      ),
      fc.integer({ min: 0, max: 21 }),
      (entries, nowMs) => {
        const taken = [entries, [...entries].reverse()].map((order) => {
          const index = new ExpiryIndex();
          for (const due of order) index.add({ ...due, sku: "A", locationId: "east" });
          const out: Due[] = [];
          for (let due = index.takeDue(nowMs); due !== undefined; due = index.takeDue(nowMs)) out.push(due);
          const rest = entries.filter((due) => due.atMs > nowMs).map((due) => due.atMs);
          expect(index.nextAtMs).toBe(rest.length === 0 ? 0 : Math.min(...rest));
          return out;
        });
        expect(taken[0]).toEqual(taken[1]);
        expect(taken[0]).toHaveLength(entries.filter((due) => due.atMs <= nowMs).length);
        const times = (taken[0] ?? []).map((due) => due.atMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      },
    ),
  );
});
