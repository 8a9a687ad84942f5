import { expect, test } from "vitest";
import { keptReadiness, READINESS_KEPT_MS } from "./readiness.ts";
import type { DependencyState } from "./route.ts";

const READY: readonly DependencyState[] = [{ name: "postgresql", ready: true }];

test("however many ask, the dependencies are looked at once a second, and once at a time", async () => {
  let now = 0;
  let looks = 0;
  let finish: (() => void) | undefined;
  const readiness = keptReadiness(
    () =>
      new Promise((resolve) => {
        looks += 1;
        finish = () => resolve(READY);
      }),
    () => now,
  );
  const asked = [readiness(), readiness()];
  // A look that takes long is not started again beside itself.
  now = 5 * READINESS_KEPT_MS;
  asked.push(readiness());
  expect(looks).toBe(1);
  finish?.();
  expect(await Promise.all(asked)).toEqual([READY, READY, READY]);

  now += READINESS_KEPT_MS - 1;
  expect(await readiness()).toEqual(READY);
  expect(looks).toBe(1);
  now += 1;
  void readiness();
  expect(looks).toBe(2);
});

test("a look that throws is not kept", async () => {
  let looks = 0;
  const readiness = keptReadiness(
    async () => {
      looks += 1;
      if (looks === 1) throw new Error("defect");
      return READY;
    },
    () => 0,
  );
  await expect(readiness()).rejects.toThrow("defect");
  expect(await readiness()).toEqual(READY);
});
