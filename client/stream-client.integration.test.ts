import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { FeedEvent } from "../contract/stream.ts";
import { type FaultyProxy, faultsBySeed, startFaultyProxy } from "../test-support/faulty-proxy.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { browserSocket, type WebSocketClass } from "./browser-socket.ts";
import { type StreamClient as Client, connect, cursorFile, type Feed, StreamError } from "./index.ts";
import { StreamClient } from "./stream-client.ts";

let world: GatewayWorld;
let proxy: FaultyProxy;
const open: Client[] = [];

beforeAll(async () => {
  world = await startGatewayWorld();
  proxy = await startFaultyProxy(world.url);
});
afterAll(async () => {
  await proxy.close();
  await world.close();
});
beforeEach(async () => {
  for (const client of open.splice(0)) await client.close();
  proxy.setFaults(() => "pass");
  proxy.open();
});

const client = async (options: Partial<Parameters<typeof connect>[0]> = {}) => {
  const made = await connect({
    url: proxy.url,
    key: world.adminKey,
    firstPatienceMs: 10_000,
    mostWaitMs: 400,
    ...options,
  });
  open.push(made);
  return made;
};

const capture = (id: string) =>
  ({ type: "order.capture", channel: "web", payload: JSON.stringify(canonicalOrder(id)) }) as const;
const receive = (commandId: string, sku = "HOT-1") =>
  ({
    type: "stock.execute",
    commands: [
      { type: "receive", commandId, atMs: 0, cause: "delivery", sku, locationId: "east", quantity: 1 },
    ],
  }) as const;
const onHand = async (sku: string) => (await world.engine.client.positions([sku]))[0]?.onHand ?? 0;

/** Reads until `wanted` entries have come that `of` accepts. */
async function read(feed: Feed<FeedEvent>, wanted: number, of: (event: FeedEvent) => boolean) {
  const seen: FeedEvent[] = [];
  for await (const batch of feed) {
    seen.push(...batch.entries.filter(of));
    await batch.acknowledge();
    if (seen.length >= wanted) break;
  }
  return seen;
}

describe.each(["json", "msgpack"] as const)("in %s", (encoding) => {
  test("requests are answered by their replies, refusals are thrown with code and hint", async () => {
    const stream = await client({ encoding, url: world.url });
    const [captured, again, pong, available] = await Promise.all([
      stream.request(capture(`plain-${encoding}`)),
      stream.request({ type: "stock.positions", skus: ["MUG-1"] }),
      stream.request({ type: "ping" }),
      stream.request({ type: "stock.available", skus: ["NONE"] }),
    ]);
    expect(captured.results).toMatchObject([{ outcome: "accepted", order: `web-plain-${encoding}` }]);
    expect(again.positions).toMatchObject([{ sku: "MUG-1" }]);
    expect([pong.type, available.available]).toEqual(["pong", [null]]);
    const refused = await stream
      .request({
        type: "order.change",
        order: "none",
        key: "k",
        change: { edits: [{ kind: "note", note: "x" }] },
      })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StreamError);
    expect(refused).toMatchObject({
      code: "order_not_found",
      outcomeUnknown: false,
      detail: expect.any(String),
      hint: expect.any(String),
    });
    expect(stream.pending).toBe(0);
  });

  test.each([11, 12, 13])(
    "with faults of seed %i each order and command happens once, each event comes once",
    async (seed) => {
      const name = `${encoding}-${seed}`;
      const stream = await client({ encoding });
      const feed = await stream.orderEvents({ after: null });
      const before = await onHand("HOT-1");
      proxy.setFaults(faultsBySeed(seed, 0.12));
      const orders = Array.from({ length: 60 }, (_, at) => `${name}-${at}`);
      const isCaptured = ({ type, orderId }: FeedEvent) =>
        type === "order.captured" && orderId.startsWith(`web-${name}-`);
      const reading = read(feed, orders.length, isCaptured);
      const replies: string[] = [];
      const work = async (from: number) => {
        for (let at = from; at < orders.length; at += 6) {
          const [order, stock] = await Promise.all([
            stream.request(capture(orders[at] ?? "")),
            stream.request(receive(`${name}-${at}`)),
          ]);
          replies.push(order.results[0]?.order ?? "", stock.outcomes[0]?.status ?? "");
        }
      };
      await Promise.all(Array.from({ length: 6 }, (_, from) => work(from)));
      const seen = await reading;
      proxy.setFaults(() => "pass");
      expect(proxy.done.lose + proxy.done.cut + proxy.done.truncate).toBeGreaterThan(3);
      expect(replies.filter((reply) => reply === "applied")).toHaveLength(orders.length);
      expect(seen.map(({ orderId }) => orderId).sort()).toEqual(orders.map((id) => `web-${id}`).sort());
      const { rows } = await world.database.query<{ orders: number; events: number }>(
        `select (select count(*)::int from orders where id like $1) as orders,
              (select count(*)::int from order_event where order_id like $1 and type = 'order.captured') as events`,
        [`web-${name}-%`],
      );
      expect(rows).toEqual([{ orders: orders.length, events: orders.length }]);
      expect(await onHand("HOT-1")).toBe(before + orders.length);
    },
  );
});

test("reservations of a lane are made once over connections that break, under new handles", async () => {
  const stream = await client({ encoding: "msgpack" });
  const lane = stream.lane("faulty", [
    { sku: "MUG-1", locationId: "east" },
    { sku: "NONE", locationId: "east" },
  ]);
  const reservedBefore = (await world.engine.client.positions(["MUG-1"]))[0]?.reserved ?? 0;
  proxy.setFaults(faultsBySeed(5, 0.15));
  for (let number = 1; number <= 40; number += 2) {
    const codes = await lane.apply(
      [number, number + 1].map((each) => ({
        kind: "reserve",
        number: each,
        position: 0,
        quantity: 1,
        expiresInMs: 0,
      })),
    );
    expect(codes).toEqual(["applied", "applied"]);
  }
  expect(await lane.apply([{ kind: "release", number: 7, position: 0 }])).toEqual(["applied"]);
  const missing = lane.apply([{ kind: "release", number: 7, position: 1 }]);
  await expect(missing).rejects.toMatchObject({ code: "unknown_position" });
  const [position] = await world.engine.client.positions(["MUG-1"]);
  expect(position?.reserved).toBe(reservedBefore + 39);
});

test("a reader that starts anew goes on after what it has acknowledged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-cursor-"));
  const store = cursorFile(join(folder, "orders"));
  const ofThis = ({ type, orderId }: FeedEvent) =>
    type === "order.captured" && orderId.startsWith("web-anew-");
  const first = await client();
  const feed = await first.orderEvents({ after: null, store });
  await first.request(capture("anew-1"));
  expect(await read(feed, 1, ofThis)).toHaveLength(1);
  // What came and was not acknowledged comes again.
  const unfinished = await first.orderEvents({ after: null, store });
  await first.request(capture("anew-2"));
  for await (const batch of unfinished) if (batch.entries.some(ofThis)) break;
  await first.close();
  await (await client()).request(capture("anew-3"));
  const second = await client();
  const seen = await read(await second.orderEvents({ after: null, store }), 2, ofThis);
  expect(seen.map(({ orderId }) => orderId)).toEqual(["web-anew-2", "web-anew-3"]);
  rmSync(folder, { recursive: true });
});

test("a reader that is slow has a bounded number of entries before it, and gets all of them", async () => {
  const stream = await client();
  const feed = await stream.orderEvents({ after: null, mostEntries: 40 });
  await stream.request(capture("slow"));
  for (let part = 0; part < 20; part += 1) {
    await world.database.query(
      `insert into order_event (order_id, key, type, summary, cause)
       select 'web-slow', 'slow:' || n, 'test.slow', 'x', 'test' from generate_series($1::int, $2::int) n`,
      [part * 20, part * 20 + 19],
    );
  }
  const keys: string[] = [];
  let most = 0;
  for await (const { entries } of feed) {
    most = Math.max(most, entries.length);
    keys.push(...entries.filter(({ type }) => type === "test.slow").map(({ key }) => key));
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (keys.length >= 400) break;
  }
  expect(keys).toEqual(Array.from({ length: 400 }, (_, at) => `slow:${at}`));
});

test("more than the server grants and more than may wait: the source is read no faster than replies come", async () => {
  const stream = await client({ url: world.url, mostWaiting: 50 });
  let read = 0;
  let answered = 0;
  let most = 0;
  const source = function* () {
    for (let at = 0; at < 6_000; at += 1) {
      read += 1;
      most = Math.max(most, read - answered);
      yield receive(`all-${at}`, "TEE-1");
    }
  };
  for await (const reply of stream.requestAll(source(), 500)) {
    answered += 1;
    expect(reply.outcomes[0]?.status).toBe("applied");
  }
  expect(answered).toBe(6_000);
  expect(most).toBeLessThanOrEqual(501);
  // Whoever does not wait is refused, and nothing of it is sent.
  const flood = await Promise.allSettled(Array.from({ length: 200 }, () => stream.request({ type: "ping" })));
  const refused = flood.filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(150);
  expect(refused[0]).toMatchObject({ reason: { code: "too_many_waiting", outcomeUnknown: false } });
});

test("a key that is wrong or disabled ends the stream, and is told by its code", async () => {
  const made = await world.call("POST", "/v1/keys", {
    json: { name: "to be disabled", scopes: ["orders:read", "orders:write"] },
    headers: { "idempotency-key": "to-be-disabled" },
  });
  expect(made.text).toContain('"secret":"hf_');
  await expect(client({ key: `${made.json.secret}x` })).rejects.toMatchObject({ code: "unauthenticated" });
  await expect(client({ key: "nonsense" })).rejects.toMatchObject({ code: "unauthenticated" });
  await expect(client({ url: "http://127.0.0.1:9", firstPatienceMs: 0 })).rejects.toMatchObject({
    code: "unreachable",
  });
  const stream = await client({ key: made.json.secret });
  const feed = await stream.orderEvents({ after: null });
  // Waited for from the start: it may end before the answer is here.
  const ended = expect(read(feed, 1, () => true)).rejects.toMatchObject({ code: "credential_ended" });
  await world.call("POST", `/v1/keys/${made.json.key.id}/disable`, {
    json: {},
    headers: { "idempotency-key": "disable" },
  });
  await ended;
  await expect(stream.request({ type: "ping" })).rejects.toMatchObject({ code: "credential_ended" });
});

test("while the server is away requests wait, and one that is given up says whether it may be done", async () => {
  const stream = await client();
  await stream.request({ type: "ping" });
  proxy.shut();
  await expect.poll(() => stream.connected).toBe(false);
  const waiting = stream.request(capture("away"));
  const aborted = stream.request(capture("never"), { signal: AbortSignal.timeout(50) });
  await expect(aborted).rejects.toMatchObject({ code: "aborted", outcomeUnknown: false });
  proxy.open();
  expect((await waiting).results[0]?.outcome).toBe("accepted");
  expect(await world.call("GET", "/v1/orders/web-never")).toMatchObject({ status: 404 });
  // A reply that never comes.
  proxy.setFaults((direction) => (direction === "down" ? "lose" : "pass"));
  const lost = stream.request(capture("lost-reply"), { signal: AbortSignal.timeout(300) });
  await expect(lost).rejects.toMatchObject({ code: "aborted", outcomeUnknown: true });
  proxy.setFaults(() => "pass");
  expect((await stream.request(capture("lost-reply"))).results[0]?.order).toBe("web-lost-reply");
});

test("a connection that has gone silent is given up and another taken", async () => {
  const stream = await client({ silenceMs: 200 });
  await stream.request({ type: "ping" });
  proxy.hang();
  expect((await stream.request(capture("silent"))).results[0]?.order).toBe("web-silent");
});

test("a message that no frame can hold is refused before it is sent; the others go on", async () => {
  const stream = await client();
  const large = { ...capture("large"), payload: JSON.stringify({ x: "x".repeat(1024 * 1024) }) };
  const [refused, pong] = await Promise.allSettled([stream.request(large), stream.request({ type: "ping" })]);
  expect(refused).toMatchObject({ reason: { code: "frame_too_large" } });
  expect(pong.status).toBe("fulfilled");
});

test("closing ends feeds, and rejects what has no answer", async () => {
  const stream = await client();
  const feed = await stream.orderEvents({ after: null });
  await expect(stream.orderEvents({ after: null })).rejects.toMatchObject({ code: "feed_open" });
  const reading = read(feed, 1, () => false);
  proxy.setFaults(() => "delay");
  const request = stream.request(capture("closing"));
  await new Promise((resolve) => setImmediate(resolve));
  const rejected = expect(request).rejects.toMatchObject({ code: "stream_closed", outcomeUnknown: true });
  await stream.close();
  await rejected;
  expect(await reading).toEqual([]);
  await expect(stream.request({ type: "ping" })).rejects.toMatchObject({ code: "stream_closed" });
});

test("the WebSocket of browsers offers the key as a subprotocol", async () => {
  const stream = await StreamClient.connect(
    { url: world.url, key: world.adminKey, encoding: "msgpack" },
    browserSocket(WebSocket as unknown as WebSocketClass),
  );
  open.push(stream);
  expect((await stream.request(capture("browser"))).results[0]?.outcome).toBe("accepted");
  // Of the right form: a browser is not told how a handshake was refused.
  const wrongKey = world.adminKey.replace(/.$/, (last) => (last === "a" ? "b" : "a"));
  const wrong = StreamClient.connect(
    { url: world.url, key: wrongKey },
    browserSocket(WebSocket as unknown as WebSocketClass),
  );
  await expect(wrong).rejects.toMatchObject({ code: "unauthenticated" });
});
