import { expect, it } from "vitest";
import {
  COMMAND_WINDOW_MS,
  COMMAND_WINDOW_SIZE,
  CommandWindow,
  type RememberedCommand,
} from "./command-window.ts";

function entry(id: string, atMs: number, code = 0): RememberedCommand {
  return [id, atMs, 7, code, [5, 1, 0, 0, 0, 2, 4, 1], code === 0 ? "" : "why"];
}

it("returns the first outcome of an id, refuses another body, and knows nothing of other ids", () => {
  const window = new CommandWindow();
  window.add(entry("a", 1));
  window.add(entry("b", 1, 3));
  expect(window.outcomeOf("a", 7)).toEqual({
    status: "applied",
    position: {
      onHand: 5,
      reserved: 1,
      allocated: 0,
      picked: 0,
      unavailable: 0,
      safetyStock: 2,
      incoming: 4,
      fenced: 1,
      availableToPromise: 1,
    },
  });
  expect(window.outcomeOf("b", 7)).toEqual({ status: "refused", code: "insufficient_stock", detail: "why" });
  expect(window.outcomeOf("a", 8)).toMatchObject({ code: "command_id_reused" });
  expect(window.outcomeOf("c", 7)).toBeUndefined();
});

it("forgets the oldest first, by age and by number, while it grows and wraps around", () => {
  const window = new CommandWindow();
  for (let index = 0; index < 1000; index += 1) {
    window.add(entry(`c${index}`, index));
    if (index % 100 === 99) window.advance(COMMAND_WINDOW_MS + index - 50);
  }
  const kept = [...window.entries()].map(([id]) => id);
  expect(kept).toEqual(Array.from({ length: 51 }, (_, index) => `c${949 + index}`));
  for (const id of kept) expect(window.outcomeOf(id, 7)?.status).toBe("applied");
  expect(window.outcomeOf("c948", 7)).toBeUndefined();
  for (let index = 0; index < COMMAND_WINDOW_SIZE + 10; index += 1) window.add(entry(`d${index}`, 1000));
  window.advance(1000);
  expect(window.size).toBe(COMMAND_WINDOW_SIZE);
  expect(window.outcomeOf("d9", 7)).toBeUndefined();
  expect(window.outcomeOf("d10", 7)?.status).toBe("applied");
});

it("keeps every outcome in order where it grows after it has come round to its beginning", () => {
  const window = new CommandWindow();
  for (let index = 0; index < 60; index += 1) window.add(entry(`old${index}`, 0));
  window.advance(COMMAND_WINDOW_MS + 1);
  expect(window.size).toBe(0);
  const expected: RememberedCommand[] = [];
  for (let index = 0; index < 300; index += 1) {
    const remembered: RememberedCommand = [
      `new${index}`,
      index,
      index,
      index % 3,
      Array.from({ length: 8 }, (_, bucket) => 8 * index + bucket),
      index % 3 === 0 ? "" : `why ${index}`,
    ];
    window.add(remembered);
    expected.push(remembered);
  }
  expect([...window.entries()]).toEqual(expected);
  for (const [id, , fingerprint, code, [onHand], detail] of expected) {
    expect(window.outcomeOf(id, fingerprint)).toMatchObject(
      code === 0 ? { status: "applied", position: { onHand } } : { status: "refused", detail },
    );
  }
});
