import { expect, test, vi } from "vitest";
import { EngineError } from "../../engine/errors.ts";
import { carryOutAtHome } from "./carry-out.ts";

const moved = new EngineError("shard_elsewhere", "it is another's now");

test("what is at home elsewhere is asked for there, for as long as whoever asks waits", async () => {
  const there = vi.fn(async (_withinMs: number) => "there");
  expect(await carryOutAtHome({ isHere: () => false, here: async () => "here", there }, 1_000)).toBe("there");
  expect(there.mock.calls[0]?.[0]).toBeGreaterThan(900);
});

test("a home that moves meanwhile is followed, with the time that is left", async () => {
  const there = vi.fn(async (_withinMs: number) => "there");
  const here = async (): Promise<string> => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    throw moved;
  };
  expect(await carryOutAtHome({ isHere: () => true, here, there }, 1_000)).toBe("there");
  expect(there.mock.calls[0]?.[0]).toBeLessThan(980);
});

test("nothing is begun at the new home once its caller was told that nobody knows", async () => {
  const there = vi.fn(async () => "there");
  const here = async (): Promise<string> => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    throw moved;
  };
  await expect(carryOutAtHome({ isHere: () => true, here, there }, 20)).rejects.toBe(moved);
  expect(there).not.toHaveBeenCalled();
});

test("another fault is its caller's", async () => {
  const fault = new Error("no");
  const there = vi.fn(async () => "there");
  const here = (): Promise<string> => Promise.reject(fault);
  await expect(carryOutAtHome({ isHere: () => true, here, there })).rejects.toBe(fault);
  expect(there).not.toHaveBeenCalled();
});
