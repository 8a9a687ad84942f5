/** Locations over REST: made, changed, closed; and what orders are reserved from and promised by follows. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dispatchDay, isoDay } from "../config/work-calendar.ts";
import type { LocationDetail } from "../contract/locations.ts";
import type { SourcingLocation } from "../engine/allocator-client.ts";
import { followSettings } from "../operations/standing/follow-settings.ts";
import { openDatabase } from "../store/sql/database.ts";
import {
  addProducts,
  canonicalOrder,
  type GatewayWorld,
  type Reply,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

const saidOf = ({ status, json }: Reply) => [status, json.code];
const withKey = () => ({ "idempotency-key": crypto.randomUUID() });

const berlin = {
  name: "Berlin",
  kind: "fulfillment_center",
  address: { name: "Berlin", line1: "Hafenplatz 1", city: "Berlin", postalCode: "10963", country: "de" },
};

const create = (json: object) => world.call("POST", "/v1/locations", { json, headers: withKey() });
const show = async (id: string): Promise<LocationDetail> =>
  (await world.call("GET", `/v1/locations/${id}`)).json;

async function change(id: string, fields: object): Promise<Reply> {
  const { version } = await show(id);
  return world.call("PATCH", `/v1/locations/${id}`, { json: { version, ...fields }, headers: withKey() });
}

/** A product of its own with stock at one place. */
async function stocked(sku: string, locationId: string, quantity: number): Promise<void> {
  await addProducts(world.database, sku);
  const [outcome] = await world.engine.client.execute([
    {
      type: "receive",
      commandId: crypto.randomUUID(),
      atMs: Date.now(),
      cause: "test",
      sku,
      locationId,
      quantity,
    },
  ]);
  expect(outcome?.status).toBe("applied");
}

let serial = 0;
async function order(sku: string) {
  serial += 1;
  const lines = [{ sku, quantity: 1, unitPrice: "19.99" }];
  const reply = await world.call("POST", "/v1/orders?channel=web", {
    json: canonicalOrder(`place-${serial}`, { lines }),
    headers: withKey(),
  });
  return reply.json;
}

/** The first day on which a place with this calendar sends what is ordered now. */
const leaves = (calendar: Partial<Parameters<typeof dispatchDay>[0]>) =>
  isoDay(dispatchDay({ longitude: 0, timeZone: "UTC", ...calendar }, Date.now()));

const everyDay = (["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const).map((day) => ({
  day,
  opens: "00:00",
  closes: "24:00",
  cutOff: "24:00",
}));

describe("a location that is made", () => {
  test("serves orders at once, from where its address is", async () => {
    const made = await create({ id: "berlin", ...berlin, timeZone: "Europe/Berlin" });
    expect(made.status, made.text).toBe(201);
    expect(made.json).toMatchObject({
      id: "berlin",
      active: true,
      address: { country: "DE" },
      latitude: expect.any(Number),
      priority: 100,
      hours: null,
      openCapacity: null,
      version: 2,
    });
    await stocked("MADE", "berlin", 5);
    expect(await order("MADE")).toMatchObject({
      outcome: "accepted",
      promise: { shipBy: expect.any(String) },
    });
    const { json } = await world.call("GET", "/v1/locations");
    expect(json.items).toContainEqual(
      expect.objectContaining({ id: "berlin", active: true, city: "Berlin" }),
    );
  });

  test("is refused by name where it cannot be, and nothing is there of it", async () => {
    const before = { ...(await world.counts()), idempotency_key: 0 };
    expect(saidOf(await create({ id: "east", ...berlin }))).toEqual([409, "location_exists"]);
    const hours = (changes: object) => [
      { day: "mon", opens: "09:00", closes: "18:00", cutOff: null, ...changes },
    ];
    for (const wrong of [
      { timeZone: "Mars/Olympus" },
      { hours: [...hours({}), ...hours({ opens: "10:00" })] },
      { hours: hours({ closes: "08:00" }) },
      { hours: hours({ cutOff: "19:00" }) },
      { address: { ...berlin.address, country: "Atlantis" } },
      { zones: [5, 5].map((upToKm) => ({ upToKm, costMinor: 1, days: 1 })) },
    ])
      expect(saidOf(await create({ id: "odd", ...berlin, ...wrong })), JSON.stringify(wrong)).toEqual([
        422,
        "location_settings_invalid",
      ]);
    for (const wrong of [
      { id: "Odd Place" },
      { kind: "garage" },
      { latitude: 91 },
      { hours: [] },
      { hours: hours({ opens: "9:00" }) },
      { closedOn: ["2026-02-30"] },
      { dailyCapacity: -1 },
      { colour: "red" },
    ])
      expect(saidOf(await create({ id: "odd", ...berlin, ...wrong })), JSON.stringify(wrong)).toEqual([
        400,
        "invalid_request",
      ]);
    expect(saidOf(await world.call("GET", "/v1/locations/odd"))).toEqual([404, "location_not_found"]);
    expect({ ...(await world.counts()), idempotency_key: 0 }).toEqual(before);
  });
});

describe("a location that is changed", () => {
  test("keeps what is left out, and nobody overwrites what they have not seen", async () => {
    await create({ id: "kept", ...berlin });
    const before = await show("kept");
    const changed = await change("kept", { name: "Kept", closedOn: ["2026-12-26", "2026-12-25"] });
    expect(changed.json).toEqual({
      ...before,
      version: before.version + 1,
      name: "Kept",
      closedOn: ["2026-12-25", "2026-12-26"],
    });
    const stale = { version: before.version, name: "Stale" };
    expect(
      saidOf(await world.call("PATCH", "/v1/locations/kept", { json: stale, headers: withKey() })),
    ).toEqual([409, "setting_changed"]);
    expect(
      saidOf(
        await change("kept", { hours: [{ day: "mon", opens: "10:00", closes: "09:00", cutOff: null }] }),
      ),
    ).toEqual([422, "location_settings_invalid"]);
  });

  test("promises by its calendar from the next order on", async () => {
    await create({ id: "calm", ...berlin, timeZone: "UTC", hours: everyDay });
    await stocked("CALM", "calm", 50);
    const week = everyDay.map((_, index) => ({
      weekday: index + 1,
      opensMinute: 0,
      closesMinute: 1440,
      cutOffMinute: 1440,
    }));
    const today = leaves({ week });
    expect((await order("CALM")).promise.shipBy).toBe(today);

    await change("calm", { closedOn: [today] });
    const tomorrow = (await order("CALM")).promise.shipBy;
    expect(tomorrow).toBe(leaves({ week, closedDays: [Date.parse(today) / 86_400_000] }));
    expect(tomorrow > today).toBe(true);

    await change("calm", { closedOn: [], leadTimeDays: 3 });
    expect((await order("CALM")).promise.shipBy).toBe(leaves({ week, leadTimeDays: 3 }));
    await change("calm", { leadTimeDays: 0, hours: null, cutOff: "00:00" });
    expect((await order("CALM")).promise.shipBy).toBe(leaves({ cutOffMinute: 0 }));
  });

  test("has today what is left of its capacity", async () => {
    await create({ id: "small", ...berlin, dailyCapacity: 2 });
    expect((await show("small")).openCapacity).toBe(2);
    await stocked("SMALL", "small", 50);
    for (const left of [1, 0, 0]) {
      const { order: orderId } = await order("SMALL");
      await world.database.query(
        `insert into fulfillment_order (id, order_id, location_id, status, stage) values ($1 || '-F1', $1, 'small', 'open', 'allocated')`,
        [orderId],
      );
      expect((await show("small")).openCapacity).toBe(left);
    }
    await world.database.query(
      "update fulfillment_order set created_at = created_at - interval '1 day' where location_id = 'small'",
    );
    expect((await show("small")).openCapacity).toBe(2);
  });
});

describe("a location that is closed", () => {
  test("serves no order until it is opened again, and who did it is kept", async () => {
    await create({ id: "shut", ...berlin });
    await stocked("SHUT", "shut", 5);
    expect(
      (await world.call("POST", "/v1/locations/shut/close", { json: {}, headers: withKey() })).json,
    ).toEqual({
      status: "done",
      givenUp: [],
      goingOn: [],
    });
    expect((await show("shut")).active).toBe(false);
    expect(await order("SHUT")).toMatchObject({ code: "insufficient_stock" });
    const available = async () => (await world.call("GET", "/v1/stock/SHUT/available")).json;
    expect(await available()).toEqual({ sku: "SHUT", available: 0, byLocation: [] });
    const listed = async (query: string) =>
      (await world.call("GET", `/v1/locations${query}`)).json.items.map(({ id }: { id: string }) => id);
    expect(await listed("")).not.toContain("shut");
    expect(await listed("?state=all")).toContain("shut");

    await world.call("POST", "/v1/locations/shut/open", { json: {}, headers: withKey() });
    expect(await available()).toMatchObject({ available: 5, byLocation: [{ locationId: "shut" }] });
    expect(await order("SHUT")).toMatchObject({ outcome: "accepted" });
    const { json } = await world.call("GET", "/v1/setting-changes");
    expect(json.items.slice(0, 2)).toMatchObject([
      { subject: "location:shut", changes: [{ field: "active", from: false, to: true }] },
      { subject: "location:shut", changes: [{ field: "active", from: true, to: false }] },
    ]);
    expect(saidOf(await world.call("POST", "/v1/locations/nowhere/open", { json: {} }))).toEqual([
      404,
      "location_not_found",
    ]);
  });
});

test("every process sources from what is set, as soon as it is set", async () => {
  const { options } = world.database as unknown as { options: { connectionString: string } };
  const elsewhere = openDatabase(options.connectionString, { maxConnections: 2 });
  let known: readonly SourcingLocation[] = [];
  const allocator = {
    setKits: () => {},
    setSourcingRules: () => {},
    setLocations: (locations: readonly SourcingLocation[]) => {
      known = locations;
    },
  } as unknown as typeof world.engine.client;
  const following = followSettings(
    { database: elsewhere, allocator, parcelLimit: () => null, now: Date.now },
    { error: () => {} } as never,
  );
  const seen = (id: string) => known.find(({ locationId }) => locationId === id);
  const soon = { timeout: 3_000 };
  try {
    await create({ id: "heard", ...berlin, timeZone: "Europe/Berlin", cutOff: "11:30" });
    await expect
      .poll(() => seen("heard"), soon)
      .toMatchObject({ timeZone: "Europe/Berlin", cutOffMinute: 690 });
    await change("heard", { hours: [{ day: "sat", opens: "08:00", closes: "12:00", cutOff: null }] });
    await expect
      .poll(() => seen("heard")?.week, soon)
      .toEqual([{ weekday: 6, opensMinute: 480, closesMinute: 720, cutOffMinute: null }]);
    await world.call("POST", "/v1/locations/heard/close", { json: {}, headers: withKey() });
    await expect.poll(() => seen("heard"), soon).toBeUndefined();
  } finally {
    await following.stop();
    await elsewhere.end();
  }
});
