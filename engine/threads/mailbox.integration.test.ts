/** The mailbox between two real threads. What it does within one is in `mailbox.test.ts`. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { measureMailbox } from "../../load-tests/bench/in-process/mailbox-benchmark.ts";
import { AsyncMailbox, createMailbox, type MailboxMemory, type Message } from "./mailbox.ts";

const RING_BYTES = 4096;

/** Answers every message with its own bytes, after a pause that the first of them asks for. */
const ECHO = `
  const { workerData } = require("node:worker_threads");
  import(workerData.file).then(({ BlockingMailbox }) => {
    const mailbox = new BlockingMailbox(workerData.memory);
    const clock = new Int32Array(new SharedArrayBuffer(4));
    for (;;) {
      const { id, body } = mailbox.receive();
      if (body[0] < 8) Atomics.wait(clock, 0, 0, body[0]);
      mailbox.send(id, body);
    }
  });
`;

let memory: MailboxMemory;
let worker: Worker;
let mailbox: AsyncMailbox;
let received: Message[];
let arrived: () => void;

beforeEach(() => {
  memory = createMailbox(RING_BYTES);
  received = [];
  arrived = () => {};
  const file = pathToFileURL(join(projectRoot, "dist", "engine", "threads", "mailbox.js")).href;
  worker = new Worker(ECHO, { eval: true, workerData: { memory, file } });
  mailbox = new AsyncMailbox(memory, (message) => {
    received.push(message);
    arrived();
  });
});

afterEach(async () => {
  mailbox.close();
  await worker.terminate();
});

describe("a mailbox between two threads", () => {
  it("brings every message back once, whole and in order, far larger ones than its rings among them", async () => {
    const size = fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 64 }) },
      { weight: 2, arbitrary: fc.integer({ min: 1, max: RING_BYTES }) },
      { weight: 1, arbitrary: fc.integer({ min: RING_BYTES, max: 20 * RING_BYTES }) },
    );
    const burst = fc.array(fc.record({ size, first: fc.nat(255) }), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(burst, async (messages) => {
        received = [];
        const sent = messages.map((message, index) => {
          const body = new Uint8Array(message.size).map((_, at) => (at * 7 + message.size) & 0xff);
          body[0] = message.first;
          return { id: index + 1, body };
        });
        const all = new Promise<void>((resolve) => {
          arrived = () => {
            if (received.length === sent.length) resolve();
          };
        });
        // All at once: the thread's replies fill its ring while ours is full, and neither may wait for the
        // other for ever.
        for (const { id, body } of sent) mailbox.send(id, body);
        await all;
        expect(received.map((message) => message.id)).toEqual(sent.map((message) => message.id));
        for (const [index, { body }] of received.entries()) {
          expect(Buffer.compare(body, sent[index]?.body ?? Buffer.alloc(0))).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("lets a thread that sleeps on it be ended at once, and delivers nothing of it afterwards", async () => {
    const first = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    mailbox.send(1, Uint8Array.of(1));
    await first;
    mailbox.close();
    const fromMs = performance.now();
    await worker.terminate();
    expect(performance.now() - fromMs).toBeLessThan(1_000);
    expect(received).toHaveLength(1);
  });

  it("carries commands at least twenty times as fast as a message each", async () => {
    const figures = await measureMailbox({ seconds: 0.4, rounds: 3 });
    expect(figures.ringVsPostMessage).toBeGreaterThan(20);
    expect(figures.ringVsPiscina).toBeGreaterThan(20);
  });
});
