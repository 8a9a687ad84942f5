import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSimulatedClock } from "./simulated-clock.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("a timer runs after its time divided by the speed", () => {
  const clock = createSimulatedClock();
  clock.setSpeed(20);
  const action = vi.fn();
  clock.after(10_000, action);
  vi.advanceTimersByTime(499);
  expect(action).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2);
  expect(action).toHaveBeenCalledOnce();
});

it("a change of speed counts for what is left of a running timer", () => {
  const clock = createSimulatedClock();
  const action = vi.fn();
  clock.after(10_000, action);
  vi.advanceTimersByTime(5_000);
  clock.setSpeed(10);
  vi.advanceTimersByTime(498);
  expect(action).not.toHaveBeenCalled();
  vi.advanceTimersByTime(4);
  expect(action).toHaveBeenCalledOnce();
  clock.setSpeed(0.5);
  const slow = vi.fn();
  clock.after(1_000, slow);
  vi.advanceTimersByTime(1_990);
  expect(slow).not.toHaveBeenCalled();
  vi.advanceTimersByTime(12);
  expect(slow).toHaveBeenCalledOnce();
});

it("neither a cancelled timer nor any timer of a stopped clock runs", () => {
  const clock = createSimulatedClock();
  const action = vi.fn();
  clock.after(1_000, action)();
  clock.after(1_000, action);
  clock.stop();
  clock.after(1_000, action);
  vi.advanceTimersByTime(10_000);
  expect(action).not.toHaveBeenCalled();
});
