import { expect, test } from "vitest";
import { CHANNEL_WEBHOOKS_AT_ONCE } from "../../config/limits.ts";
import type { Database } from "../../store/sql/database.ts";
import { inChannelTurn } from "./channel-turns.ts";

const database = {} as Database;

/** Work that ends when it is told to. */
function held() {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const work = (number: number) => () =>
    new Promise<number>((resolve) => {
      begun.push(number);
      ends.push(() => resolve(number));
    });
  return { begun, ends, work };
}

test("a channel that floods waits for itself, in the order in which it came, and for nobody else", async () => {
  const { begun, ends, work } = held();
  const many = CHANNEL_WEBHOOKS_AT_ONCE + 3;
  const flood = Array.from({ length: many }, (_, number) => inChannelTurn(database, "one", work(number)));
  const other = inChannelTurn(database, "two", work(1_000));
  await Promise.resolve();
  const first = Array.from({ length: CHANNEL_WEBHOOKS_AT_ONCE }, (_, number) => number);
  expect(begun).toEqual([...first, 1_000]);
  for (let done = 0; done < many + 1; done += 1) {
    ends[done]?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(begun.filter((number) => number !== 1_000)).toEqual(Array.from({ length: many }, (_, n) => n));
  expect(await Promise.all(flood)).toHaveLength(many);
  expect(await other).toBe(1_000);
});

test("what fails, or has nobody who waits for it, hands its turn on", async () => {
  const { ends, work } = held();
  const gone = AbortSignal.abort(new Error("gone"));
  const first = Array.from({ length: CHANNEL_WEBHOOKS_AT_ONCE }, (_, number) =>
    inChannelTurn(database, "one", work(number)),
  );
  const late = inChannelTurn(database, "one", work(50), gone);
  const failing = inChannelTurn(database, "one", () => Promise.reject(new Error("failed")));
  const last = inChannelTurn(database, "one", async () => "done");
  await Promise.resolve();
  ends[0]?.();
  await expect(late).rejects.toThrow("gone");
  await expect(failing).rejects.toThrow("failed");
  expect(await last).toBe("done");
  for (const end of ends) end();
  await Promise.all(first);
});
