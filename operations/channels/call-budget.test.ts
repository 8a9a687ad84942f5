import { expect, test } from "vitest";
import { ServiceFault } from "../../ports/service-fault.ts";
import { CallBudget } from "./call-budget.ts";

const LIMITS = { concurrency: 1, perSecond: 1_000, burst: 1_000, stockBatch: 1 };

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "done",
    (error: unknown) => (error instanceof ServiceFault ? error.code : "another error"),
  );

test("what is under way when it is stopped has its grace, and what waits is told at once", async () => {
  const budget = new CallBudget(LIMITS);
  let answer: () => void = () => {};
  const first = codeOf(budget.call("stock", () => new Promise<void>((resolve) => (answer = resolve))));
  const second = codeOf(budget.call("orders", () => Promise.resolve()));
  const stopping = budget.stop(5_000);
  expect(await second).toBe("stopped");
  answer();
  expect(await first).toBe("done");
  await stopping;
  expect(await codeOf(budget.call("orders", () => Promise.resolve()))).toBe("stopped");
});

test("a call that hangs is given up after the grace, and sooner where it is asked for once more", async () => {
  const budget = new CallBudget(LIMITS);
  const hanging = codeOf(budget.call("stock", () => new Promise<void>(() => {})));
  const slow = budget.stop(60_000);
  const began = performance.now();
  await budget.stop(50);
  expect(await hanging).toBe("stopped");
  await slow;
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("each kind of work has its turn, however much of another waits", async () => {
  const budget = new CallBudget(LIMITS);
  const done: string[] = [];
  const calls = [
    ...Array.from({ length: 20 }, () =>
      budget.call("changed", async () => {
        done.push("changed");
      }),
    ),
    budget.call("stock", async () => {
      done.push("stock");
    }),
  ];
  await Promise.all(calls);
  expect(done.indexOf("stock")).toBeLessThan(4);
});
