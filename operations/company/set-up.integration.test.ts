/** Setting up as an operation: what is refused, and that a refusal leaves nothing. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Setup } from "../../contract/company.ts";
import { insertCompany } from "../../store/catalog/companies.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { readSetupState, setUp } from "./set-up.ts";

let world: TestDatabase;
beforeAll(async () => {
  world = await createTestDatabase();
});
afterAll(() => world.close());

const SETUP: Setup = {
  company: { name: "Acme", timeZone: "America/New_York", currency: "USD" },
  administrator: { name: "Ada", email: "Ada@Acme.example", password: "seven quiet lamps" },
  location: { name: "East", line1: "1 Dock Road", city: "Newark", region: "NJ", country: "US" },
};

test.each<[string, Partial<Setup>, string]>([
  [
    "a time zone that there is not",
    { company: { ...SETUP.company, timeZone: "Mars/Olympus" } },
    "unknown_time_zone",
  ],
  ["a currency that there is not", { company: { ...SETUP.company, currency: "QQQ" } }, "unknown_currency"],
  ["a country that there is not", { location: { ...SETUP.location, country: "QQ" } }, "unknown_country"],
  ["half a place", { location: { ...SETUP.location, latitude: 40.7 } }, "place_incomplete"],
  [
    "a password that is the name",
    { administrator: { ...SETUP.administrator, password: "ada@acme.example" } },
    "password_refused",
  ],
])("%s is refused, and nothing is made", async (_name, change, code) => {
  expect(await setUp(world.database, { ...SETUP, ...change })).toMatchObject({ status: "refused", code });
  expect(await readSetupState(world.database)).toEqual({ state: "empty" });
});

test("of five at the same time one sets up, and the others are told what there is", async () => {
  const results = await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      setUp(world.database, { ...SETUP, company: { ...SETUP.company, name: `Acme ${index}` } }),
    ),
  );
  const [done] = results.filter(({ status }) => status === "done");
  expect(done).toMatchObject({
    made: {
      company: expect.stringMatching(/^acme-\d$/),
      administrator: "ada@acme.example",
      location: "east",
    },
  });
  const refused = results.filter(({ status }) => status === "refused");
  expect(refused).toHaveLength(4);
  for (const one of refused)
    expect(one).toMatchObject({ code: "already_set_up", detail: expect.stringMatching(/Acme.* of its own/) });
  const { rows } = await world.database.query(
    `select (select count(*)::int from company) as companies, (select count(*)::int from staff) as people,
            (select array_agg(time_zone) from location) as locations,
            (select array_agg(distinct changed_by) from setting_change) as by`,
  );
  expect(rows).toEqual([{ companies: 1, people: 1, locations: ["America/New_York"], by: ["set-up"] }]);
  // And whoever goes around the operation meets the table.
  await expect(
    insertCompany(world.database, { id: "second", name: "Second", currency: "USD" }),
  ).rejects.toMatchObject({ constraint: "company_only_row_key" });
});
