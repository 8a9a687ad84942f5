/** Sourcing rules as data: checked, set, kept in every version, and followed by the next order in every process. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SourcingRuleList } from "../config/sourcing-rule.ts";
import type { SourcingRulesView } from "../contract/sourcing-rules.ts";
import { followSettings } from "../operations/standing/follow-settings.ts";
import { seedSourcingRules } from "../store/settings/sourcing-rules.ts";
import { openDatabase } from "../store/sql/database.ts";
import { canonicalOrder, type GatewayWorld, type Reply, startGatewayWorld } from "../test-support/gateway.ts";

const PATH = "/v1/settings/sourcing-rules";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
  const address = { name: "W", line1: "1 Road", city: "Reno", region: "NV", country: "US" };
  const west = {
    id: "west",
    name: "West",
    kind: "fulfillment_center",
    address,
    latitude: 39.5,
    longitude: -119.8,
  };
  // East is 100 as well: where nothing else decides, the shorter way does.
  const made = await world.call("POST", "/v1/locations", {
    json: { ...west, priority: 100, parcelCostMinor: 100 },
    headers: withKey(),
  });
  expect(made.status, made.text).toBe(201);
  const { version } = (await world.call("GET", "/v1/locations/east")).json;
  await world.call("PATCH", "/v1/locations/east", {
    json: { version, parcelCostMinor: 900 },
    headers: withKey(),
  });
  await world.engine.client.execute([
    {
      type: "receive",
      commandId: "west",
      atMs: Date.now(),
      cause: "test",
      sku: "TEE-1",
      locationId: "west",
      quantity: 1_000,
    },
  ]);
});
afterAll(() => world.close());

const withKey = () => ({ "idempotency-key": crypto.randomUUID() });
const saidOf = ({ status, json }: Reply) => [status, json.code];
const show = async (): Promise<SourcingRulesView> => (await world.call("GET", PATH)).json;

async function set(rules: readonly unknown[], version?: number): Promise<Reply> {
  const json = { version: version ?? (await show()).version, rules };
  return world.call("POST", PATH, { json, headers: withKey() });
}

let serial = 0;
/** Where an order to New York ships from. */
async function shipsFrom(): Promise<string> {
  serial += 1;
  const reply = await world.call("POST", "/v1/orders?channel=web", {
    json: canonicalOrder(`rule-${serial}`),
    headers: withKey(),
  });
  const { rows } = await world.database.query<{ place: string }>(
    "select location_id as place from order_hold where order_id = $1",
    [reply.json.order],
  );
  return rows.map(({ place }) => place).join();
}

const near = [{ rule: "distance", reason: "The shorter way." }];
const cheap = [{ rule: "cost", reason: "What it costs us." }];

test("the rules that come along count until somebody sets others, and a file only where nobody has", async () => {
  expect(await show()).toMatchObject({
    version: 1,
    setBy: "standard",
    rules: [{ rule: "fewest_parcels" }, {}, {}, {}],
  });
  expect(await seedSourcingRules(world.database, near)).toBe(true);
  expect(await show()).toMatchObject({ version: 1, setBy: "file", rules: near });
  expect(await seedSourcingRules(world.database, cheap)).toBe(false);
  expect((await show()).rules).toEqual(near);
});

test("the next order is sourced by what was set, without a restart", async () => {
  await set(near);
  expect(await shipsFrom()).toBe("east");
  const changed = await set(cheap);
  expect(changed.json).toMatchObject({ version: 2, rules: cheap });
  expect(await shipsFrom()).toBe("west");
});

test("every version is kept, with who set it, and nobody overwrites what they have not seen", async () => {
  const { version } = await show();
  const weighted = [
    {
      reason: "Money and time.",
      weighted: [
        { rule: "cost", weight: 1 },
        { rule: "promise_date", weight: 200 },
      ],
    },
    { rule: "custom", attribute: "carbon", prefer: "low", reason: "Less of it." },
  ];
  expect((await set(weighted)).json).toMatchObject({ version: version + 1, rules: weighted });
  expect(saidOf(await set(near, version))).toEqual([409, "setting_changed"]);
  const first = (await world.call("GET", `${PATH}/versions?limit=1`)).json;
  expect(first.items).toMatchObject([
    { version: version + 1, rules: weighted, setBy: expect.stringMatching(/^api-key:/) },
  ]);
  const next = (await world.call("GET", `${PATH}/versions?cursor=${first.next}`)).json;
  expect(next.items.map((one: SourcingRulesView) => one.version)).toEqual([2, 1]);
  expect(saidOf(await world.call("GET", `${PATH}/versions?cursor=nonsense`))).toEqual([
    400,
    "invalid_cursor",
  ]);
  // What counted before is set again by its own text.
  expect((await set(next.items[0].rules)).json).toMatchObject({ version: version + 2, rules: cheap });
  const { json } = await world.call("GET", "/v1/setting-changes");
  expect(json.items[0]).toMatchObject({ subject: "sourcing-rules", version: version + 2 });
});

test("everything that is wrong is told at once, by its place, and changes nothing", async () => {
  const wrong = [
    { rule: "nearest", reason: "x" },
    { rule: "distance" },
    { reason: "x", weighted: [{ rule: "cost", weight: 0 }] },
    { rule: "custom", reason: "x", attribute: "a\u0000b", prefer: "low" },
    "distance",
  ];
  const before = { ...(await world.counts()), idempotency_key: 0 };
  const check = await world.call("POST", `${PATH}/check`, { json: { rules: wrong } });
  expect(check.json.problems.map(({ path }: { path: string }) => path)).toEqual([
    "rules[0].rule",
    "rules[1].reason",
    "rules[2].weighted[0].weight",
    "rules[3].attribute",
    "rules[4]",
  ]);
  const refused = await set(wrong);
  expect(saidOf(refused)).toEqual([422, "sourcing_rules_invalid"]);
  for (const { path } of check.json.problems) expect(refused.json.detail).toContain(path);
  expect(saidOf(await set([]))).toEqual([422, "sourcing_rules_invalid"]);
  expect(saidOf(await set([{ rule: "distance", reason: "\u0000" }]))).toEqual([
    422,
    "sourcing_rules_invalid",
  ]);
  expect((await world.call("POST", `${PATH}/check`, { json: { rules: near } })).json).toEqual({
    problems: [],
  });
  expect({ ...(await world.counts()), idempotency_key: 0 }).toEqual(before);
});

test("every process follows, as soon as they are set", async () => {
  const { options } = world.database as unknown as { options: { connectionString: string } };
  const elsewhere = openDatabase(options.connectionString, { maxConnections: 2 });
  let followed: SourcingRuleList = [];
  const allocator = {
    setLocations: () => {},
    setKits: () => {},
    setSourcingRules: (rules: SourcingRuleList) => {
      followed = rules;
    },
  } as unknown as typeof world.engine.client;
  const following = followSettings(
    { database: elsewhere, allocator, parcelLimit: () => null, now: Date.now },
    { error: () => {} } as never,
  );
  const named = () => followed.flat().map(({ rule }) => rule);
  try {
    await expect.poll(named, { timeout: 3_000 }).toEqual(["cost"]);
    await set(near);
    await expect.poll(named, { timeout: 3_000 }).toEqual(["distance"]);
  } finally {
    await following.stop();
    await elsewhere.end();
  }
});
