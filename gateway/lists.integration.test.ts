/** Lists as staff work with them: found, sorted, narrowed, exported, and kept as views. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  canonicalOrder,
  type GatewayWorld,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
  await send("L-100", "TEE-1", 1, {
    customer: { name: "Grace Hopper", email: "grace@navy.example", phone: "+1 202 555 0143" },
  });
  await send("L-200", "MUG-1", 5, {
    shippingAddress: {
      name: "Ada Lovelace",
      line1: "1 Main Street",
      city: "London",
      postalCode: "SW1A 1AA",
      country: "GB",
    },
  });
  await send("L-300", "NOBODY-KNOWS", 2, {});
  await world.database.query(
    `update orders set ship_by = case id when 'web-L-200' then '2026-12-01'::date when 'web-L-100' then '2026-12-05' end,
       captured_at = case id when 'web-L-100' then '2026-11-20T23:30:00Z'::timestamptz
                             when 'web-L-200' then '2026-11-21T10:00:00Z' else '2026-11-22T10:00:00Z' end`,
  );
});
afterAll(() => world.close());

async function send(number: string, sku: string, quantity: number, change: object): Promise<void> {
  const reply = await world.call("POST", "/v1/orders", {
    json: canonicalOrder(number, {
      lines: [{ sku, title: "A thing", quantity, unitPrice: "10.00" }],
      ...change,
    }),
    headers: { "idempotency-key": number },
  });
  expect(reply.status).toBe(201);
}

async function signIn(person: string): Promise<Readonly<Record<string, string>>> {
  const reply = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: `${person}@acme.example`, password: STAFF_PASSWORD },
  });
  return { cookie: (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "", origin: world.url };
}

async function found(query: string, headers?: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const reply = await world.call("GET", `/v1/orders?${query}`, {
    ...(headers === undefined ? {} : { headers, anonymous: true }),
  });
  expect(reply.status, reply.text).toBe(200);
  return reply.json.items.map((order: { id: string }) => order.id.replace("web-", ""));
}

describe("orders are found", () => {
  test.each([
    ["a part of the number, with blanks around it", " 100 ", ["L-100"]],
    ["the number in another case", "l-200", ["L-200"]],
    ["the customer's name", "hopper", ["L-100"]],
    ["the e-mail address in another case", "Grace@navy.example", ["L-100"]],
    ["a telephone number as somebody writes it", "(202) 555-0143", ["L-100"]],
    ["the whole SKU", "MUG-1", ["L-200"]],
    ["the beginning of a SKU in another case", "mug", ["L-200"]],
    ["a SKU that the catalog does not know", "NOBODY-KNOWS", ["L-300"]],
    ["a sign that patterns know", "%", []],
  ])("by %s", async (_what, text, expected) => {
    expect(await found(`q=${encodeURIComponent(text)}`)).toEqual(expected);
  });

  test("by the postcode, however it is written", async () => {
    expect(await found("q=sw1a1aa")).toEqual(["L-200"]);
    expect(await found("q=SW1A-1AA")).toEqual(["L-200"]);
  });

  test("by the tracking number of a parcel, also in the carrier's barcode", async () => {
    await world.database.query(
      `insert into shipment (id, order_id, carrier_provider, carrier_shipment_id, carrier, service, tracking_number,
         cost_minor, currency, weight_grams, label_zpl, label_pdf)
       values ('S-L', 'web-L-100', 'easypost', 'shp_1', 'usps', 'Ground', '9400111202555842332669', 1, 'USD', 1, '', '')`,
    );
    expect(await found("q=9400%201112%200255%205842%203326%2069")).toEqual(["L-100"]);
    expect(await found("q=420100019400111202555842332669")).toEqual(["L-100"]);
  });

  test("and not by what the caller does not see", async () => {
    const warehouse = await signIn("warehouse");
    expect(await found("q=grace@navy", warehouse)).toEqual([]);
    expect(await found("q=2025550143", warehouse)).toEqual([]);
    expect(await found("q=hopper", warehouse)).toEqual(["L-100"]);
  });

  test("each way over its index", async () => {
    const plans = [
      "select id from orders where id ilike '%abc-1%' or external_number ilike '%abc-1%'",
      "select order_id from order_line where lower(sku) like 'abc%'",
      "select order_id from order_line where lower(channel_sku) like 'abc%'",
      "select order_id from done_elsewhere where upper(tracking_number) = any('{ABC}')",
    ];
    const client = await world.database.connect();
    try {
      await client.query("set enable_seqscan = off");
      for (const statement of plans) {
        const { rows } = await client.query<{ "QUERY PLAN": string }>(`explain ${statement}`);
        expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).not.toContain("Seq Scan");
      }
    } finally {
      await client.query("reset enable_seqscan");
      client.release();
    }
  });
});

describe("orders are listed", () => {
  test.each([
    ["", ["L-300", "L-200", "L-100"]],
    ["sort=captured", ["L-100", "L-200", "L-300"]],
    ["sort=-total", ["L-200", "L-300", "L-100"]],
    ["sort=total", ["L-100", "L-300", "L-200"]],
    ["sort=ship-by", ["L-200", "L-100", "L-300"]],
    ["hold=unknown_sku", ["L-300"]],
    ["status=on_hold", ["L-300"]],
    ["fulfillment=unfulfilled&from=2026-11-22", ["L-300"]],
    ["location=nowhere", []],
  ])("as %j asks", async (query, expected) => {
    expect(await found(query)).toEqual(expected);
  });

  test("by days of the company's time zone, the first and the last included", async () => {
    await world.database.query("update company set time_zone = 'Asia/Tokyo'");
    // 23:30 in London is the next morning in Tokyo.
    expect(await found("from=2026-11-21&to=2026-11-21")).toEqual(["L-200", "L-100"]);
    expect(await found("to=2026-11-20")).toEqual([]);
    await world.database.query("update company set time_zone = 'America/New_York'");
    expect(await found("to=2026-11-20")).toEqual(["L-100"]);
  });

  test.each(["-captured", "captured", "-updated", "updated", "ship-by", "-total", "total"])(
    "page by page in the order %s, each order once",
    async (sort) => {
      const seen: string[] = [];
      let cursor = "";
      do {
        const { json } = await world.call("GET", `/v1/orders?sort=${sort}&limit=1&cursor=${cursor}`);
        seen.push(...json.items.map((order: { id: string }) => order.id.replace("web-", "")));
        cursor = json.next ?? "";
      } while (cursor !== "" && seen.length < 10);
      expect(seen).toEqual(await found(`sort=${sort}`));
      expect(seen).toHaveLength(3);
    },
  );

  test("not with the cursor of another order of the list, a day that there is not, or an unknown order", async () => {
    const { json } = await world.call("GET", "/v1/orders?sort=total&limit=1");
    for (const [query, code] of [
      [`sort=captured&cursor=${json.next}`, "invalid_cursor"],
      ["from=2026-02-30", "invalid_request"],
      ["sort=customer", "invalid_request"],
    ]) {
      const reply = await world.call("GET", `/v1/orders?${query}`);
      expect([reply.status, reply.json.code]).toEqual([400, code]);
    }
  });
});

describe("orders are exported", () => {
  test("as the list shows them, with formulas made text and without addresses", async () => {
    await world.database.query(
      `update orders set customer_name = '=HYPERLINK("http://evil.example")' where id = 'web-L-200'`,
    );
    const { text, headers } = await world.call("GET", "/v1/orders/export.csv?sort=captured");
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(headers.get("content-disposition")).toBe('attachment; filename="orders.csv"');
    const rows = text.trimEnd().split("\r\n");
    expect(rows[0]).toMatch(/^order,order_number,channel,customer,status,/);
    expect(rows.map((row) => row.split(",")[1])).toEqual(["order_number", "L-100", "L-200", "L-300"]);
    expect(rows[2]).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
    expect(rows[3]).toContain(",on_hold,unknown_sku,");
    expect(text).not.toMatch(/navy\.example|Main Street|555/);
    const { json } = await world.call("GET", "/v1/audit?act=orders.exported&limit=1");
    expect(json.items[0]).toMatchObject({ act: "orders.exported", after: { sort: "captured", rows: 3 } });
  });

  test("by whoever may, and what was searched for is not recorded", async () => {
    const refused = await world.call("GET", "/v1/orders/export.csv", {
      headers: await signIn("warehouse"),
      anonymous: true,
    });
    expect([refused.status, refused.json.code]).toEqual([403, "forbidden"]);
    const done = await world.call("GET", "/v1/orders/export.csv?q=hopper", {
      headers: await signIn("service"),
      anonymous: true,
    });
    expect(done.text.split("\r\n")).toHaveLength(3);
    const { json } = await world.call("GET", "/v1/audit?act=orders.exported&limit=1");
    expect(JSON.stringify(json.items[0])).not.toContain("hopper");
  });
});

describe("views of lists", () => {
  const view = { list: "orders", name: "Late ones", query: "status=open&sort=ship-by" };
  const as = (headers: Readonly<Record<string, string>>, method: string, path: string, json?: unknown) =>
    world.call(method, path, { anonymous: true, headers, ...(json === undefined ? {} : { json }) });

  test("are one's own, change under their name, and are deleted", async () => {
    const [service, finance] = [await signIn("service"), await signIn("finance")];
    const made = await as(service, "POST", "/v1/views", view);
    expect(made.json).toMatchObject({ ...view, sharedWith: null, own: true });
    const changed = await as(service, "POST", "/v1/views", { ...view, query: "status=open" });
    expect(changed.json).toMatchObject({ id: made.json.id, query: "status=open" });
    expect((await as(service, "GET", "/v1/views")).json.items).toHaveLength(1);
    expect((await as(finance, "GET", "/v1/views")).json.items).toEqual([]);
    const foreign = await as(finance, "DELETE", `/v1/views/${made.json.id}`);
    expect([foreign.status, foreign.json.code]).toEqual([404, "not_found"]);
    expect((await as(service, "DELETE", `/v1/views/${made.json.id}`)).json).toEqual({ status: "done" });
    expect((await as(service, "GET", "/v1/views")).json.items).toEqual([]);
  });

  test("are shared with one's own role, and with others by who sets roles", async () => {
    const [service, finance, admin] = [
      await signIn("service"),
      await signIn("finance"),
      await signIn("admin"),
    ];
    const shared = await as(service, "POST", "/v1/views", { ...view, sharedWith: "service" });
    expect(shared.status).toBe(200);
    const refused = await as(service, "POST", "/v1/views", { ...view, sharedWith: "finance" });
    expect([refused.status, refused.json.code]).toEqual([403, "forbidden"]);
    const unknown = await as(admin, "POST", "/v1/views", { ...view, sharedWith: "nobody" });
    expect([unknown.status, unknown.json.code]).toEqual([404, "role_not_found"]);
    await as(admin, "POST", "/v1/views", { ...view, name: "For finance", sharedWith: "finance" });
    expect((await as(finance, "GET", "/v1/views")).json.items).toMatchObject([
      { name: "For finance", own: false, sharedWith: "finance" },
    ]);
    // Whoever sets roles takes away what somebody shares.
    expect((await as(admin, "DELETE", `/v1/views/${shared.json.id}`)).status).toBe(200);
  });

  test("are no more than a person may keep, and a known name is still saved", async () => {
    const store = await signIn("store");
    await world.database.query(
      `insert into saved_view (id, staff_id, list, name, query)
       select 'many' || n, (select id from staff where email = 'store@acme.example'), 'stock', 'View ' || n, ''
         from generate_series(1, 100) n`,
    );
    const refused = await as(store, "POST", "/v1/views", view);
    expect([refused.status, refused.json.code]).toEqual([409, "too_many_views"]);
    const known = await as(store, "POST", "/v1/views", { list: "stock", name: "View 7", query: "low=3" });
    expect(known.json).toMatchObject({ id: "many7", query: "low=3" });
  });

  test("are a person's: a key has none", async () => {
    expect((await world.call("GET", "/v1/views")).json.code).toBe("not_found");
  });
});

describe("stock is listed", () => {
  const positions = async (query: string): Promise<readonly string[]> => {
    const { json } = await world.call("GET", `/v1/stock?${query}`);
    return json.items.map((row: { sku: string }) => row.sku);
  };
  const command = (type: string, more: object) =>
    world.call("POST", "/v1/stock/commands", {
      json: {
        commands: [
          {
            type,
            sku: "HOT-1",
            locationId: "east",
            commandId: `${type}-${JSON.stringify(more)}`.slice(0, 100),
            atMs: Date.now(),
            cause: "a test",
            ...more,
          },
        ],
      },
    });

  test("by what is free to promise, and only what is low", async () => {
    await command("set-safety-stock", { quantity: 99_997 });
    await world.engine.projected();
    expect((await positions("sort=available"))[0]).toBe("HOT-1");
    expect((await positions("sort=-available")).at(-1)).toBe("HOT-1");
    expect(await positions("availableAtMost=3")).toEqual(["HOT-1"]);
    expect(await positions("availableAtMost=2")).toEqual([]);
    const seen: string[] = [];
    let cursor = "";
    do {
      const { json } = await world.call("GET", `/v1/stock?sort=-on-hand&limit=1&cursor=${cursor}`);
      seen.push(...json.items.map((row: { sku: string }) => row.sku));
      cursor = json.next ?? "";
    } while (cursor !== "" && seen.length < 10);
    expect([...seen].sort()).toEqual([...(await positions(""))].sort());
  });

  test("with its movements page by page, as a table, and with what is on its way", async () => {
    await command("expect", { reference: "PO-7", quantity: 40, dueAtMs: Date.now() + 86_400_000 });
    for (const quantity of [1, 2, 3]) await command("receive", { quantity });
    await world.engine.projected();
    const explained = await world.call("GET", "/v1/stock/HOT-1/east/explain");
    expect(explained.json.reconciles).toBe(true);
    expect(explained.json.expected).toMatchObject([{ reference: "PO-7", units: 40, isTransfer: false }]);
    const seen: { onHandAfter: number }[] = [];
    let cursor = "";
    do {
      const { json } = await world.call("GET", `/v1/stock/HOT-1/east/movements?limit=2&cursor=${cursor}`);
      seen.push(...json.items);
      cursor = json.next ?? "";
    } while (cursor !== "");
    expect(seen).toEqual(explained.json.movements);
    expect(seen[0]?.onHandAfter).toBe(100_006);
    const { text } = await world.call("GET", "/v1/stock/HOT-1/east/movements.csv");
    expect(text.trimEnd().split("\r\n")).toHaveLength(seen.length + 1);
  });
});

test("what happened last is told newest first, and the chart's steps add up to the orders", async () => {
  const { json } = await world.call("GET", "/v1/orders/events?limit=3");
  expect(json.items).toHaveLength(3);
  const times = json.items.map(({ at }: { at: string }) => at);
  expect([...times].sort().reverse()).toEqual(times);
  await send("L-400", "TEE-1", 1, {});
  for (const [range, steps] of [
    ["hour", 60],
    ["day", 24],
    ["month", 30],
  ] as const) {
    const { points } = (await world.call("GET", `/v1/overview/throughput?range=${range}`)).json;
    expect(points).toHaveLength(steps);
    const sum = points.reduce((total: number, { captured }: { captured: number }) => total + captured, 0);
    // The last step, or the one before where a new one has just begun.
    expect(sum).toBeGreaterThanOrEqual(1);
    expect(points.at(-1).captured + points.at(-2).captured).toBeGreaterThanOrEqual(1);
  }
});

test("returns are listed from either end, page by page, and another order is refused by what there is", async () => {
  const { rows } = await world.database.query("select id from orders order by captured_at limit 3");
  for (const [index, { id }] of rows.entries())
    await world.database.query(
      `insert into return_authorization (id, order_id, status, reason, currency, requested_at)
       values ($1, $2, 'requested', 'other', 'USD', now() - $3 * interval '1 hour')`,
      [`R-${index}`, id, index],
    );
  const all = async (sort: string) => {
    const ids: string[] = [];
    for (let cursor = ""; ; ) {
      const { json } = await world.call("GET", `/v1/returns?sort=${sort}&limit=1&cursor=${cursor}`);
      ids.push(...json.items.map(({ id }: { id: string }) => id));
      if (json.next === null) return ids;
      cursor = json.next;
    }
  };
  const oldest = await all("requested");
  expect(oldest).toEqual([...(await all("-requested"))].reverse());
  expect(oldest).toHaveLength(rows.length);
  const { json: page } = await world.call("GET", "/v1/returns?sort=requested&limit=1");
  const mixed = await world.call("GET", `/v1/returns?limit=1&cursor=${page.next}`);
  expect([mixed.status, mixed.json.code]).toEqual([400, "invalid_cursor"]);
  const other = await world.call("GET", "/v1/returns?sort=reason");
  expect(other.status).toBe(400);
  expect(other.json.detail).toContain("-requested");
  const unsorted = await world.call("GET", "/v1/orders?sort=customer");
  for (const name of ["-captured", "-updated", "total"]) expect(unsorted.json.detail).toContain(name);
});

test("what happened is listed from either end, page by page, and also where its numbers get longer", async () => {
  const { database } = world;
  const rows = "generate_series(1, 12) as n";
  const when = "timestamptz '2026-11-01T00:00:00Z' + n * interval '1 minute'";
  await database.query(
    `insert into webhook_subscription (id, company_id, name, url, secret, position_tx, position_id, events_tx)
     values ('erp', 'acme', 'ERP', 'https://erp.example', '-', '1', 0, '1')`,
  );
  for (const statement of [
    `insert into webhook_delivery (subscription_id, message_id, order_id, event_key, event_type, subject, state, attempts,
       last_tried_at) select 'erp', 'msg_' || n, 'web-L-100', 'k' || n, 'order.held', 'web-L-100', 'delivered', 1, ${when}
       from ${rows}`,
    `insert into webhook_replay (subscription_id, from_at, to_at, state, asked_by, created_at)
     select 'erp', now() - interval '1 day', now(), 'done', 'staff:admin', ${when} from ${rows}`,
    `insert into channel_telling (channel_id, key, order_id, kind, made_at)
     select 'web', 'k' || n, 'web-L-100', 'ship', ${when} from ${rows}`,
    `insert into setting_change (subject, version, changed_by, at, changes)
     select 'channel:web', n + 1, 'staff:admin', ${when}, '[]' from ${rows}`,
    `insert into device_event (kind, detail, at) select 'error', 'of ' || n, ${when} from ${rows}`,
    `insert into sku_mapping (channel_id, channel_sku, sku) select 'web', 'T-' || n, 'TEE-1' from ${rows}`,
  ])
    await database.query(statement);
  for (const [path, field, least] of [
    ["/v1/audit", "at", 2],
    ["/v1/channels/web/tellings", "madeAt", 12],
    ["/v1/devices/events", "at", 12],
    ["/v1/orders/events", "at", 6],
    ["/v1/orders/web-L-100/timeline", "at", 2],
    ["/v1/products", "sku", 3],
    ["/v1/setting-changes", "at", 12],
    ["/v1/sku-mappings", "channel", 12],
    ["/v1/stock/TEE-1/east/movements", "at", 2],
    ["/v1/webhook-subscriptions/erp/deliveries", "lastTriedAt", 12],
    ["/v1/webhook-subscriptions/erp/replays", "createdAt", 12],
  ] as const) {
    const read = async (query: string) => (await world.call("GET", `${path}?${query}`)).json;
    const whole = async (sort: string) => {
      const { items } = await read(`sort=${sort}&limit=200`);
      return items.map((item: Readonly<Record<string, unknown>>) => JSON.stringify(item));
    };
    // What is looked at is recorded, and is another entry each time.
    const [first, last] = [await whole(field), (await whole(`-${field}`)).reverse()];
    expect(last.slice(0, first.length), path).toEqual(first);
    expect(first.length, path).toBeGreaterThanOrEqual(least);
    const places = first.map((item: string) => JSON.parse(item)[field]);
    expect(places, path).toEqual([...places].sort());
    for (const sort of [field, `-${field}`]) {
      const seen: string[] = [];
      let cursor = "";
      do {
        const page = await read(`sort=${sort}&limit=5&cursor=${cursor}`);
        seen.push(...page.items.map((item: unknown) => JSON.stringify(item)));
        cursor = page.next ?? "";
      } while (cursor !== "" && seen.length <= first.length);
      expect(new Set(seen).size, path).toBe(seen.length);
      const inOrder = sort === field ? seen : seen.toReversed();
      expect(inOrder.slice(-first.length).slice(0, first.length), path).toEqual(first);
    }
    const page = await read(`sort=${field}&limit=1`);
    const mixed = await world.call("GET", `${path}?sort=-${field}&limit=1&cursor=${page.next}`);
    expect([path, mixed.status, mixed.json.code]).toEqual([path, 400, "invalid_cursor"]);
  }
});
