/** What a client reads, over real connections. */
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { CALLER_WORK, MAX_BODY_BYTES } from "../../config/limits.ts";
import type { HttpReply } from "../wire/http-message.ts";
import { startHttpServer } from "./http-server.ts";

const REPLIES: Readonly<Record<string, HttpReply>> = {
  "/text": { status: 200, body: "Grüße" },
  "/bytes": { status: 200, body: Buffer.alloc(70_000, "a") },
  "/refused": { status: 405, body: "not so" },
  "/empty": { status: 200 },
  "/gone": { status: 204 },
  "/same": { status: 304 },
};

/** Sends requests to a new server, one after the other over one connection. */
async function startServer() {
  const server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    logger: pino({ level: "silent" }),
    handler: async ({ path }) => REPLIES[path] ?? { status: 404, body: "nothing here" },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(async () => {
    agent.destroy();
    await server.stop();
  });
  return async (method: string, path: string) => {
    const sent = request({ port: server.port, host: "127.0.0.1", agent, method, path }).end();
    const [reply] = (await once(sent, "response")) as [IncomingMessage];
    let body = "";
    for await (const chunk of reply) body += String(chunk);
    return {
      status: reply.statusCode,
      length: reply.headers["content-length"],
      body,
      reused: sent.reusedSocket,
    };
  };
}

test("a reply without a body leaves its connection open for the next request", async () => {
  const send = await startServer();
  const first = await send("GET", "/text");
  expect(first).toEqual({ status: 200, length: "7", body: "Grüße", reused: false });
  for (const [method, path] of [
    ["HEAD", "/text"],
    ["HEAD", "/bytes"],
    ["HEAD", "/refused"],
    ["HEAD", "/empty"],
    ["HEAD", "/same"],
    ["GET", "/gone"],
    ["GET", "/same"],
    ["DELETE", "/gone"],
  ] as const) {
    const reply = await send(method, path);
    expect([method, path, reply.body, reply.reused]).toEqual([method, path, "", true]);
    expect((await send("GET", "/text")).reused, `after ${method} ${path}`).toBe(true);
  }
});

test("HEAD tells the length of what GET sends, and 204 and 304 tell none", async () => {
  const send = await startServer();
  for (const path of ["/text", "/bytes", "/refused"]) {
    expect((await send("HEAD", path)).length).toBe((await send("GET", path)).length);
  }
  for (const path of ["/gone", "/same"]) {
    expect((await send("GET", path)).length).toBeUndefined();
  }
});

test("who has announced as much as one key may is told to wait before the next body is there", async () => {
  let finish = (): void => {};
  const worked = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const server = await startHttpServer({
    host: "127.0.0.1",
    port: 0,
    logger: pino({ level: "silent" }),
    handler: async () => {
      await worked;
      return { status: 200, body: "done" };
    },
  });
  onTestFinished(() => server.stop());
  const post = (key: string) => {
    const sent = request({
      port: server.port,
      host: "127.0.0.1",
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-length": MAX_BODY_BYTES },
    });
    sent.on("error", () => {});
    onTestFinished(() => {
      sent.destroy();
    });
    return { sent, reply: once(sent, "response") as Promise<[IncomingMessage]> };
  };
  const body = Buffer.alloc(MAX_BODY_BYTES, "a");
  const first = Array.from({ length: CALLER_WORK.bytes / MAX_BODY_BYTES }, () => post("one"));
  for (const { sent } of first) await new Promise((resolve) => sent.write(body, resolve));

  const tooMany = post("one");
  tooMany.sent.flushHeaders();
  const [refusal] = await tooMany.reply;
  expect(refusal.statusCode).toBe(429);
  expect(JSON.parse(String((await refusal.toArray())[0]))).toMatchObject({ code: "caller_busy" });

  const other = post("other");
  other.sent.end(body);
  finish();
  expect((await other.reply)[0].statusCode).toBe(200);
  for (const { sent, reply } of first) {
    sent.end();
    expect((await reply)[0].statusCode).toBe(200);
  }
});
