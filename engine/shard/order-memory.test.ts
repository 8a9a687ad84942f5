import { expect, test } from "vitest";
import type { StockCommand } from "../../actors/commands.ts";
import { change } from "../../actors/position/make-event.ts";
import { COMMAND_WINDOW_MS } from "../../actors/rules/command-window.ts";
import { OrderMemory } from "./order-memory.ts";

const MINUTE = 60_000;
const ORDERS_A_DAY = 288;

test("what a shard remembers of orders stays level over months of finished ones, and no open one is forgotten", () => {
  const memory = new OrderMemory();
  const held = new Set<string>(["held-0"]);
  const sizes: number[] = [];
  let nowMs = Date.UTC(2031, 0, 1);
  const fold = (orderId: string, type: "stock-reserved" | "stock-shipped", units: number) => {
    const command = { type: "reserve", commandId: orderId, sku: "TEE", locationId: "east", atMs: nowMs };
    const what = { holdId: `${orderId}:1`, orderId, lineId: "1", reserved: units, picked: -units };
    memory.fold(change({ ...command, cause: orderId } as unknown as StockCommand, type, what), nowMs);
    memory.forget(
      nowMs,
      2,
      (hold) => held.has(hold.holdId.slice(0, -2)),
      () => false,
    );
  };
  fold("held-0", "stock-reserved", 1);
  for (let day = 0; day < 60; day += 1) {
    for (let nth = 0; nth < ORDERS_A_DAY; nth += 1) {
      nowMs += 5 * MINUTE;
      fold(`order-${day}-${nth}`, "stock-reserved", 1);
      fold(`order-${day}-${nth}`, "stock-shipped", 1);
    }
    sizes.push(memory.toWire().length);
  }
  const window = COMMAND_WINDOW_MS / (5 * MINUTE);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(window + 3);
  expect(sizes.slice(2)).toEqual(sizes.slice(2).map(() => sizes[2]));
  expect(memory.holdsOf("held-0")).toHaveLength(1);
  expect(memory.holdsOf("order-0-0")).toBeNull();
});
