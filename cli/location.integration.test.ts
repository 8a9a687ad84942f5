/** `holdfast location` against a real gateway: what it prints and how it exits. */
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LocationView } from "../contract/catalog.ts";
import type { LocationDetail } from "../contract/locations.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

const location = (...args: readonly string[]) => runAsAdmin(world, ["location", ...args], tmpdir());

const leipzig = ["--line1", "Messe-Allee 1", "--city", "Leipzig", "--country", "DE"];

test("makes, shows, changes, closes and opens a location", async () => {
  const made = await location(
    ...["create", "--id", "fc-leipzig", "--name", "Leipzig", "--kind", "fulfillment_center", ...leipzig],
    ...["--time-zone", "Europe/Berlin", "--hours", "mon-fri 07:00-20:00/15:00, sat 08:00-12:00"],
  );
  expect([made.status, made.stderr]).toEqual([0, ""]);
  expect(made.stdout).toContain("mon 07:00-20:00/15:00");
  expect(made.stdout).toContain("sat 08:00-12:00");

  const [changed] = jsonLines<LocationDetail>(
    await location(
      ...["update", "fc-leipzig", "--postal-code", "04356", "--daily-capacity", "4000", "--hours", "none"],
      ...["--closed-on", "2026-12-25,2026-12-26", "--json"],
    ),
  );
  expect(changed).toMatchObject({
    hours: null,
    dailyCapacity: 4000,
    openCapacity: 4000,
    closedOn: ["2026-12-25", "2026-12-26"],
    address: { line1: "Messe-Allee 1", postalCode: "04356", country: "DE" },
  });
  expect((await location("disable", "fc-leipzig")).stdout).toContain("fc-leipzig is closed");
  const listed = jsonLines<LocationView>(await location("list", "--json"));
  expect(listed.find(({ id }) => id === "fc-leipzig")).toMatchObject({ active: false });
  expect((await location("open", "fc-leipzig")).stdout).toContain("fc-leipzig is open.");
});

test.each([
  [["create", "--id", "east", "--name", "E", "--kind", "store", ...leipzig], 1, "location_exists"],
  [
    ["create", "--id", "odd", "--name", "E", "--kind", "store", ...leipzig, "--time-zone", "Mars"],
    1,
    "time zone",
  ],
  [["create", "--id", "odd", "--name", "E", "--kind", "store"], 2, "--line1"],
  [["update", "east", "--hours", "always"], 2, "--hours cannot be read"],
  [["update", "east", "--latitude", "north"], 2, "--latitude must be a number"],
  [["show", "nowhere"], 1, "location_not_found"],
])("refuses %j with status %d and a reason", async (args, status, reason) => {
  const outcome = await location(...args);
  expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
  expect(outcome.stderr).toContain(reason);
});
