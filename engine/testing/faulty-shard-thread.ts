/**
 * A shard thread for tests of supervision: the real one, except that a command whose cause is `fault:…` makes
 * a fault happen before it is applied.
 *
 * - `fault:throw`: its shard breaks.
 * - `fault:crash`: an error that nobody catches ends the thread.
 * - `fault:memory`: the thread takes memory until it has no more.
 * - `fault:hang`: the thread is busy for ever.
 */

import { Shard } from "../shard/shard.ts";
import { BlockingMailbox } from "../threads/mailbox.ts";

const hoard: unknown[] = [];

const faults: Readonly<Record<string, () => void>> = {
  "fault:throw": () => {
    throw new Error("an invariant is broken");
  },
  "fault:crash": () => {
    BlockingMailbox.prototype.send = () => {
      throw new Error("nobody catches this");
    };
  },
  "fault:memory": () => {
    for (;;) hoard.push(new Array(500_000).fill(hoard.length + 0.5));
  },
  "fault:hang": () => {
    for (;;) hoard.length = 0;
  },
};

const { run } = Shard.prototype;
Shard.prototype.run = function (request) {
  for (const command of request.commands) faults[command.cause]?.();
  return run.call(this, request);
};

await import("../threads/shard-thread.ts");
