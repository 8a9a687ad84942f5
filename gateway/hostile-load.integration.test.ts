/**
 * One key sends as much at once as it can, to a server in a process of its own. Others are served as before,
 * and the process stays within its memory.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { createApiKey } from "../store/access/api-keys.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";

const REQUESTS = 80;
const MIB = 1_048_576;
/** What was let in by then is still in work: the rest of it ends with its callers. */
const ATTACK_MS = 10_000;

let store: TestDatabase;
let child: ChildProcess;
let server: { readonly port: number; readonly pid: number; readonly key: string };
let attacker: string;

beforeAll(async () => {
  store = await createTestDatabase({ isUsed: false });
  const { database } = store;
  await database.query("insert into company (id, name, currency) values ('core', 'Core', 'USD')");
  await database.query(
    "insert into channel (id, company_id, name, kind) values ('web', 'core', 'Web', 'holdfast')",
  );
  const scopes = ["orders:write"] as const;
  const key = await createApiKey(database, { companyId: "core", channelId: "web", name: "theirs", scopes });
  attacker = key.clearText;
  child = spawn(process.execPath, [join(projectRoot, "dist", "cli", "system", "core-server-main.js")], {
    env: { ...process.env, DATABASE_URL: store.url },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const [line] = await new Promise<readonly string[]>((resolve, reject) => {
    child.once("exit", () => reject(new Error("the server did not start")));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", (text) => resolve([text]));
  });
  server = JSON.parse(line ?? "");
});
afterAll(async () => {
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
  await store.close();
});

test("80 bodies of 200 KB by one key delay nobody else, and are each answered or told to wait", async () => {
  const numbers = `[${"1,".repeat(99_989)}1]`;
  const bodies = Array.from({ length: REQUESTS }, (_, index) =>
    index % 2 === 0 ? numbers : manyOrders(index),
  );
  // What runs for the first time takes longer: a few of each, and others beside them.
  await p99While(attackWith(bodies.slice(0, 4), ATTACK_MS));
  const calm = await p99While(pause(1_500));
  let replies: readonly Reply[] = [];
  const attack = attackWith(bodies, ATTACK_MS).then((given) => {
    replies = given;
  });
  const besieged = await p99While(attack);

  expect(besieged, `while it is calm: ${calm} ms`).toBeLessThan(Math.max(100, 5 * calm));
  expect(memoryPeak()).toBeLessThan(1_500 * MIB);
  const codes = new Set(replies.map(({ status, code }) => `${status} ${code}`));
  for (const code of codes)
    expect([
      "413 too_many_orders",
      "429 caller_busy",
      "503 gateway_busy",
      "503 engine_overloaded",
      "200 -",
    ]).toContain(code);
  expect(codes).toContain("429 caller_busy");
  for (const { code, retryAfterMs } of replies)
    if (code === "caller_busy") expect(retryAfterMs).toBeGreaterThan(0);
});

test("work ends when its caller has gone", async () => {
  const count = async (): Promise<number> =>
    (await store.database.query<{ n: number }>("select count(*)::integer as n from orders")).rows[0]?.n ?? 0;
  const settled = async (): Promise<number> => {
    for (let before = await count(); ; ) {
      await pause(1_000);
      const now = await count();
      if (now === before) return now;
      before = now;
    }
  };
  const before = await settled();
  const sent = Array.from({ length: 10 }, (_, index) => send(manyOrders(1_000 + index)));
  while ((await count()) === before) await pause(5);
  for (const socket of sent) socket.destroy();

  expect((await settled()) - before).toBeLessThan((10 * ORDERS_OF_A_BODY) / 2);
});

type Reply = { readonly status: number; readonly code: string; readonly retryAfterMs: number };

/** The request with its body, as it goes over the wire. */
function requestOf(body: string): string {
  const head = [
    "POST /v1/orders HTTP/1.1",
    "Host: 127.0.0.1",
    `Authorization: Bearer ${attacker}`,
    "Content-Type: application/json",
    `Idempotency-Key: ${randomUUID()}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    "",
  ];
  return head.join("\r\n") + body;
}

function send(body: string): Socket {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(requestOf(body));
  return socket;
}

/**
 * Sends all of them at once, from a thread of its own: the thread that waits with the others must not be busy
 * with it. What has no answer when the time is over is given up.
 *
 * @returns the answers
 */
function attackWith(bodies: readonly string[], milliseconds: number): Promise<readonly Reply[]> {
  const thread = new Worker(ATTACK, {
    eval: true,
    workerData: { port: server.port, requests: bodies.map(requestOf), milliseconds },
  });
  return new Promise((resolve, reject) => {
    thread.once("error", reject);
    thread.once("message", (texts: readonly string[]) =>
      resolve(
        texts.map((text) => {
          const json = JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4));
          return {
            status: Number(text.slice(9, 12)),
            code: json.code ?? "-",
            retryAfterMs: json.retryAfterMs ?? 0,
          };
        }),
      ),
    );
  });
}

const ATTACK = `
const { connect } = require("node:net");
const { parentPort, workerData: { port, requests, milliseconds } } = require("node:worker_threads");
const answers = [];
const end = () => { parentPort.postMessage(answers); process.exit(); };
setTimeout(end, milliseconds);
for (const request of requests) {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    const [, length] = /content-length: (\\d+)/i.exec(text) ?? [];
    const begin = text.indexOf("\\r\\n\\r\\n") + 4;
    if (begin < 4 || length === undefined || text.length - begin < Number(length)) return;
    answers.push(text);
    socket.destroy();
    if (answers.length === requests.length) end();
  });
  socket.write(request);
}`;

const ORDERS_OF_A_BODY = 400;

/** Orders that can be read, of goods that nobody knows: captured on hold. */
function manyOrders(number: number): string {
  const orders = Array.from({ length: ORDERS_OF_A_BODY }, (_, index) => ({
    ...SAMPLE,
    id: `h-${number}-${index}`,
  }));
  const text = JSON.stringify(orders);
  expect(text.length).toBeLessThan(256 * 1024);
  return text;
}

const SAMPLE = (() => {
  const sample = JSON.parse(
    readFileSync(join(projectRoot, "integrations/channels/holdfast/samples/order.json"), "utf8"),
  );
  return sample;
})();

/** How long others wait for a page of orders, in milliseconds, while something goes on. */
async function p99While(work: Promise<unknown>): Promise<number> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  const times: number[] = [];
  const asked: Promise<void>[] = [];
  while (!isOver || asked.length < 50) {
    const began = performance.now();
    asked.push(
      fetch(`http://127.0.0.1:${server.port}/v1/orders?limit=10`, {
        headers: { authorization: `Bearer ${server.key}` },
      }).then(async (response) => {
        expect(response.status, await response.text()).toBe(200);
        times.push(performance.now() - began);
      }),
    );
    await pause(20);
  }
  await Promise.all([over, ...asked]);
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? 0;
}

/** Bytes that the server's process has had in memory at most. */
function memoryPeak(): number {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
}
