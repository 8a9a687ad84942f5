import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  LANE_BYTES,
  LANE_CODES,
  LANE_KIND,
  LANE_WORDS,
  MAX_LANE_OPERATIONS,
  writeLaneOperation,
} from "../actors/lanes/lane-operations.ts";
import { SUBPROTOCOL_MSGPACK } from "../contract/stream.ts";
import { explainStock } from "../store/stock/stock-views.ts";
import {
  addProducts,
  type GatewayWorld,
  type StreamClient,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;
let sequence = 0;

beforeAll(async () => {
  world = await startGatewayWorld();
});

afterAll(() => world.close());

const connect = (key?: string): Promise<StreamClient> =>
  world.connect({ subprotocol: SUBPROTOCOL_MSGPACK, ...(key === undefined ? {} : { key }) });

// biome-ignore lint/suspicious/noExplicitAny: tests look into replies of many shapes
async function ask(client: StreamClient, message: Readonly<Record<string, unknown>>): Promise<any> {
  sequence += 1;
  const id = `m${sequence}`;
  client.send({ id, ...message });
  return client.reply(id);
}

/** A new SKU with this many units, and its handle. */
async function stocked(client: StreamClient, units: number): Promise<{ sku: string; handle: number }> {
  sequence += 1;
  const sku = `LANE-${sequence}`;
  await addProducts(world.database, sku);
  const received = await ask(client, {
    type: "stock.execute",
    commands: [
      {
        type: "receive",
        commandId: sku,
        sku,
        locationId: "east",
        quantity: units,
        atMs: 0,
        cause: "delivery",
      },
    ],
  });
  expect(received.outcomes).toMatchObject([{ status: "applied" }]);
  const opened = await ask(client, { type: "positions.open", positions: [{ sku, locationId: "east" }] });
  return { sku, handle: opened.handles[0] };
}

type Operation = readonly [
  kind: keyof typeof LANE_KIND,
  number: number,
  handle: number,
  quantity?: number,
  ms?: number,
];

function bytesOf(operations: readonly Operation[]): Uint8Array {
  const words = new Uint32Array(operations.length * LANE_WORDS);
  for (const [index, [kind, number, position, quantity = 0, expiresInMs = 0]] of operations.entries()) {
    writeLaneOperation(words, index, { kind: LANE_KIND[kind], number, position, quantity, expiresInMs });
  }
  return new Uint8Array(words.buffer);
}

async function apply(
  client: StreamClient,
  lane: string,
  operations: readonly Operation[],
): Promise<readonly string[]> {
  const reply = await ask(client, { type: "lane.apply", lane, operations: bytesOf(operations) });
  expect(reply.type).toBe("lane.applied");
  return reply.codes === null ? ["all"] : [...reply.codes].map((code) => LANE_CODES[code] ?? "");
}

async function unitsOf(client: StreamClient, sku: string): Promise<number> {
  const reply = await ask(client, { type: "stock.positions", skus: [sku] });
  return reply.positions[0].availableToPromise;
}

describe("reservation lanes over the stream", () => {
  test("reserve, repeat, extend and release; each answered after its commit", async () => {
    const client = await connect();
    const { sku, handle } = await stocked(client, 10);
    expect(
      await apply(client, "checkout", [
        ["reserve", 1, handle, 4, 60_000],
        ["reserve", 2, handle, 6],
      ]),
    ).toEqual(["all"]);
    expect(await unitsOf(client, sku)).toBe(0);
    expect(
      await apply(client, "checkout", [
        ["reserve", 1, handle, 4, 60_000],
        ["reserve", 1, handle, 5, 60_000],
        ["reserve", 3, handle, 1],
        ["extend", 1, handle, 0, 120_000],
        ["extend", 9, handle, 0, 1],
        ["release", 2, handle],
        ["release", 2, handle],
        ["extend", 2, handle, 0, 1],
        ["reserve", 3, handle, 1],
      ]),
    ).toEqual([
      "applied",
      "command_id_reused",
      "insufficient_stock",
      "applied",
      "hold_not_found",
      "applied",
      "applied",
      "hold_not_reserved",
      "applied",
    ]);
    expect(await unitsOf(client, sku)).toBe(5);
  });

  test("positions that do not exist have no handle, in the order asked for", async () => {
    const client = await connect();
    const { sku, handle } = await stocked(client, 1);
    const reply = await ask(client, {
      type: "positions.open",
      positions: [
        { sku: "NONE", locationId: "east" },
        { sku, locationId: "east" },
        { sku, locationId: "west" },
      ],
    });
    expect(reply).toMatchObject({ type: "positions.opened", handles: [null, handle, null] });
  });

  test("one call reaches positions of several shards, each code at its operation", async () => {
    const client = await connect();
    const many = await Promise.all(Array.from({ length: 12 }, () => stocked(client, 1)));
    const operations = many.flatMap(({ handle }, index): Operation[] => [
      ["reserve", 2 * index, handle, 1],
      ["reserve", 2 * index + 1, handle, index % 3 === 0 ? 0 : 1],
    ]);
    expect(await apply(client, "wide", operations)).toEqual(
      many.flatMap((_, index) => ["applied", index % 3 === 0 ? "invalid_command" : "insufficient_stock"]),
    );
  });

  test("a lane belongs to its key: the same name of another key is another lane", async () => {
    const one = await connect();
    const other = await connect(await world.key(["admin"]));
    const { sku, handle } = await stocked(one, 5);
    expect(await apply(one, "same", [["reserve", 1, handle, 2]])).toEqual(["all"]);
    expect(
      await apply(other, "same", [
        ["release", 1, handle],
        ["reserve", 1, handle, 3],
      ]),
    ).toEqual(["hold_not_found", "applied"]);
    expect(await unitsOf(one, sku)).toBe(0);
  });

  test("eight connections compete for one position through lanes and sell exactly what is there, once each", async () => {
    const first = await connect();
    const { sku, handle } = await stocked(first, 5_000);
    const clients = [first, ...(await Promise.all(Array.from({ length: 7 }, () => connect())))];
    let sold = 0;
    await Promise.all(
      clients.map(async (client, of) => {
        for (let batch = 0; batch < 10; batch += 1) {
          const operations = Array.from(
            { length: 100 },
            (_, index): Operation => ["reserve", 100 * batch + index, handle, 1],
          );
          const codes = await apply(client, `rush-${of}`, operations);
          // The same frame again, as after a lost answer: it sells nothing more.
          const again = await apply(client, `rush-${of}`, operations);
          const won = (of: readonly string[]) =>
            of[0] === "all" ? 100 : of.filter((code) => code === "applied").length;
          expect(won(again)).toBe(won(codes));
          sold += won(codes);
        }
      }),
    );
    expect(sold).toBe(5_000);
    expect(await unitsOf(first, sku)).toBe(0);
  });

  test("the movements have one line for each row, position, kind and lane, and explain the number", async () => {
    const client = await connect();
    const { sku, handle } = await stocked(client, 500);
    await apply(
      client,
      "book",
      Array.from({ length: 300 }, (_, index): Operation => ["reserve", 10 + index, handle, 1]),
    );
    await apply(
      client,
      "book",
      Array.from({ length: 100 }, (_, index): Operation => ["release", 10 + index, handle]),
    );
    await world.engine.projected();
    const explained = await explainStock(world.database, { sku, locationId: "east", movements: 10 });
    expect(explained).toMatchObject({ position: { onHand: 500, reserved: 200 }, reconciles: true });
    const [released, reserved] = explained?.movements ?? [];
    expect(released).toMatchObject({ kind: "lane-released", reserved: -100, availableAfter: 300 });
    expect(released?.reference).toMatch(/\.book\/10-109$/);
    expect(reserved).toMatchObject({ kind: "lane-reserved", reserved: 300, availableAfter: 200 });
    expect(reserved?.reference).toMatch(/\.book\/10-309$/);
    const holds = await world.engine.client.holds({ sku, locationId: "east" });
    expect(holds.reduce((sum, hold) => sum + hold.quantity, 0)).toBe(200);
    expect(holds.map((hold) => hold.holdId)).toContain(holds[0]?.cause.replace("lane:", "").concat("/110"));
  });

  test("one expires by itself, one becomes an order's hold, and the movements account for both", async () => {
    const client = await connect();
    const { sku, handle } = await stocked(client, 10);
    expect(
      await apply(client, "cart", [
        ["reserve", 1, handle, 2, 40],
        ["reserve", 2, handle, 3, 60_000],
      ]),
    ).toEqual(["all"]);
    const address = { sku, locationId: "east" };
    const [keeps] = (await world.engine.client.holds(address)).filter(({ holdId }) =>
      holdId.endsWith("cart/2"),
    );
    const claim = {
      type: "claim",
      ...address,
      lane: keeps?.cause.replace("lane:", ""),
      number: 2,
    };
    const claimed = await ask(client, {
      type: "stock.execute",
      commands: ["a", "b"].map((id) => ({
        ...claim,
        holdId: `order-${sku}-${id}`,
        commandId: `${sku}-${id}`,
        atMs: 0,
        cause: "order",
      })),
    });
    expect(claimed.outcomes).toMatchObject([
      { status: "applied" },
      { status: "refused", code: "reservation_not_found" },
    ]);
    // Without any request: the shard's own timer frees the units.
    await expect.poll(() => world.engine.client.available(sku)).toBe(7);
    expect(await world.engine.client.holds(address)).toMatchObject([
      { holdId: `order-${sku}-a`, quantity: 3, expiresAtMs: 0 },
    ]);
    await world.engine.projected();
    const explained = await explainStock(world.database, { ...address, movements: 10 });
    expect(explained).toMatchObject({ position: { onHand: 10, reserved: 3 }, reconciles: true });
    expect(explained?.movements.map(({ kind, reserved }) => `${kind} ${reserved}`).sort()).toEqual([
      "hold-claimed -3",
      "hold-claimed 3",
      "lane-expired -2",
      "lane-reserved 5",
      "stock-received 0",
    ]);
  });
});

describe("what lanes refuse", () => {
  const malformed: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["operations that are text", { lane: "x", operations: "0123456789abcdef" }],
    ["operations that are numbers", { lane: "x", operations: [1, 2, 3, 4] }],
    ["no operations", { lane: "x" }],
    ["an empty list", { lane: "x", operations: new Uint8Array(0) }],
    ["half an operation", { lane: "x", operations: new Uint8Array(LANE_BYTES + 8) }],
    [
      "one operation too many",
      { lane: "x", operations: new Uint8Array((MAX_LANE_OPERATIONS + 1) * LANE_BYTES) },
    ],
    ["no lane", { operations: new Uint8Array(LANE_BYTES) }],
    ["an empty lane", { lane: "", operations: new Uint8Array(LANE_BYTES) }],
    ["a lane that is too long", { lane: "x".repeat(65), operations: new Uint8Array(LANE_BYTES) }],
    ["a lane with a line break", { lane: "a\nb", operations: new Uint8Array(LANE_BYTES) }],
    ["a field too many", { lane: "x", operations: new Uint8Array(LANE_BYTES), atMs: 1 }],
  ];

  test.each(malformed)("%s", async (_, message) => {
    const client = await connect();
    const before = await world.counts();
    expect(await ask(client, { type: "lane.apply", ...message })).toMatchObject({
      type: "error",
      code: "malformed_message",
    });
    expect(await world.counts()).toEqual(before);
  });

  test("single operations that make no sense, each by its code, and nothing changes", async () => {
    const client = await connect();
    const { sku, handle } = await stocked(client, 3);
    await world.engine.projected();
    const before = await world.counts();
    const words = new Uint32Array([
      ...[1, handle, 0, 0],
      ...[2, handle, (3 << 28) | 1, 0],
      ...[3, handle, 0xffff_ffff, 0],
      ...[4, 0xffff_ffff, 1, 0],
      ...[5, handle + 4_000_000, 1, 0],
      ...[6, handle, 1, 0x8000_0000],
      ...[7, handle, (LANE_KIND.release << 28) | 1, 0],
      ...[8, handle, LANE_KIND.release << 28, 5],
      ...[9, handle, 4, 0],
    ]);
    const reply = await ask(client, {
      type: "lane.apply",
      lane: "bad",
      operations: new Uint8Array(words.buffer),
    });
    expect([...reply.codes].map((code: number) => LANE_CODES[code])).toEqual([
      "invalid_command",
      "invalid_command",
      "invalid_command",
      "unknown_position",
      "unknown_position",
      "invalid_command",
      "invalid_command",
      "invalid_command",
      "insufficient_stock",
    ]);
    expect(await unitsOf(client, sku)).toBe(3);
    await world.engine.projected();
    expect(await world.counts()).toEqual(before);
  });

  test("a key that may not command stock, and JSON", async () => {
    const reader = await connect(await world.key(["orders:read"]));
    const operations = bytesOf([["reserve", 1, 0, 1]]);
    expect(await ask(reader, { type: "lane.apply", lane: "x", operations })).toMatchObject({
      code: "forbidden",
    });
    expect(
      await ask(reader, { type: "positions.open", positions: [{ sku: "TEE-1", locationId: "east" }] }),
    ).toMatchObject({ code: "forbidden" });
    const json = await world.connect();
    expect(await ask(json, { type: "lane.apply", lane: "x", operations: "AAAA" })).toMatchObject({
      code: "unsupported_subprotocol",
    });
    expect(
      await ask(json, { type: "positions.open", positions: [{ sku: "TEE-1", locationId: "east" }] }),
    ).toMatchObject({ code: "unsupported_subprotocol" });
  });
});
