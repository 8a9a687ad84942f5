import { connect } from "node:net";
import { unpack } from "msgpackr";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { CONNECTION_CREDIT } from "../config/limits.ts";
import { type FeedEvent, SUBPROTOCOL_MSGPACK } from "../contract/stream.ts";
import { openDatabase } from "../store/sql/database.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  STAFF_PASSWORD,
  type StreamClient,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});

afterAll(() => world.close());

const capture = (id: string, externalId: string) => ({
  id,
  type: "order.capture",
  channel: "web",
  payload: JSON.stringify(canonicalOrder(externalId)),
});
const eventsOf = (client: StreamClient): FeedEvent[] =>
  client.received.flatMap((message) => (message.type === "feed.events" ? message.events : []));

describe("messages", () => {
  test("the server greets; orders, stock and pings are answered by id, in frames of many", async () => {
    const client = await world.connect();
    const hello = await client.next((message) => message.type === "hello");
    expect(hello).toMatchObject({ protocol: 1, credit: CONNECTION_CREDIT });
    client.send(capture("o1", "ws-1"), capture("o2", "ws-2"), { id: "p", type: "ping" });
    expect((await client.reply("o1")).results).toMatchObject([
      { order: "web-ws-1", outcome: "accepted", channel: "web", promise: { shipBy: expect.any(String) } },
    ]);
    expect((await client.reply("o2")).results[0].order).toBe("web-ws-2");
    client.send(capture("o3", "ws-1"));
    expect((await client.reply("o3")).results[0].outcome).toBe("duplicate");
    client.send({
      id: "s",
      type: "stock.execute",
      commands: ["a", "b"].map((id) => ({
        type: "receive",
        commandId: `ws-${id}`,
        atMs: 0,
        cause: "delivery",
        sku: "MUG-1",
        locationId: "east",
        quantity: 1,
      })),
    });
    expect((await client.reply("s")).outcomes.map((o: { status: string }) => o.status)).toEqual([
      "applied",
      "applied",
    ]);
    client.send({ id: "q", type: "stock.positions", skus: ["MUG-1", "NONE"] });
    expect((await client.reply("q")).positions).toMatchObject([{ sku: "MUG-1", onHand: 100_002 }]);
  });

  test("another change of an order under a key that was used is refused; a repeat is answered as before", async () => {
    const client = await world.connect();
    client.send(capture("o", "ws-changed"));
    const [{ order }] = (await client.reply("o")).results;
    const change = (id: string, note: string) => ({
      id,
      type: "order.change",
      order,
      key: "note-1",
      change: { edits: [{ kind: "note", note }] },
    });
    client.send(change("c1", "Ring twice."));
    const { re: _, ...first } = await client.reply("c1");
    expect(first).toMatchObject({ type: "order.changed", status: "done", revision: 2 });
    client.send(change("c2", "Ring twice."));
    expect(await client.reply("c2")).toEqual({ re: "c2", ...first });
    client.send(change("c3", "Do not ring."));
    expect(await client.reply("c3")).toMatchObject({ type: "error", code: "idempotency_key_reused" });
  });

  test("MessagePack carries the same messages", async () => {
    const client = await world.connect({ subprotocol: SUBPROTOCOL_MSGPACK });
    const { pack } = await import("msgpackr");
    const replies: Record<string, { type: string }> = {};
    const both = new Promise<void>((resolve) => {
      client.socket.on("message", (data: Buffer) => {
        const frame = unpack(data);
        for (const message of Array.isArray(frame) ? frame : [frame]) {
          if (message.re !== undefined) replies[message.re] = message;
        }
        if (replies["p"] !== undefined && replies["o"] !== undefined) resolve();
      });
    });
    client.socket.send(pack([capture("o", "msgpack-1"), { id: "p", type: "ping" }]));
    await both;
    expect(replies).toMatchObject({ o: { type: "order.captured" }, p: { type: "pong" } });
  });

  test("messages beyond the credit are refused, the others all answered, and credit comes back", async () => {
    const client = await world.connect();
    // In one turn of the server: frames that arrive together are read before anything is committed.
    const command = (at: number) => ({
      id: `c${at}`,
      type: "stock.execute",
      commands: [
        {
          type: "receive",
          commandId: `credit-${at}`,
          atMs: 0,
          cause: "delivery",
          sku: "HOT-1",
          locationId: "east",
          quantity: 1,
        },
      ],
    });
    const total = CONNECTION_CREDIT + 1_500;
    for (let from = 0; from < total; from += 500) {
      client.send(...Array.from({ length: Math.min(500, total - from) }, (_, at) => command(from + at)));
    }
    const answered = () => client.received.filter((message) => "re" in message);
    await client.until(() => answered().length === total);
    const refused = answered().filter((message) => message.type === "error");
    expect(refused.every((message) => message.type === "error" && message.code === "credit_exceeded")).toBe(
      true,
    );
    const applied = total - refused.length;
    expect(applied).toBeGreaterThanOrEqual(CONNECTION_CREDIT);
    const [position] = await world.engine.client.positions(["HOT-1"]);
    expect(position?.onHand).toBe(100_000 + applied);
    client.send({ id: "after", type: "ping" });
    expect((await client.reply("after")).type).toBe("pong");
  });
});

describe("the feed", () => {
  test("a subscriber sees what happens from now on, of one order where it asks for one", async () => {
    const all = await world.connect();
    const one = await world.connect();
    all.send({ id: "f", type: "feed.subscribe", after: null });
    one.send({ id: "f", type: "feed.subscribe", after: null, order: "web-feed-2" });
    const { cursor } = await all.reply("f");
    await one.reply("f");
    all.send(capture("1", "feed-1"), capture("2", "feed-2"));
    // A transaction of anybody on the same PostgreSQL holds the
    // feed's horizon back: what happened just before may come too.
    const ordersOf = (client: StreamClient) => new Set(eventsOf(client).map((event) => event.orderId));
    await all.until(() => ["web-feed-1", "web-feed-2"].every((order) => ordersOf(all).has(order)));
    await one.until(() => eventsOf(one).length > 0);
    expect(eventsOf(all).find(({ orderId }) => orderId === "web-feed-1")).toMatchObject({
      type: "order.captured",
      channelId: "web",
      status: "open",
    });
    expect(ordersOf(one)).toEqual(new Set(["web-feed-2"]));

    const late = await world.connect();
    late.send({ id: "f", type: "feed.subscribe", after: cursor });
    await late.until(() => eventsOf(late).length >= eventsOf(all).length);
    expect(eventsOf(late)).toEqual(eventsOf(all));

    all.send({ id: "u", type: "feed.unsubscribe" });
    await all.reply("u");
    const seen = eventsOf(all).length;
    one.send({ id: "f2", type: "feed.subscribe", after: null });
    await one.reply("f2");
    one.send(capture("3", "feed-3"));
    await one.until(() => eventsOf(one).some((event) => event.orderId === "web-feed-3"));
    expect(eventsOf(all)).toHaveLength(seen);
  });

  test("a key that is bound to a channel sees that channel's entries only", async () => {
    const bound = await world.connect({ key: await world.key(["orders:read", "orders:write"], "shopify") });
    const free = await world.connect();
    for (const client of [bound, free]) {
      client.send({ id: "f", type: "feed.subscribe", after: null });
      await client.reply("f");
    }
    free.send(capture("1", "foreign-1"));
    await free.until(() => eventsOf(free).length > 0);
    bound.send({ id: "g", type: "feed.subscribe", after: "0.0" });
    await bound.reply("g");
    bound.send({ id: "p", type: "ping" });
    await bound.reply("p");
    expect(eventsOf(bound)).toEqual([]);
  });

  test("resuming again and again under concurrent writers loses nothing, doubles nothing, keeps order", async () => {
    const writers = openDatabase(world.database.options.connectionString ?? "", { maxConnections: 8 });
    const starting = await world.connect();
    starting.send({ id: "f", type: "feed.subscribe", after: null });
    let { cursor } = (await starting.reply("f")) as { cursor: string };
    starting.socket.terminate();
    await world.call("POST", "/v1/orders", {
      json: canonicalOrder("busy"),
      headers: { "idempotency-key": "busy" },
    });
    const each = 40;
    // Transactions that overlap and commit in another order than they began in.
    const write = async (writer: number) => {
      for (let at = 0; at < each; at += 1) {
        const client = await writers.connect();
        try {
          await client.query("begin");
          await client.query(
            `insert into order_event (order_id, key, type, summary, cause)
             values ('web-busy', $1, 'test.written', 'x', 'test')`,
            [`${writer}:${at}`],
          );
          await client.query("select pg_sleep(random() * 0.02)");
          await client.query("commit");
        } finally {
          client.release();
        }
      }
    };
    let writing = true;
    const written = Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer))).finally(() => {
      writing = false;
    });
    const seen: string[] = [];
    const expected = 8 * each;
    while (seen.length < expected) {
      const client = await world.connect();
      client.send({ id: "f", type: "feed.subscribe", after: cursor, order: "web-busy" });
      await client.reply("f");
      await client.until(() => eventsOf(client).length > 0, 10_000);
      // Cut off without warning, in the middle of whatever is under way.
      client.socket.terminate();
      for (const message of client.received) {
        if (message.type !== "feed.events") continue;
        seen.push(
          ...message.events.filter((event) => event.type === "test.written").map((event) => event.key),
        );
        cursor = message.cursor;
      }
      if (!writing && seen.length > expected) break;
    }
    await written;
    await writers.end();
    expect(seen).toHaveLength(expected);
    expect(new Set(seen).size).toBe(expected);
    const order = await world.database.query<{ key: string }>(
      "select key from order_event where type = 'test.written' order by tx, id",
    );
    expect(seen).toEqual(order.rows.map((row) => row.key));
  });

  test("a reader that pauses lags and holds nobody up; when it reads on it gets every entry once", async () => {
    const slow = await world.connect();
    const watcher = await world.connect();
    for (const client of [slow, watcher]) {
      client.send({ id: "f", type: "feed.subscribe", after: null });
      await client.reply("f");
    }
    slow.socket.pause();
    // Far more than the kernel's buffers and the server's
    // allowance take together, in a few large transactions.
    const rows = 400;
    for (let from = 0; from < rows; from += 100) {
      await world.database.query(
        `insert into order_event (order_id, key, type, summary, cause, data)
         select 'web-ws-1', 'big:' || n, 'test.big', 'x', 'test', jsonb_build_object('text', repeat('x', 60000))
           from generate_series($1::int, $2::int) n`,
        [from, from + 99],
      );
    }
    const bigKeys = (client: StreamClient) =>
      eventsOf(client)
        .filter((event) => event.type === "test.big")
        .map((event) => event.key);
    await watcher.until(() => bigKeys(watcher).length === rows);
    expect(bigKeys(slow).length).toBeLessThan(rows);
    slow.socket.resume();
    await slow.until(() => bigKeys(slow).length === rows, 60_000);
    expect(bigKeys(slow)).toEqual(bigKeys(watcher));
    expect(new Set(bigKeys(slow)).size).toBe(rows);
    expect(slow.closeCode).toBeNull();
  });
});

test("a client that asks on and never reads its replies is cut off, and others are served", async () => {
  const { hostname, port } = new URL(world.url);
  const greedy = connect(Number(port), hostname);
  const closed = new Promise<void>((resolve) => greedy.once("close", () => resolve()));
  greedy.on("error", () => {});
  await new Promise<void>((resolve) => {
    greedy.once("data", () => resolve());
    greedy.write(
      `GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n` +
        `Sec-WebSocket-Protocol: holdfast.v1.json\r\nAuthorization: Bearer ${world.adminKey}\r\n\r\n`,
    );
  });
  greedy.pause();
  const pings = clientFrame(
    JSON.stringify(
      Array.from({ length: 1_000 }, (_, at) => ({ id: `${at}`.padStart(64, "x"), type: "ping" })),
    ),
  );
  const other = await world.connect();
  const cutOff = /holdfast_stream_cut_off_total\{reason="slow_reader",node="[^"]+"\} 1/;
  await expect
    .poll(
      async () => {
        for (let at = 0; at < 20 && greedy.writable; at += 1) greedy.write(pings);
        other.send({ id: "p", type: "ping" });
        await other.reply("p");
        return cutOff.test((await world.call("GET", "/metrics")).text);
      },
      { timeout: 30_000 },
    )
    .toBe(true);
  greedy.resume();
  await closed;
});

describe("a browser's session", () => {
  const signIn = async () => {
    const reply = await world.call("POST", "/v1/sessions", {
      anonymous: true,
      json: { email: "operations@acme.example", password: STAFF_PASSWORD },
    });
    return (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  };
  const connectAs = (cookie: string, origin: string | undefined) =>
    new Promise<WebSocket | number>((resolve) => {
      const socket = new WebSocket(`${world.url.replace("http", "ws")}/v1/stream`, "holdfast.v1.json", {
        headers: { cookie },
        ...(origin === undefined ? {} : { origin }),
      });
      socket.on("open", () => resolve(socket));
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
      socket.on("error", () => {});
    });

  test("reads the stream from our own pages only, and changes nothing by it", async () => {
    const cookie = await signIn();
    expect(await connectAs(cookie, undefined)).toBe(403);
    expect(await connectAs(cookie, "http://evil.example")).toBe(403);
    const socket = await connectAs(cookie, world.url);
    if (typeof socket === "number") throw new Error(`refused with ${socket}`);
    const codes = new Map<string, string>();
    const done = new Promise<void>((resolve) => {
      socket.on("message", (data) => {
        const frame = JSON.parse(String(data));
        for (const message of Array.isArray(frame) ? frame : [frame]) {
          if (message.re) codes.set(message.re, message.code ?? message.type);
        }
        if (codes.size === 3) resolve();
      });
    });
    const before = await world.database.query("select count(*) from orders");
    socket.send(
      JSON.stringify([
        capture("o", "by-cookie"),
        { id: "s", type: "stock.execute", commands: [{ type: "receive" }] },
        { id: "f", type: "feed.subscribe", after: null },
      ]),
    );
    await done;
    expect(Object.fromEntries(codes)).toEqual({ o: "forbidden", s: "forbidden", f: "feed.subscribed" });
    expect((await world.database.query("select count(*) from orders")).rows).toEqual(before.rows);
    socket.terminate();
  });
});

test("a stop answers what is in work, closes connections with 1012 and frees the port", async () => {
  const own = await startGatewayWorld();
  const client = await own.connect();
  await client.next((message) => message.type === "hello");
  client.send(...Array.from({ length: 200 }, (_, at) => capture(`o${at}`, `stop-${at}`)));
  await client.reply("o0");
  const port = own.gateway.port;
  await own.gateway.stop();
  await client.until(() => client.closeCode !== null);
  expect(client.closeCode).toBe(1012);
  const replies = client.received.filter((message) => "re" in message);
  expect(replies).toHaveLength(200);
  const { rows } = await own.database.query<{ n: number }>("select count(*)::int as n from orders");
  expect(rows[0]?.n).toBe(replies.filter((message) => message.type === "order.captured").length);
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  await own.close();
});

/** A masked text frame of 64 KiB or more, as a client has to send it. */
function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(14);
  head[0] = 0x81;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}
