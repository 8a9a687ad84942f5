import { describe, expect, test } from "vitest";
import { CODECS } from "./encoding.ts";
import { Outbox } from "./outbox.ts";
import type { Reply } from "./requests.ts";
import type { StreamError } from "./stream-error.ts";

const HELLO = {
  type: "hello",
  server: "holdfast",
  protocol: 1,
  credit: 3,
  creditBytes: 200_000,
  maxFrameBytes: 100_000,
} as const;

type Sent = { readonly id: string; readonly payload: string };

function start(options: { readonly mostWaiting?: number } = {}) {
  const frames: Sent[][] = [];
  const ends: string[] = [];
  const outbox = new Outbox({
    codec: CODECS.json,
    mostWaiting: options.mostWaiting ?? 100,
    mostWaitingBytes: 1_000_000,
    send: (frame) => {
      const read: Sent | Sent[] = JSON.parse(String(frame));
      frames.push(Array.isArray(read) ? read : [read]);
    },
  });
  return {
    outbox,
    frames,
    ends,
    /** Messages that were sent, over all frames. */
    sent: () => frames.flat().map(({ payload }) => payload.trim()),
    ask: (
      name: string,
      more: { readonly bound?: number; readonly bytes?: number; readonly patienceMs?: number } = {},
    ) =>
      outbox.add({
        message: { type: "order.capture", channel: "web", payload: name.padEnd(more.bytes ?? 0) },
        bound: more.bound ?? null,
        patienceMs: more.patienceMs ?? 60_000,
        done: (reply: Reply) => ends.push(`${name}: ${reply.type}`),
        failed: ({ code, outcomeUnknown }: StreamError) =>
          ends.push(`${name}: ${code}${outcomeUnknown ? "?" : ""}`),
      }),
    answer: (name: string) => {
      const message = frames.flat().findLast(({ payload }) => payload.trim() === name);
      outbox.answered({ re: message?.id ?? "", type: "order.captured", results: [] });
    },
    refuse: (name: string, code: string, retryAfterMs?: number) => {
      const message = frames.flat().findLast(({ payload }) => payload.trim() === name);
      const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
      outbox.answered({ re: message?.id ?? "", type: "error", code, detail: "x", ...wait });
    },
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("credit", () => {
  test("no more messages are unanswered than granted, and each reply lets the next go", async () => {
    const { outbox, ask, sent, answer, ends } = start();
    for (const name of ["a", "b", "c", "d", "e"]) ask(name);
    outbox.opened(1, HELLO);
    expect(sent()).toEqual(["a", "b", "c"]);
    answer("b");
    await turn();
    expect(sent()).toEqual(["a", "b", "c", "d"]);
    expect(ends).toEqual(["b: order.captured"]);
    expect(outbox.pending).toBe(4);
  });

  test("no more bytes are unanswered than granted; frames stay below their limit", async () => {
    const { outbox, ask, frames, sent, answer } = start();
    for (const name of ["a", "b", "c"]) ask(name, { bytes: 60_000 });
    outbox.opened(1, HELLO);
    expect(frames.map((frame) => frame.length)).toEqual([1, 1]);
    expect(sent()).toEqual(["a", "b"]);
    answer("a");
    await turn();
    expect(sent()).toEqual(["a", "b", "c"]);
  });

  test("a message that is larger than a frame ends by itself", () => {
    const { outbox, ask, sent, ends } = start();
    ask("large", { bytes: 100_000 });
    ask("small");
    outbox.opened(1, HELLO);
    expect(ends).toEqual(["large: frame_too_large"]);
    expect(sent()).toEqual(["small"]);
  });
});

describe("a connection that is lost", () => {
  test("what was not answered goes first over the next, under the same id; what was answered does not", () => {
    const { outbox, ask, sent, answer, frames, ends } = start();
    for (const name of ["a", "b", "c", "d"]) ask(name);
    outbox.opened(1, HELLO);
    answer("b");
    outbox.lost();
    outbox.opened(2, HELLO);
    expect(sent()).toEqual(["a", "b", "c", "a", "c", "d"]);
    const ids = frames.flat().map(({ id }) => id);
    expect(ids).toEqual(["1", "2", "3", "1", "3", "4"]);
    // The reply to the first sending, come twice.
    answer("a");
    answer("a");
    expect(ends).toEqual(["b: order.captured", "a: order.captured"]);
  });

  test("what is bound to it ends, and says whether it was sent", () => {
    const { outbox, ask, ends, sent } = start();
    outbox.opened(1, { ...HELLO, credit: 1 });
    ask("free");
    ask("bound", { bound: 1 });
    outbox.lost();
    outbox.opened(2, { ...HELLO, credit: 5 });
    expect(ends).toEqual(["bound: connection_lost"]);
    outbox.lost();
    outbox.opened(3, HELLO);
    ask("sent", { bound: 3 });
    outbox.opened(3, HELLO);
    outbox.lost();
    expect(ends).toEqual(["bound: connection_lost", "sent: connection_lost?"]);
    expect(sent()).toEqual(["free", "free", "sent"]);
  });

  test("a message that no server reads is refused after three connections, the others are not", () => {
    const { outbox, ask, ends } = start();
    const error = { re: null, type: "error", code: "malformed_frame", detail: "x" } as const;
    ask("bad");
    for (const connection of [1, 2, 3]) {
      outbox.opened(connection, HELLO);
      outbox.unreadable(error);
      outbox.lost();
    }
    expect(ends).toEqual(["bad: malformed_frame?"]);
  });
});

describe("a refusal", () => {
  test.each([
    "engine_overloaded",
    "commit_outcome_unknown",
    "shard_unavailable",
    "shard_elsewhere",
    "credit_exceeded",
  ])("%s is answered by the same message again", async (code) => {
    const { outbox, ask, refuse, answer, ends, sent, frames } = start();
    outbox.opened(1, HELLO);
    ask("a");
    await turn();
    refuse("a", code, 5);
    await expect.poll(sent).toEqual(["a", "a"]);
    expect(new Set(frames.flat().map(({ id }) => id)).size).toBe(1);
    answer("a");
    expect(ends).toEqual(["a: order.captured"]);
  });

  test("is the caller's once its patience is over, with what is known of the outcome", async () => {
    const { outbox, ask, refuse, ends } = start();
    outbox.opened(1, HELLO);
    for (const name of ["a", "b", "c"]) ask(name, { patienceMs: 0 });
    await turn();
    refuse("a", "engine_overloaded", 50);
    refuse("b", "commit_outcome_unknown");
    refuse("c", "order_not_found");
    expect(ends).toEqual(["a: engine_overloaded", "b: commit_outcome_unknown?", "c: order_not_found"]);
  });
});

test("more than may wait is refused; room comes when half of it is sent", async () => {
  const { outbox, ask, answer, ends } = start({ mostWaiting: 4 });
  for (const name of ["a", "b", "c", "d", "e"]) ask(name);
  expect(ends).toEqual(["e: too_many_waiting"]);
  let hasRoom = false;
  const room = outbox.room().then(() => {
    hasRoom = true;
  });
  await turn();
  expect(hasRoom).toBe(false);
  outbox.opened(1, { ...HELLO, credit: 1 });
  answer("a");
  await turn();
  answer("b");
  await turn();
  await room;
  expect(hasRoom).toBe(true);
});

test("at the end everything ends once, and nothing begins any more", async () => {
  const { outbox, ask, ends } = start();
  ask("a");
  outbox.opened(1, { ...HELLO, credit: 1 });
  ask("b");
  const { StreamError } = await import("./stream-error.ts");
  outbox.close(new StreamError("stream_closed", "x"));
  ask("c");
  expect(ends).toEqual(["a: stream_closed?", "b: stream_closed", "c: stream_closed"]);
  await outbox.empty();
});
