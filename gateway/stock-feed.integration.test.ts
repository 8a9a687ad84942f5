import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StockCommand } from "../actors/commands.ts";
import type { StockChange } from "../contract/stream.ts";
import { readSourcingLocations } from "../store/catalog/locations.ts";
import { readKits } from "../store/stock/kits.ts";
import { receive, until } from "../test-support/engine.ts";
import {
  addLocation,
  addProducts,
  type GatewayWorld,
  type StreamClient,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});

afterAll(() => world.close());

const changesOf = (client: StreamClient): StockChange[] =>
  client.received.flatMap((message) => (message.type === "stock.changes" ? message.positions : []));

const lastCursorOf = (client: StreamClient, before: string): string =>
  client.received.reduce(
    (cursor: string, message) =>
      message.type === "stock.changes" || message.type === "stock.subscribed" ? message.cursor : cursor,
    before,
  );

const becomes = (isSo: () => boolean) => until(async () => (isSo() ? true : undefined));

/** What somebody who took in every change would know now. */
function learnt(known: Map<string, number>, client: StreamClient): Map<string, number> {
  for (const { sku, locationId, onHand } of changesOf(client)) known.set(`${sku}@${locationId}`, onHand);
  return known;
}

describe("changes of stock", () => {
  test("reach a subscriber that leaves and resumes, again and again, without a gap, while commands run", async () => {
    const SKUS = 30;
    const units = new Map<string, number>();
    const steady = await world.connect();
    steady.send({ id: "s", type: "stock.subscribe", after: null });
    const start = (await steady.reply("s")).cursor as string;
    let busy = true;
    let resumed = 0;
    const working = (async () => {
      for (let round = 0; round < 120 || resumed < 5; round += 1) {
        const commands: StockCommand[] = [];
        for (let at = 0; at < 10; at += 1) {
          const number = round * 10 + at;
          const sku = `FEED-${(number * 7) % SKUS}`;
          const locationId = number % 3 === 0 ? "east" : "west";
          const place = `${sku}@${locationId}`;
          units.set(place, (units.get(place) ?? 0) + 1 + at);
          commands.push(receive(sku, locationId, 1 + at, `feed-${number}`));
        }
        await world.engine.client.execute(commands);
      }
      busy = false;
    })();
    const known = new Map<string, number>();
    let cursor = start;
    while (busy) {
      const client = await world.connect();
      client.send({ id: "s", type: "stock.subscribe", after: cursor });
      await client.reply("s");
      const enough = 1 + (resumed % 4);
      await Promise.race([client.until(() => changesOf(client).length >= enough), working]);
      client.socket.terminate();
      learnt(known, client);
      cursor = lastCursorOf(client, cursor);
      resumed += 1;
    }
    await working;
    await world.engine.projected();
    const last = await world.connect();
    last.send({ id: "s", type: "stock.subscribe", after: cursor });
    await until(async () => {
      const now = learnt(new Map(known), last);
      return [...units].every(([place, count]) => now.get(place) === count) ? true : undefined;
    });
    expect(new Map([...learnt(known, last)].sort())).toEqual(new Map([...units].sort()));
    await until(async () => {
      const now = learnt(new Map(), steady);
      return [...units].every(([place, count]) => now.get(place) === count) ? true : undefined;
    });
    expect(resumed).toBeGreaterThan(3);
    // Coalesced: a late subscriber gets every position once, with the numbers that are true now.
    const late = await world.connect();
    late.send({ id: "s", type: "stock.subscribe", after: start });
    await late.until(() => changesOf(late).length >= units.size);
    expect(changesOf(late)).toHaveLength(units.size);
    expect(new Map([...learnt(new Map(), late)].sort())).toEqual(new Map([...units].sort()));
  });

  test("can be narrowed to SKUs and locations, and show every position from the beginning", async () => {
    await world.engine.client.execute([
      receive("NARROW-1", "east", 3),
      receive("NARROW-1", "west", 4),
      receive("NARROW-2", "east", 5),
    ]);
    await world.engine.projected();
    const one = await world.connect();
    one.send({
      id: "s",
      type: "stock.subscribe",
      after: "0",
      skus: ["NARROW-1", "NARROW-2"],
      locations: ["east"],
    });
    await one.until(() => changesOf(one).length >= 2);
    expect(changesOf(one).sort((a, b) => a.sku.localeCompare(b.sku))).toMatchObject([
      { sku: "NARROW-1", locationId: "east", onHand: 3, reserved: 0, availableToPromise: 3 },
      { sku: "NARROW-2", locationId: "east", onHand: 5, availableToPromise: 5 },
    ]);
    one.send({ id: "u", type: "stock.unsubscribe" });
    await one.reply("u");
    await world.engine.client.execute([receive("NARROW-1", "east", 1, "after-the-end")]);
    await world.engine.projected();
    const other = await world.connect();
    other.send({ id: "s", type: "stock.subscribe", after: "0", skus: ["NARROW-1"], locations: ["east"] });
    await other.until(() => changesOf(other).length === 1);
    expect(changesOf(other)[0]?.onHand).toBe(4);
    expect(changesOf(one)).toHaveLength(2);
  });

  test("are refused for a cursor that is none", async () => {
    const client = await world.connect();
    for (const [id, after] of [
      ["a", "x"],
      ["b", "1..2"],
      ["c", "-1"],
    ]) {
      client.send({ id, type: "stock.subscribe", after });
      expect((await client.reply(id as string)).code).toBe("invalid_cursor");
    }
  });
});

test("what may be promised is answered from shared memory, by SKU, location and pool", async () => {
  await addLocation(world.database, "west");
  world.engine.client.setLocations(await readSourcingLocations(world.database));
  await world.engine.client.execute([receive("ATP-1", "east", 3), receive("ATP-1", "west", 4)]);
  const client = await world.connect();
  client.send(
    { id: "all", type: "stock.available", skus: ["ATP-1", "NONE"] },
    { id: "east", type: "stock.available", skus: ["ATP-1"], locations: ["east"] },
    { id: "pool", type: "stock.available", skus: ["ATP-1"], pool: "shop" },
  );
  expect((await client.reply("all")).available).toEqual([7, null]);
  expect((await client.reply("east")).available).toEqual([3]);
  expect((await client.reply("pool")).available).toEqual([7]);
});

test("the stream tells what a channel may sell of a SKU and of kits of it, by its pool, less its buffer, anew where those change", async () => {
  await addProducts(world.database, "SELL-1", "SELL-2", "SELL-SET");
  await world.database.query(
    `insert into kit_component (kit_sku, position, sku, quantity) values ('SELL-SET', 1, 'SELL-1', 2), ('SELL-SET', 2, 'SELL-2', 1)`,
  );
  world.engine.client.setKits(await readKits(world.database));
  await world.database.query("update channel set stock_pool = 'vip', stock_buffer = 2 where id = 'shopify'");
  const at = { locationId: "east", atMs: Date.now(), cause: "test" };
  await world.engine.client.execute([
    receive("SELL-1", "east", 10, "sell-1"),
    receive("SELL-2", "east", 8, "sell-2"),
    {
      ...at,
      type: "set-pool",
      commandId: "sell-pool",
      sku: "SELL-1",
      pool: "other",
      kind: "ring-fenced",
      units: 3,
    },
  ]);
  const skus = ["SELL-1", "SELL-SET"];
  const client = await world.connect();
  client.send({ id: "c", type: "stock.subscribe", after: "0", channel: "shopify", skus });
  await client.reply("c");
  const known = (): Record<string, number> =>
    Object.fromEntries(
      client.received.flatMap((message) =>
        message.type === "stock.changes"
          ? (message.sellable ?? []).map(({ sku, sellable }) => [sku, sellable])
          : [],
      ),
    );
  await expect.poll(known, { timeout: 15_000 }).toEqual({ "SELL-1": 5, "SELL-SET": 1 });
  // Its components' positions decide about a kit, and are not told by themselves where nobody asked for them.
  expect(changesOf(client).every(({ sku }) => sku === "SELL-1")).toBe(true);
  await world.engine.client.execute([receive("SELL-1", "east", 4, "sell-3")]);
  await expect.poll(known, { timeout: 15_000 }).toEqual({ "SELL-1": 9, "SELL-SET": 3 });
  const resumed = lastCursorOf(client, "0");
  client.socket.terminate();

  await world.engine.client.execute([receive("SELL-1", "east", 1, "sell-4")]);
  const later = await world.connect();
  later.send({ id: "d", type: "stock.subscribe", after: resumed, channel: "shopify", skus });
  await later.reply("d");
  const told = () =>
    later.received.flatMap((message) => (message.type === "stock.changes" ? (message.sellable ?? []) : []));
  await becomes(() => told().some(({ sku, sellable }) => sku === "SELL-1" && sellable === 10));
  await world.database.query("update channel set stock_buffer = 6 where id = 'shopify'");
  await becomes(() => told().some(({ sku, sellable }) => sku === "SELL-1" && sellable === 6));

  later.send({ id: "e", type: "stock.subscribe", after: null, channel: "nowhere" });
  expect(await later.reply("e")).toMatchObject({ type: "error", code: "channel_not_found" });
  const bound = await world.connect({ key: await world.key(["stock:read"], "shopify") });
  bound.send({ id: "b", type: "stock.subscribe", after: null, channel: "web" });
  expect(await bound.reply("b")).toMatchObject({ type: "error", code: "channel_forbidden" });
});
