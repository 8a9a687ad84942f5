/** What happens to devices, over the stream: in order, without a gap, to whoever may see devices. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeviceEvent } from "../contract/devices.ts";
import { writeDeviceEvents } from "../store/floor/device-events.ts";
import { registerDevices } from "../store/floor/devices.ts";
import { type GatewayWorld, type StreamClient, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
  await world.database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     select 'west', company_id, 'West', kind, address, latitude, longitude from location where id = 'east'`,
  );
  const belt = { kind: "conveyor", protocol: "holdfast-conveyor", name: "Belt" } as const;
  await registerDevices(world.database, [
    { ...belt, id: "belt-east", locationId: "east" },
    { ...belt, id: "belt-west", locationId: "west" },
  ]);
});

afterAll(() => world.close());

const eventsOf = (client: StreamClient): DeviceEvent[] =>
  client.received.flatMap((message) => (message.type === "devices.events" ? message.events : []));

const detailsOf = (client: StreamClient): string[] => eventsOf(client).map(({ detail }) => detail);

const happens = (
  detail: string,
  deviceId: string | null = "belt-east",
  kind: DeviceEvent["kind"] = "error",
) => writeDeviceEvents(world.database, [{ deviceId, kind, detail, count: 1 }]);

async function subscribed(
  narrowed: object = {},
  after: string | null = null,
  key?: string,
): Promise<StreamClient> {
  const client = await world.connect(key === undefined ? {} : { key });
  client.send({ id: "s", type: "devices.subscribe", after, ...narrowed });
  expect(await client.reply("s")).toMatchObject({ type: "devices.subscribed" });
  return client;
}

describe("what happens to devices", () => {
  test("comes to a subscriber as it happens, with the place where the device stands", async () => {
    await happens("before");
    const client = await subscribed();
    await happens("motor too hot");
    await happens("unknown_device", null, "dead_letter");
    await client.until(() => eventsOf(client).length === 2);
    expect(eventsOf(client)).toMatchObject([
      { deviceId: "belt-east", locationId: "east", kind: "error", detail: "motor too hot", count: 1 },
      { deviceId: null, locationId: null, kind: "dead_letter", detail: "unknown_device" },
    ]);
  });

  test("can be narrowed to devices, places and kinds", async () => {
    const [west, named, offline] = [
      await subscribed({ locations: ["west"] }),
      await subscribed({ devices: ["belt-east"] }),
      await subscribed({ kinds: ["offline", "silent"] }),
    ];
    await happens("n1", "belt-east");
    await happens("n2", "belt-west");
    await happens("n3", null, "dead_letter");
    await happens("n4", "belt-west", "silent");
    await west.until(() => eventsOf(west).length === 2);
    await offline.until(() => eventsOf(offline).length === 1);
    expect([detailsOf(west), detailsOf(named), detailsOf(offline)]).toEqual([["n2", "n4"], ["n1"], ["n4"]]);
  });

  test("is not missed by who leaves and comes back, nor where it commits late", async () => {
    const client = await subscribed();
    await happens("g1");
    await client.until(() => eventsOf(client).length === 1);
    const cursor = client.received.reduce<string | null>(
      (last, message) => (message.type === "devices.events" ? message.cursor : last),
      null,
    );
    client.socket.terminate();
    const open = await world.database.connect();
    try {
      await open.query("begin");
      await writeDeviceEvents(open, [{ deviceId: "belt-east", kind: "error", detail: "late", count: 1 }]);
      await happens("g2");
      const back = await subscribed({}, cursor);
      await open.query("commit");
      await back.until(() => eventsOf(back).length === 2);
      expect(detailsOf(back)).toEqual(["late", "g2"]);
    } finally {
      open.release();
    }
  });

  test("ends when nobody wants it any more", async () => {
    const [client, other] = [await subscribed(), await subscribed()];
    client.send({ id: "u", type: "devices.unsubscribe" });
    expect(await client.reply("u")).toMatchObject({ type: "devices.unsubscribed" });
    await happens("unheard");
    await other.until(() => eventsOf(other).length === 1);
    expect(eventsOf(client)).toEqual([]);
  });

  test("is refused to a key that may not see devices, with a kind that there is not, and from a place that is none", async () => {
    const client = await world.connect({ key: await world.key(["orders:read", "stock:read"]) });
    client.send({ id: "a", type: "devices.subscribe", after: null });
    expect((await client.reply("a")).code).toBe("forbidden");
    const bound = await world.connect({ key: await world.key(["admin"], "shopify") });
    bound.send({ id: "a", type: "devices.subscribe", after: null });
    expect((await bound.reply("a")).code).toBe("forbidden");
    const admin = await world.connect();
    admin.send({ id: "b", type: "devices.subscribe", after: null, kinds: ["nonsense"] });
    expect((await admin.reply("b")).code).toBe("malformed_message");
    admin.send({ id: "c", type: "devices.subscribe", after: "yesterday" });
    expect((await admin.reply("c")).code).toBe("invalid_cursor");
  });

  test("is listed by place over REST", async () => {
    const { items } = (await world.call("GET", "/v1/devices/events?location=west")).json;
    expect(items.map(({ detail }: DeviceEvent) => detail)).toEqual(["n4", "n2"]);
  });
});
