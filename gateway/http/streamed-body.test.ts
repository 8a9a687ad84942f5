/** Bodies and replies of any length, over real connections. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { MAX_BODY_BYTES, STREAMED_BYTES_AHEAD } from "../../config/limits.ts";
import type { HttpHandler } from "../wire/http-message.ts";
import { startHttpServer } from "./http-server.ts";

async function serverWith(handler: HttpHandler): Promise<number> {
  const server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    logger: pino({ level: "silent" }),
    handler,
    isStreamed: (method, path) => method === "POST" && path === "/streamed",
  });
  onTestFinished(() => server.stop());
  return server.port;
}

function post(port: number) {
  const sent = request({ port, host: "127.0.0.1", method: "POST", path: "/streamed" });
  sent.on("error", () => {});
  onTestFinished(() => {
    sent.destroy();
  });
  const reply = once(sent, "response") as Promise<[IncomingMessage]>;
  reply.catch(() => {});
  return { sent, reply };
}

const PART = Buffer.alloc(256 * 1024, "a");

test("a body far beyond the usual limit arrives whole, and its sender is held while the handler is slow", async () => {
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  let received = 0;
  const port = await serverWith(async ({ stream, body }) => {
    await begun;
    for await (const part of stream ?? []) received += part.byteLength;
    return { status: 200, body: `${received} ${body.length}` };
  });
  const { sent, reply } = post(port);
  let written = 0;
  const count = 400;
  const writing = (async () => {
    for (; written < count; written += 1) if (!sent.write(PART)) await once(sent, "drain");
    sent.end();
  })();
  // What is on its way lies in the sockets and in what is read ahead; the rest is still the sender's.
  let before = -1;
  while (written !== before) {
    before = written;
    await pause(100);
  }
  expect(written).toBeLessThan(count);
  expect(written * PART.length).toBeGreaterThan(Math.max(MAX_BODY_BYTES, STREAMED_BYTES_AHEAD));
  begin();
  await writing;
  const [answer] = await reply;
  expect(String(Buffer.concat(await answer.toArray()))).toBe(`${count * PART.length} 0`);
});

test("what a handler does not want to read is dropped, and it is answered at once", async () => {
  const port = await serverWith(async () => ({ status: 403, body: "not you" }));
  const { sent, reply } = post(port);
  sent.write(PART);
  const [answer] = await reply;
  expect(answer.statusCode).toBe(403);
  for (let part = 0; part < 20; part += 1) sent.write(PART);
  sent.end();
  expect(String(Buffer.concat(await answer.toArray()))).toBe("not you");
});

test("whoever leaves in the midst of a body is told to its handler, with all that came before", async () => {
  let received = 0;
  let fault: unknown = null;
  const port = await serverWith(async ({ stream }) => {
    try {
      for await (const part of stream ?? []) received += part.byteLength;
    } catch (error) {
      fault = error;
    }
    return { status: 200 };
  });
  const { sent } = post(port);
  await new Promise((resolve) => sent.write(PART, resolve));
  await expect.poll(() => received).toBe(PART.length);
  sent.destroy();
  await expect.poll(() => fault).toMatchObject({ code: "caller_gone" });
});

async function get(port: number) {
  const sent = request({ port, host: "127.0.0.1", path: "/table" }).end();
  sent.on("error", () => {});
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return answer;
}

test("a reply is made no faster than it is read, and arrives whole", async () => {
  let made = 0;
  const count = 400;
  const port = await serverWith(async () => ({
    status: 200,
    stream: (async function* () {
      for (; made < count; made += 1) yield PART;
    })(),
  }));
  const answer = await get(port);
  let before = -1;
  while (made !== before) {
    before = made;
    await pause(100);
  }
  expect(made).toBeLessThan(count);
  let bytes = 0;
  for await (const part of answer) bytes += part.length;
  expect(bytes).toBe(count * PART.length);
});

test("a reply that cannot be made to its end is not taken for a whole one, and lets go what it was made of", async () => {
  let isLetGo = false;
  const port = await serverWith(async () => ({
    status: 200,
    stream: (async function* () {
      try {
        yield "line 1\n";
        await pause(50);
        throw new Error("the cursor broke");
      } finally {
        isLetGo = true;
      }
    })(),
  }));
  const answer = await get(port);
  await expect(answer.toArray()).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(isLetGo).toBe(true);
});

test("whoever leaves in the midst of a reply has its making ended", async () => {
  let isLetGo = false;
  const port = await serverWith(async () => ({
    status: 200,
    stream: (async function* () {
      try {
        while (true) yield PART;
      } finally {
        isLetGo = true;
      }
    })(),
  }));
  const answer = await get(port);
  answer.destroy();
  await expect.poll(() => isLetGo).toBe(true);
});
