import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArrivalOrder, type Sequenced } from "./arrival-order.ts";

const PATIENCE_MS = 500;
const message = (seq: number, from = 1, bootId = "b"): Sequenced => ({ bootId, seq, from });

function ordered() {
  const order = new ArrivalOrder<Sequenced>(PATIENCE_MS);
  return {
    order,
    add: (each: Sequenced, nowMs = 0) => order.add("c", each, nowMs).map(({ seq }) => seq),
    due: (nowMs: number) => order.due(nowMs).map(({ seq }) => seq),
  };
}

describe("the order of arrival", () => {
  it("gives messages out as they were sent, where one overtakes another", () => {
    const { add, order } = ordered();
    expect(add(message(2))).toEqual([]);
    expect(add(message(3))).toEqual([]);
    expect(add(message(1))).toEqual([1, 2, 3]);
    expect(order.isWaiting).toBe(false);
  });

  it("does not wait for longer than its patience for one that never comes", () => {
    const { add, due } = ordered();
    expect(add(message(1))).toEqual([1]);
    expect(add(message(3), 100)).toEqual([]);
    expect(add(message(5), 200)).toEqual([]);
    expect(due(599)).toEqual([]);
    expect(due(600)).toEqual([3]);
    expect(due(700)).toEqual([5]);
    expect(add(message(2))).toEqual([2]);
    expect(add(message(6))).toEqual([6]);
  });

  it("waits for nothing that the device does not have any more", () => {
    const { add } = ordered();
    expect(add(message(1))).toEqual([1]);
    expect(add(message(9, 9))).toEqual([9]);
    expect(add(message(12, 9))).toEqual([]);
    expect(add(message(13, 12))).toEqual([12, 13]);
  });

  it.each([0, 1])("goes on at once where a counter wraps to %i", (first) => {
    const { add } = ordered();
    expect(add(message(65_535, 65_535))).toEqual([65_535]);
    expect(add(message(first, 65_535))).toEqual([first]);
    expect(add(message(first + 1, first + 1))).toEqual([first + 1]);
  });

  it("gives a repeat out again", () => {
    const { add } = ordered();
    expect(add(message(1))).toEqual([1]);
    expect(add(message(1))).toEqual([1]);
    expect(add(message(3))).toEqual([]);
    expect(add(message(3))).toEqual([3]);
  });

  it("gives everything out within its patience, as often as it came, whatever comes", () => {
    const anything = fc.array(
      fc.record({
        bootId: fc.constantFrom("b", "c"),
        seq: fc.nat({ max: 600 }),
        from: fc.nat({ max: 600 }),
      }),
      { maxLength: 700 },
    );
    fc.assert(
      fc.property(anything, (messages) => {
        const order = new ArrivalOrder<Sequenced>(PATIENCE_MS);
        const out = messages.flatMap((each, index) => order.add("c", each, index));
        out.push(...order.due(messages.length + PATIENCE_MS));
        expect(new Set(out)).toEqual(new Set(messages));
        expect(out).toHaveLength(messages.length);
        expect(order.isWaiting).toBe(false);
      }),
    );
  });
});
