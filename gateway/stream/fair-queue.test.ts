import { expect, test } from "vitest";
import { FairQueue } from "./fair-queue.ts";

/** Tasks that end when they are told to. */
function tasks() {
  const started: string[] = [];
  const finish = new Map<string, () => void>();
  const task = (name: string) => () => {
    started.push(name);
    return new Promise<void>((resolve) => finish.set(name, resolve));
  };
  const end = async (name: string) => {
    finish.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { started, task, end };
}

test("a sender that sends much does not make another wait behind all of it", async () => {
  const { started, task, end } = tasks();
  const queue = new FairQueue({ running: 2, perSender: 2 });
  for (let at = 0; at < 100; at += 1) queue.add("loud", task(`loud ${at}`));
  queue.add("quiet", task("quiet 0"));
  expect(started).toEqual(["loud 0", "loud 1"]);
  await end("loud 0");
  expect(started).toContain("quiet 0");
});

test("senders take turns, and tasks of one sender start in order", async () => {
  const { started, task, end } = tasks();
  const queue = new FairQueue({ running: 1, perSender: 1 });
  for (const sender of ["a", "b", "c"]) {
    for (let at = 0; at < 2; at += 1) queue.add(sender, task(`${sender}${at}`));
  }
  for (const name of ["a0", "b0", "c0", "a1", "b1", "c1"]) {
    expect(started.at(-1)).toBe(name);
    await end(name);
  }
});

test("one sender never runs more than its share, while the others use the rest", async () => {
  const { started, task } = tasks();
  const queue = new FairQueue({ running: 10, perSender: 3 });
  for (let at = 0; at < 10; at += 1) queue.add("a", task(`a${at}`));
  for (let at = 0; at < 10; at += 1) queue.add("b", task(`b${at}`));
  expect(started).toEqual(["a0", "a1", "a2", "b0", "b1", "b2"]);
});

test("the queue is idle once nothing runs and nothing waits", async () => {
  const { task, end } = tasks();
  const queue = new FairQueue({ running: 1, perSender: 1 });
  await queue.whenIdle();
  queue.add("a", task("a0"));
  queue.add("a", task("a1"));
  let idle = false;
  const waiting = queue.whenIdle().then(() => {
    idle = true;
  });
  await end("a0");
  expect(idle).toBe(false);
  await end("a1");
  await waiting;
});
