/** One round of the measurements within one process; prints their result as JSON. */

import { measureCore, measurePromiseMailbox } from "./core.ts";
import { measureMailbox } from "./mailbox-benchmark.ts";
import type { InProcessResult } from "./result.ts";

const milliseconds = Number(process.argv[2]);
const corePerSecond = measureCore(milliseconds);
const promiseMailboxPerSecond = await measurePromiseMailbox(milliseconds);
const mailbox = await measureMailbox({ seconds: milliseconds / 1_000, rounds: 1 });
const result: InProcessResult = {
  corePerSecond,
  promiseMailboxPerSecond,
  ringPerSecond: mailbox.ringPerSecond,
  postMessagePerSecond: mailbox.postMessagePerSecond,
  piscinaPerSecond: mailbox.piscinaRunPerSecond,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
