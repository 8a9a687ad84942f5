/**
 * Settings as people change them: each counts at once, nobody overwrites another, and who did what is kept.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { StaffRole } from "../store/access/staff.ts";
import { catalogOf } from "../store/catalog/catalog.ts";
import { beginCollection, readCollection } from "../store/floor/collections.ts";
import { openDatabase } from "../store/sql/database.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  type Reply,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { packingTable } from "../test-support/orders/packing-table.ts";

let world: GatewayWorld;
const cookies = new Map<StaffRole, string>();

beforeAll(async () => {
  world = await startGatewayWorld();
  for (const role of ["admin", "operations", "finance", "service"] as const) {
    const reply = await world.call("POST", "/v1/sessions", {
      anonymous: true,
      json: { email: `${role}@acme.example`, password: STAFF_PASSWORD },
    });
    cookies.set(role, (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "");
  }
});

afterAll(() => world.close());

function as(role: StaffRole, method: string, path: string, json?: unknown): Promise<Reply> {
  return world.call(method, path, {
    anonymous: true,
    headers: {
      origin: world.url,
      cookie: cookies.get(role) ?? "",
      ...(method === "POST" ? { "idempotency-key": crypto.randomUUID() } : {}),
    },
    ...(json === undefined ? {} : { json }),
  });
}

const saidOf = ({ status, json }: Reply) => [status, json.code];

async function changesOf(subject: string) {
  const { json } = await as("admin", "GET", "/v1/setting-changes");
  return (json.items as readonly { subject: string }[]).filter((change) => change.subject === subject);
}

describe("a channel's rules", () => {
  async function rules(channel = "web") {
    return (await as("operations", "GET", `/v1/channels/${channel}/settings`)).json;
  }

  const order = (number: string) => ({
    id: number,
    currency: "USD",
    lines: [{ sku: "TEE-1", title: "Tee", quantity: 1, unitPrice: "20.00" }],
    paymentMethod: "pm_card_visa",
    paymentBy: "channel",
    customer: { name: "Ada", email: "ada@example.com" },
    shippingAddress: {
      name: "Ada",
      line1: "1200 Market Street",
      city: "Columbus",
      region: "OH",
      postalCode: "43215",
      country: "US",
    },
  });

  async function capture(number: string) {
    const sent = await world.call("POST", "/v1/orders?channel=web", {
      json: order(number),
      headers: { "idempotency-key": number },
    });
    return (await world.call("GET", `/v1/orders/${sent.json.order}`)).json;
  }

  test("count for the next order, and leave alone what they do not name", async () => {
    const before = await rules();
    const changed = await as("operations", "POST", "/v1/channels/web/settings", {
      version: before.version,
      chargedBy: "merchant",
      shopperChangesMinutes: 120,
    });
    expect(changed.json).toEqual({
      ...before,
      version: before.version + 1,
      chargedBy: "merchant",
      shopperChangesMinutes: 120,
    });
    expect((await capture("RULE-1")).document.paymentBy).toBe("merchant");
    await as("operations", "POST", "/v1/channels/web/settings", {
      version: before.version + 1,
      chargedBy: "channel",
    });
    expect((await capture("RULE-2")).document.paymentBy).toBe("channel");
  });

  test("are seen by another process within five seconds", async () => {
    const elsewhere = openDatabase(
      (world.database as unknown as { options: { connectionString: string } }).options.connectionString,
      { maxConnections: 1 },
    );
    try {
      const catalog = catalogOf(elsewhere);
      expect((await catalog.channel("web"))?.onShortage).toBe("refuse");
      await as("operations", "POST", "/v1/channels/web/settings", {
        version: (await rules()).version,
        onShortage: "hold",
      });
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 5_000 });
      expect((await catalog.channel("web"))?.onShortage).toBe("hold");
    } finally {
      vi.useRealTimers();
      await elsewhere.end();
    }
  });

  test("switched off, orders of the channel are refused at once", async () => {
    const { version } = await rules();
    await as("operations", "POST", "/v1/channels/web/settings", { version, active: false });
    const sent = await world.call("POST", "/v1/orders?channel=web", {
      json: order("OFF-1"),
      headers: { "idempotency-key": "OFF-1" },
    });
    await as("operations", "POST", "/v1/channels/web/settings", { version: version + 1, active: true });
    expect(sent.json.code).toBe("channel_inactive");
  });

  test("of two who change the same version one is told, and nothing of it counts", async () => {
    const { version } = await rules();
    const answers = await Promise.all(
      [45, 90].map((minutes) =>
        as("operations", "POST", "/v1/channels/web/settings", { version, shopperChangesMinutes: minutes }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const won = answers.find(({ status }) => status === 200)?.json;
    expect(answers.find(({ status }) => status === 409)?.json.code).toBe("setting_changed");
    expect(await rules()).toEqual(won);
    // Said again after a lost answer, it is done already.
    const again = await as("operations", "POST", "/v1/channels/web/settings", {
      version,
      shopperChangesMinutes: won.shopperChangesMinutes,
    });
    expect([again.status, again.json.version]).toEqual([200, version + 1]);
  });

  test("keep who changed what", async () => {
    const { version, shopperChangesMinutes } = await rules();
    await as("admin", "POST", "/v1/channels/web/settings", { version, shopperChangesMinutes: 7 });
    expect((await changesOf("channel:web"))[0]).toMatchObject({
      version: version + 1,
      changedBy: "admin",
      changes: [{ field: "shopperChangesMinutes", from: shopperChangesMinutes, to: 7 }],
    });
  });

  test("that make no sense are refused by name and change nothing", async () => {
    const before = await world.counts();
    expect(
      saidOf(await as("admin", "POST", "/v1/channels/shopify/settings", { version: 1, chargedBy: "order" })),
    ).toEqual([422, "charging_rule_impossible"]);
    expect(
      saidOf(await as("admin", "POST", "/v1/channels/nowhere/settings", { version: 1, active: false })),
    ).toEqual([404, "channel_not_found"]);
    expect(
      saidOf(
        await as("admin", "POST", "/v1/channels/web/settings", { version: 1, shopperChangesMinutes: -1 }),
      ),
    ).toEqual([400, "invalid_request"]);
    expect(saidOf(await as("service", "GET", "/v1/channels/web/settings"))).toEqual([403, "forbidden"]);
    expect({ ...(await world.counts()), idempotency_key: 0 }).toEqual({ ...before, idempotency_key: 0 });
  });
});

describe("the limits of what a role may give away", () => {
  async function limits() {
    return (await as("finance", "GET", "/v1/refund-limits")).json;
  }
  const set = async (role: StaffRole, wanted: readonly unknown[]) =>
    as(role, "POST", "/v1/refund-limits", { version: (await limits()).version, limits: wanted });
  const grant = (role: StaffRole, email: string, amountMinor: number) =>
    as(role, "POST", "/v1/store-credit", { email, currency: "USD", amountMinor });

  test("are those of the environment until somebody sets them", async () => {
    expect(await limits()).toMatchObject({
      version: 1,
      from: "environment",
      limits: [
        { role: "service", amount: "50.00", currency: null },
        { role: "operations", amount: "250.00", currency: null },
      ],
    });
  });

  test("count for the next gift, with what the role has given today before it had one", async () => {
    expect((await grant("finance", "ada@example.com", 5_00)).status).toBe(201);
    const changed = await set("admin", [{ role: "finance", amount: "6.00", currency: null }]);
    expect([changed.status, changed.json.from]).toEqual([200, "page"]);
    const tooMuch = await grant("finance", "ada@example.com", 2_00);
    expect(saidOf(tooMuch)).toEqual([403, "refund_limit_exceeded"]);
    expect(tooMuch.json.detail).toContain("5.00");
    expect((await grant("finance", "ada@example.com", 1_00)).status).toBe(201);
    // Who is not named has no limit any more.
    expect((await grant("operations", "eve@example.com", 900_00)).status).toBe(201);
    expect((await changesOf("refund-limits"))[0]).toMatchObject({
      changes: expect.arrayContaining([
        { field: "finance", from: null, to: "6.00 USD" },
        { field: "operations", from: "250.00 USD", to: null },
      ]),
    });
  });

  test("are set by who has none, and not by whom they bind", async () => {
    expect(saidOf(await set("operations", []))).toEqual([403, "forbidden"]);
    expect(saidOf(await set("finance", []))).toEqual([403, "forbidden"]);
  });

  test.each([
    ["for a role that gives nothing", [{ role: "warehouse", amount: "5", currency: null }]],
    ["in no currency", [{ role: "service", amount: "5", currency: "XXY" }]],
    ["finer than the currency", [{ role: "service", amount: "5.5", currency: "JPY" }]],
    [
      "twice in one currency",
      [
        { role: "service", amount: "5", currency: null },
        { role: "service", amount: "6", currency: "USD" },
      ],
    ],
  ])("are refused %s, and stay as they are", async (_why, wanted) => {
    const before = await limits();
    expect(saidOf(await set("admin", wanted))).toEqual([422, "refund_limits_invalid"]);
    expect(await limits()).toEqual(before);
  });
});

describe("rules by which a person looks first", () => {
  const path = "/v1/channels/web/hold-rules";
  async function captured(number: string, unitPrice: string) {
    const sent = await world.call("POST", "/v1/orders?channel=web", {
      json: canonicalOrder(number, { lines: [{ sku: "TEE-1", quantity: 1, unitPrice }] }),
      headers: { "idempotency-key": number },
    });
    expect(sent.status, sent.text).toBe(201);
    return (await world.call("GET", `/v1/orders/${sent.json.order}`)).json;
  }

  test("hold the next order that they name, in every process; released, it goes on", async () => {
    const { json: before } = await as("operations", "GET", path);
    expect(before).toMatchObject({ channel: "web", aboveMinor: {}, skus: [], countries: [], notes: false });
    const { connectionString } = (world.database as unknown as { options: { connectionString: string } })
      .options;
    const elsewhere = openDatabase(connectionString, { maxConnections: 1 });
    const other = catalogOf(elsewhere);
    expect((await other.channel("web"))?.holdRules).toEqual({});
    const rules = { version: before.version, aboveMinor: { USD: 10_000 } };
    const set = await as("operations", "POST", path, rules);
    expect([set.status, set.json.aboveMinor]).toEqual([200, { USD: 10_000 }]);
    expect(saidOf(await as("service", "POST", path, rules))).toEqual([403, "forbidden"]);
    expect(saidOf(await as("admin", "POST", path, { ...rules, notes: true }))).toEqual([
      409,
      "setting_changed",
    ]);
    const cheap = await captured("look-1", "19.99");
    expect(cheap.summary).toMatchObject({ status: "open" });
    const dear = await captured("look-2", "199.00");
    expect(dear.summary).toMatchObject({
      status: "on_hold",
      holdReasons: [{ code: "held_by_rule", detail: expect.stringMatching(/^It costs \d+\.\d\d USD\.$/) }],
    });
    const { id } = dear.summary;
    const released = await as("operations", "POST", `/v1/orders/${id}/release-hold`, {});
    expect(released.json, released.text).toMatchObject({ holdReasons: [] });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 5_000 });
    expect((await other.channel("web"))?.holdRules.aboveMinor).toEqual({ USD: 10_000 });
    vi.useRealTimers();
    await elsewhere.end();
    const gone = { version: set.json.version, aboveMinor: {} };
    expect((await as("operations", "POST", path, gone)).json).toMatchObject({ aboveMinor: {} });
    expect(await changesOf("hold-rules:web")).toMatchObject([
      { changes: [{ field: "aboveMinor", from: { USD: 10_000 }, to: {} }] },
      { changes: [{ field: "aboveMinor", from: {}, to: { USD: 10_000 } }] },
    ]);
  });

  test("that name no currency, no country or nothing known are refused", async () => {
    for (const wrong of [{ aboveMinor: { usd: 1 } }, { countries: ["Brazil"] }, { colour: "red" }])
      expect(saidOf(await as("operations", "POST", path, { version: 1, ...wrong }))).toEqual([
        400,
        "invalid_request",
      ]);
    const { json: before } = await as("operations", "GET", path);
    const { version } = before;
    for (const [wrong, detail] of [
      [{ aboveMinor: { USD: 1, QQQ: 1 } }, /"QQQ" is no currency/],
      [{ countries: ["US", "ZZ"] }, /"ZZ" is no country/],
      [{ countries: ["UK"] }, /"UK" is no country of ISO 3166-1: GB is meant/],
    ] as const) {
      const refused = await as("operations", "POST", path, { version, ...wrong });
      expect(saidOf(refused)).toEqual([422, "hold_rules_invalid"]);
      expect(refused.json.detail).toMatch(detail);
    }
    expect((await as("operations", "GET", path)).json).toEqual(before);
    const ofReturns = { askAboveMinor: { QQQ: 1 } };
    expect(saidOf(await as("operations", "POST", "/v1/channels/web/return-rules", ofReturns))).toEqual([
      422,
      "return_rules_invalid",
    ]);
    const nowhere = "/v1/channels/nowhere/hold-rules";
    expect(saidOf(await as("operations", "GET", nowhere))).toEqual([404, "channel_not_found"]);
    expect(saidOf(await as("operations", "POST", nowhere, { version: 1 }))).toEqual([
      404,
      "channel_not_found",
    ]);
  });
});

test("what a parcel may weigh is set for the company and each place, and kept with who set it", async () => {
  const path = "/v1/parcel-limits";
  const { json: before } = await as("operations", "GET", path);
  expect(before).toMatchObject({ version: 1, company: null });
  const places = [{ location: "east", maxGrams: 12_000 }];
  const set = await as("operations", "POST", path, { version: 1, company: 25_000, places });
  expect(set.json).toMatchObject({ version: 2, company: 25_000 });
  expect(set.json.places).toContainEqual(expect.objectContaining({ location: "east", maxGrams: 12_000 }));
  expect(saidOf(await as("admin", "POST", path, { version: 1, company: 1 }))).toEqual([
    409,
    "setting_changed",
  ]);
  expect(saidOf(await as("finance", "POST", path, { version: 2, company: 1 }))).toEqual([403, "forbidden"]);
  expect(saidOf(await as("admin", "POST", path, { version: 2, company: 0 }))).toEqual([
    400,
    "invalid_request",
  ]);
  const nowhere = [{ location: "nowhere", maxGrams: 1 }];
  expect(saidOf(await as("admin", "POST", path, { version: 2, places: nowhere }))).toEqual([
    404,
    "location_not_found",
  ]);
  const twice = [
    { location: "east", maxGrams: 1 },
    { location: "east", maxGrams: 2 },
  ];
  const contradictory = await as("admin", "POST", path, { version: 2, places: twice });
  expect(saidOf(contradictory)).toEqual([422, "parcel_limits_invalid"]);
  expect(contradictory.json.detail).toContain('"east"');
  const none = { version: 2, company: null, places: [{ location: "east", maxGrams: null }] };
  expect((await as("admin", "POST", path, none)).json).toMatchObject({ version: 3, company: null });
  const { json } = await as("admin", "GET", "/v1/setting-changes");
  const [last] = (json.items as readonly { subject: string; changes: unknown }[]).filter(({ subject }) =>
    subject.startsWith("parcel-limits:"),
  );
  expect(last?.changes).toEqual(
    expect.arrayContaining([
      { field: "company", from: 25_000, to: null },
      { field: "at east", from: 12_000, to: null },
    ]),
  );
});

test("a store's rules for pickup count for what is ready from then on, and keep who changed them", async () => {
  const path = "/v1/locations/east/pickup-rules";
  const { json: before } = await as("operations", "GET", path);
  expect(before).toEqual({ location: "east", version: 1, keptDays: 7, reminderAfterDays: 3 });
  const table = await packingTable(world, "pickup-rules");
  const set = await as("operations", "POST", path, { version: 1, keptDays: 2, reminderAfterDays: null });
  expect(set.json).toEqual({ location: "east", version: 2, keptDays: 2, reminderAfterDays: null });
  await beginCollection(world.database, table.id);
  const { rows } = await world.database.query(
    `select extract(day from expires_at - ready_at)::integer as days, remind_at as remind
     from collection where fulfillment_order_id = $1`,
    [table.id],
  );
  expect(rows).toEqual([{ days: 2, remind: null }]);
  // The last day is the store's, whatever the server's day is: by its zone, and by its longitude without one.
  const lastDay = async (place: string): Promise<unknown> => {
    await world.database.query(`update location set ${place} where id = 'east'`);
    return (await readCollection(world.database, table.id))?.until;
  };
  await world.database.query(
    "update collection set expires_at = '2026-03-05T02:30:00Z' where fulfillment_order_id = $1",
    [table.id],
  );
  expect([
    await lastDay("time_zone = 'America/Los_Angeles'"),
    await lastDay("time_zone = 'Asia/Tokyo'"),
    await lastDay("time_zone = null, longitude = -74"),
    await lastDay("longitude = 151"),
  ]).toEqual(["2026-03-04", "2026-03-05", "2026-03-04", "2026-03-05"]);
  expect(saidOf(await as("admin", "POST", path, { version: 1, keptDays: 9 }))).toEqual([
    409,
    "setting_changed",
  ]);
  expect(saidOf(await as("operations", "POST", path, { version: 2, reminderAfterDays: 2 }))).toEqual([
    422,
    "pickup_rules_impossible",
  ]);
  expect(saidOf(await as("finance", "POST", path, { version: 2, keptDays: 9 }))).toEqual([403, "forbidden"]);
  expect(saidOf(await as("finance", "GET", "/v1/locations/nowhere/pickup-rules"))).toEqual([
    404,
    "location_not_found",
  ]);
  expect(await changesOf("pickup-rules:east")).toMatchObject([
    {
      version: 2,
      changes: [
        { field: "keptDays", from: 7, to: 2 },
        { field: "reminderAfterDays", from: 3, to: null },
      ],
    },
  ]);
});

test("return rules have a version, too, and a change that names none counts as before", async () => {
  const path = "/v1/channels/web/return-rules";
  const { version } = (await as("admin", "GET", path)).json;
  const changed = await as("admin", "POST", path, { version, windowDays: 14 });
  expect([changed.json.version, changed.json.windowDays]).toEqual([version + 1, 14]);
  expect(saidOf(await as("admin", "POST", path, { version, windowDays: 60 }))).toEqual([
    409,
    "setting_changed",
  ]);
  expect((await as("admin", "POST", path, { windowDays: 21 })).json.windowDays).toBe(21);
  expect((await changesOf("return-rules:web"))[0]).toMatchObject({
    changes: [{ field: "windowDays", from: 14, to: 21 }],
  });
});

describe("the accounts at vendors", () => {
  afterEach(() => world.database.query("delete from payment_authorization where provider = 'paywell'"));

  test("are listed in their order, without any secret", async () => {
    const { json, text } = await as("finance", "GET", "/v1/vendor-accounts");
    expect(json.items).toMatchObject([
      { kind: "payments", provider: "stripe", account: "unsigned", state: "first", open: 0 },
      { kind: "carriers", provider: "easypost", account: "default", state: "first", open: 0 },
      { kind: "carriers", provider: "easypost", account: "returns", state: "listed", open: 0 },
    ]);
    expect(text).not.toContain("secret");
  });

  test("that the environment no longer names are shown as long as business is open there", async () => {
    await world.database.query(
      `insert into payment_authorization (key, order_id, provider, account, reference, currency, amount_minor, state)
       select 'missing-1', id, 'paywell', 'default', 'r', 'USD', 100, 'open' from orders limit 1`,
    );
    const { json } = await as("finance", "GET", "/v1/vendor-accounts");
    expect(json.items).toContainEqual(
      expect.objectContaining({
        kind: "payments",
        provider: "paywell",
        account: "default",
        state: "missing",
        open: 1,
      }),
    );
  });
});

test("changes are listed page by page, the newest first", async () => {
  const all = (await as("admin", "GET", "/v1/setting-changes")).json.items;
  const seen: unknown[] = [];
  let cursor: string | null = null;
  do {
    const page: Reply = await as(
      "admin",
      "GET",
      `/v1/setting-changes?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`,
    );
    seen.push(...page.json.items);
    cursor = page.json.next;
  } while (cursor !== null);
  expect(all.length).toBeGreaterThan(4);
  expect(seen).toEqual(all);
});
