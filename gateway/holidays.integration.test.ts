/**
 * Days on which locations do not work, kept once for many: set over REST, counted by sourcing and promises.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { dayOfIso } from "../config/work-calendar.ts";
import type { HolidaysView } from "../contract/settings/holidays.ts";
import { catalogOf } from "../store/catalog/catalog.ts";
import { readLocation, readSourcingLocations } from "../store/catalog/locations.ts";
import { addLocation, type GatewayWorld, type Reply, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
  await addLocation(world.database, "west");
});
afterAll(() => world?.close());

const saidOf = ({ status, json }: Reply) => [status, json?.code];
const set = (json: unknown) =>
  world.call("POST", "/v1/holidays", { json, headers: { "idempotency-key": crypto.randomUUID() } });
const christmas = { day: "2026-12-25", name: "Christmas Day", locations: null };
const closure = { day: "2026-12-28", name: "Stocktaking", locations: ["west"] };

async function closedDays(): Promise<Readonly<Record<string, readonly number[]>>> {
  const locations = await readSourcingLocations(world.database);
  return Object.fromEntries(
    locations.map(({ locationId, closedDays: days = [] }) => [locationId, [...days].sort()]),
  );
}

test("a day counts for all locations or those named, beside their own, for sourcing and for promises", async () => {
  await world.database.query("update location set closed_on = '{2026-12-24}' where id = 'west'");
  const { version }: HolidaysView = (await world.call("GET", "/v1/holidays")).json;
  const saved = await set({ version, holidays: [closure, christmas] });
  expect([saved.status, saved.json]).toEqual([200, { version: version + 1, holidays: [christmas, closure] }]);
  const [eve, day, later] = ["2026-12-24", "2026-12-25", "2026-12-28"].map(dayOfIso);
  expect(await closedDays()).toMatchObject({ east: [day], west: [eve, day, later] });
  const promised = await catalogOf(world.database).locations();
  expect(promised.get("west")?.closedDays).toEqual(expect.arrayContaining([eve, day, later]));
  // What a location has of its own is shown as its own.
  expect((await readLocation(world.database, "west"))?.settings.closedOn).toEqual(["2026-12-24"]);
  await set({ version: version + 1, holidays: [] });
  expect(await closedDays()).toMatchObject({ east: [], west: [eve] });
});

test("the same list once more changes nothing, however its names are written", async () => {
  const { version }: HolidaysView = (await world.call("GET", "/v1/holidays")).json;
  const holidays = ["apple fair", "Beer fair", "Äpfel"].map((name) => ({ ...christmas, name }));
  const saved = await set({ version, holidays });
  expect(saved.json.version).toBe(version + 1);
  expect([(await set({ version, holidays })).json]).toEqual([saved.json]);
  await set({ version: version + 1, holidays: [] });
});

test("a list that cannot be is refused, and changes nothing", async () => {
  const { version }: HolidaysView = (await world.call("GET", "/v1/holidays")).json;
  expect(saidOf(await set({ version, holidays: [christmas, christmas] }))).toEqual([422, "holidays_invalid"]);
  expect(saidOf(await set({ version, holidays: [{ ...closure, locations: ["nowhere"] }] }))).toEqual([
    404,
    "location_not_found",
  ]);
  expect(saidOf(await set({ version, holidays: [{ ...christmas, day: "2026-02-30" }] }))).toEqual([
    400,
    "invalid_request",
  ]);
  expect(saidOf(await set({ version: version + 7, holidays: [christmas] }))).toEqual([
    409,
    "setting_changed",
  ]);
  expect((await world.call("GET", "/v1/holidays")).json).toEqual({ version, holidays: [] });
});
