/**
 * The other thread of `mailbox-benchmark.ts`: reads each command and answers it, by mailbox, message or
 * Piscina.
 */
import { parentPort, workerData } from "node:worker_threads";
import { BlockingMailbox, type MailboxMemory } from "../../../engine/threads/mailbox.ts";

export type BenchmarkThreadData = {
  /** `null`: commands come by `postMessage` or from Piscina. */
  readonly mailbox: MailboxMemory | null;
};

export type BenchmarkCommand = {
  readonly number: number;
  readonly position: number;
  readonly kind: number;
  readonly quantity: number;
};

const APPLIED = 0;
const REFUSED = 1;
const COMMAND_WORDS = 4;
const QUANTITY_WORD = 2;

/** Also Piscina's entry. */
export function run(command: BenchmarkCommand): number {
  return command.quantity > 0 ? APPLIED : REFUSED;
}

function serveMailbox(memory: MailboxMemory): never {
  const mailbox = new BlockingMailbox(memory);
  for (;;) {
    const { id, body } = mailbox.receive();
    const words = new Uint32Array(body.buffer);
    const codes = new Uint8Array(words.length / COMMAND_WORDS);
    for (let index = 0; index < codes.length; index += 1) {
      const quantity = words[index * COMMAND_WORDS + QUANTITY_WORD] ?? 0;
      codes[index] = quantity > 0 ? APPLIED : REFUSED;
    }
    mailbox.send(id, codes);
  }
}

// A thread of Piscina has no such data, and its messages belong to Piscina.
const data = workerData as BenchmarkThreadData | null;
if (data?.mailbox) serveMailbox(data.mailbox);
else if (data?.mailbox === null) {
  parentPort?.on("message", (command: BenchmarkCommand) => parentPort?.postMessage(run(command)));
}
