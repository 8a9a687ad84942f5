import { expect, test } from "vitest";
import { StartTurns } from "./start-turns.ts";

const starts = (channelId: string, count: number) =>
  Array.from({ length: count }, (_, number) => ({ channelId, number }));
const flood = starts("flood", 50);
const quiet = starts("quiet", 1);

function world({ isLate = false, inHand = 10 } = {}) {
  const state = { isLate, inHand, nowMs: 0 };
  const turns = new StartTurns({ thread: state, inHand: () => state.inHand, now: () => state.nowMs });
  return { state, turns };
}

test("a channel that sends now and then begins at once, however many of another wait, and however late it is", () => {
  for (const isLate of [false, true]) {
    const { state, turns } = world({ isLate });
    turns.choose(flood);
    for (let order = 0; order < 10; order += 1) {
      state.nowMs += 1_000;
      expect(turns.choose([...flood, ...quiet])).toContainEqual(quiet[0]);
    }
  }
});

test("while the thread is late a backlog goes on slowly, and faster where hardly anything is in hand", () => {
  const { state, turns } = world({ isLate: true });
  const inTenSeconds = (): number => {
    let begun = 0;
    for (let look = 0; look < 100; look += 1) {
      begun += turns.choose(flood).length;
      state.nowMs += 100;
    }
    return begun;
  };
  expect(inTenSeconds()).toBe(10);
  state.inHand = 1;
  expect(inTenSeconds()).toBe(50);
  state.isLate = false;
  expect(inTenSeconds()).toBeGreaterThan(200);
});

test("the oldest of each channel is next, and channels with a backlog are begun in turn", () => {
  const { state, turns } = world();
  const due = [...starts("one", 20), ...starts("two", 20)];
  const begun = turns.choose(due);
  expect(begun).toEqual([
    { channelId: "one", number: 0 },
    { channelId: "two", number: 0 },
    { channelId: "one", number: 1 },
    { channelId: "two", number: 1 },
  ]);
  state.nowMs += 25;
  expect(turns.choose(due.filter((each) => !begun.includes(each)))).toEqual([
    { channelId: "one", number: 2 },
    { channelId: "two", number: 2 },
  ]);
});

test("where nobody calls the process, all that is read is begun", () => {
  const turns = new StartTurns({ thread: null, inHand: () => 100 });
  expect(turns.choose([...flood, ...quiet])).toHaveLength(51);
});

test("what was begun is looked at again at once, and what has to wait a moment later", async () => {
  const { turns } = world();
  turns.choose(quiet);
  const at = performance.now();
  await turns.pause();
  turns.choose(flood);
  const between = performance.now();
  await turns.pause();
  expect(performance.now() - between).toBeGreaterThan(between - at);
});
