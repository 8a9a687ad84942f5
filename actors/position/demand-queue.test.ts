import fc from "fast-check";
import { expect, it } from "vitest";
import { type DemandEntry, DemandQueue } from "./demand-queue.ts";

const step = fc.record({
  what: fc.constantFrom("add", "add", "take", "open", "cancel"),
  holdId: fc.constantFrom("a", "b", "c", "d", "e", "f", "g"),
  locationId: fc.constantFrom("east", "west", "*"),
  pool: fc.constantFrom("", "web"),
  priority: fc.integer({ min: -1, max: 2 }),
  quantity: fc.integer({ min: 1, max: 3 }),
  isOpen: fc.boolean(),
});

it("knows whose turn it is as a sorted list would, whoever joins, is served, or leaves", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const queue = new DemandQueue();
      const list: DemandEntry[] = [];
      let arrival = 0;
      for (const { what, holdId, isOpen, ...rest } of steps) {
        const known = list.find((entry) => entry.holdId === holdId);
        if (what === "add" && known === undefined) {
          const entry = {
            ...rest,
            holdId,
            orderId: "",
            lineId: "",
            kind: "backorder" as const,
            arrival,
            notBeforeMs: 0,
            cause: "t",
            open: isOpen,
          };
          arrival += 1;
          list.push({ ...entry });
          queue.add(entry);
        } else if (known !== undefined && what !== "add") {
          const entry = queue.get(holdId) as DemandEntry;
          if (what === "open" && !known.open) {
            queue.open(entry);
            known.open = true;
          } else if (what !== "open") {
            const units = what === "take" ? 1 : known.quantity;
            queue.take(entry, units);
            known.quantity -= units;
            if (known.quantity === 0) list.splice(list.indexOf(known), 1);
          }
        }
        expect(queue.units).toBe(list.reduce((sum, entry) => sum + entry.quantity, 0));
        expect([...queue.values()].map((entry) => entry.holdId)).toEqual(list.map((entry) => entry.holdId));
        for (const at of ["east", "west"]) {
          for (const pools of [["", "web"], ["web"], []]) {
            const turn = list
              .filter((entry) => entry.open && (entry.locationId === "*" || entry.locationId === at))
              .filter((entry) => pools.includes(entry.pool))
              .sort((a, b) => a.priority - b.priority || a.arrival - b.arrival)[0];
            const next = queue.nextTurn(at, (pool) => (pools.includes(pool) ? 1 : 0));
            expect(next?.holdId).toBe(turn?.holdId);
          }
        }
      }
    }),
  );
});

it("serves a hundred thousand who wait in their turn, without looking at all of them each time", () => {
  const queue = new DemandQueue();
  const count = 100_000;
  for (let arrival = 0; arrival < count; arrival += 1) {
    queue.add({
      holdId: `h${arrival}`,
      orderId: "",
      lineId: "",
      locationId: "*",
      pool: "",
      kind: "backorder",
      priority: 0,
      arrival,
      notBeforeMs: 0,
      cause: "t",
      quantity: 1,
      open: true,
    });
  }
  let served = 0;
  for (let entry = queue.nextTurn("east", () => 1); entry !== null; entry = queue.nextTurn("east", () => 1)) {
    if (entry.arrival !== served) throw new Error(`${entry.holdId} is served in turn ${served}`);
    queue.take(entry, 1);
    served += 1;
  }
  expect([served, queue.size, queue.units]).toEqual([count, 0, 0]);
});
