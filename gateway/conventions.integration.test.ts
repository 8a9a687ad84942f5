/** The conventions of the REST API on a running gateway: keys, tags, fields, windows of lists, limits. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { forgetIdempotencyKeys } from "../store/access/idempotency.ts";
import { oneAtATime } from "../store/access/one-at-a-time.ts";
import { openDatabase } from "../store/sql/database.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { resourcesOf } from "./http/preconditions.ts";
import { routeTable } from "./routes/route-table.ts";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

const etagOf = (reply: { readonly headers: Headers }): string => reply.headers.get("etag") ?? "";

async function order(id: string): Promise<string> {
  const { json } = await world.call("POST", "/v1/orders", {
    json: canonicalOrder(id),
    headers: { "idempotency-key": id },
  });
  return json.order;
}

describe("Idempotency-Key, by the cases of the draft", () => {
  const send = (key: string | null, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    world.call("POST", "/v1/orders", {
      json: body,
      headers: { ...(key === null ? {} : { "idempotency-key": key }), ...headers },
    });

  test("where one is required and none is sent: 400, and nothing is done", async () => {
    const before = await world.counts();
    const reply = await send(null, canonicalOrder("i-none"));
    expect([reply.status, reply.json.code]).toEqual([400, "idempotency_key_missing"]);
    expect(await world.counts()).toEqual(before);
  });

  test("in quotes, as the draft has it, or bare: one key", async () => {
    const first = await send('"8e03978e-40d5"', canonicalOrder("i-quoted"));
    const again = await send("8e03978e-40d5", canonicalOrder("i-quoted"));
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const escaped = await send('"a\\"b"', canonicalOrder("i-escaped"));
    expect((await send('"a\\"b"', canonicalOrder("i-escaped"))).text).toBe(escaped.text);
    expect((await send('a"b', canonicalOrder("i-escaped"))).headers.get("idempotency-replayed")).toBe("true");
  });

  test("the same request again: the same status and body, also of a refusal", async () => {
    const wrong = { ...canonicalOrder("i-refused"), currency: "NOPE" };
    const first = await send("i-refused", wrong);
    const again = await send("i-refused", wrong);
    expect(first.status).toBeGreaterThanOrEqual(400);
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.headers.get("content-type")).toBe("application/problem+json");
  });

  test("with another body, or for another address: 422", async () => {
    await send("i-body", canonicalOrder("i-body"));
    const other = await send("i-body", canonicalOrder("i-other"));
    expect([other.status, other.json.code]).toEqual([422, "idempotency_key_reused"]);
  });

  test("while the first is running: 409, and of two at the same instant exactly one is done", async () => {
    const replies = await Promise.all(
      Array.from({ length: 12 }, () => send("i-race", canonicalOrder("i-race"))),
    );
    const done = replies.filter(
      ({ status, headers }) => status === 201 && !headers.has("idempotency-replayed"),
    );
    expect(done).toHaveLength(1);
    for (const { status, json } of replies)
      if (status !== 201) expect([status, json.code]).toEqual([409, "idempotency_in_flight"]);
    const { rows } = await world.database.query("select id from orders where id = 'web-i-race'");
    expect(rows).toHaveLength(1);
  });

  test("past its time: as a first request", async () => {
    await send("i-old", canonicalOrder("i-old"));
    await world.database.query(
      "update idempotency_key set created_at = now() - interval '1 year' where key = 'i-old'",
    );
    await forgetIdempotencyKeys(world.database);
    const again = await send("i-old", canonicalOrder("i-old"));
    expect(again.headers.has("idempotency-replayed")).toBe(false);
    expect(again.json.outcome).toBe("duplicate");
  });

  test("by another caller: another key", async () => {
    await send("i-caller", canonicalOrder("i-caller"));
    const key = await world.key(["orders:write"], "web");
    const other = await send("i-caller", canonicalOrder("i-caller-2"), { authorization: `Bearer ${key}` });
    expect(other.status).toBe(201);
    expect(other.headers.has("idempotency-replayed")).toBe(false);
  });
});

describe("If-Match", () => {
  const change = (sku: string, json: unknown, headers: Readonly<Record<string, string>> = {}) =>
    world.call("PATCH", `/v1/products/${sku}`, { json, headers });

  test("a change of what was seen is made, answers with the new tag, and another one of the old is refused", async () => {
    const seen = etagOf(await world.call("GET", "/v1/products/MUG-1"));
    const made = await change("MUG-1", { name: "Mug, blue" }, { "if-match": seen });
    expect(made.status, made.text).toBe(200);
    const now = await world.call("GET", "/v1/products/MUG-1");
    expect(etagOf(now)).not.toBe(seen);
    if (made.headers.has("etag")) expect(etagOf(made)).toBe(etagOf(now));

    const before = await world.counts();
    const late = await change("MUG-1", { name: "Mug, red" }, { "if-match": seen });
    expect([late.status, late.json.code]).toEqual([412, "precondition_failed"]);
    expect(late.json.detail).toContain("/v1/products/MUG-1");
    expect(etagOf(late)).toBe(etagOf(now));
    expect((await world.call("GET", "/v1/products/MUG-1")).json.name).toBe("Mug, blue");
    expect(await world.counts()).toEqual(before);
    // Any of several; any at all; none that is weak.
    for (const [tags, status] of [
      [`"none", ${etagOf(now)}`, 200],
      ["*", 200],
      [`W/${etagOf(now)}`, 412],
      ["nonsense", 412],
    ] as const)
      expect([tags, (await change("MUG-1", { name: "Mug, blue" }, { "if-match": tags })).status]).toEqual([
        tags,
        status,
      ]);
  });

  test("of ten changes of one state at the same instant exactly one is made", async () => {
    const seen = etagOf(await world.call("GET", "/v1/products/TEE-1"));
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, at) => change("TEE-1", { name: `Tee ${at}` }, { "if-match": seen })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
  });

  test("of two processes one changes a thing at a time, whatever fails, and other things do not wait", async () => {
    const pools = [1, 2].map(() => openDatabase(world.database.options.connectionString ?? ""));
    let inside = 0;
    let most = 0;
    const work = (name: string, fails: boolean) => (pool: (typeof pools)[number]) =>
      oneAtATime(pool, name, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await pool.query("select 1");
        inside -= 1;
        if (fails) throw new Error("refused");
      }).then(
        () => "done",
        () => "refused",
      );
    const ended = await Promise.all(
      Array.from({ length: 6 }, (_, at) => pools.map(work("/v1/thing", at % 2 === 0))).flat(),
    );
    expect([most, ended.filter((end) => end === "refused").length]).toEqual([1, 6]);
    const [one, other] = pools;
    if (one === undefined || other === undefined) throw new Error("two pools");
    await oneAtATime(one, "/v1/a", () => oneAtATime(other, "/v1/b", async () => {}));
    await Promise.all(pools.map((pool) => pool.end()));
  });

  test("an action on an order is of the state that was seen; a repeat by key is answered as before", async () => {
    const id = await order("match-1");
    const seen = etagOf(await world.call("GET", `/v1/orders/${id}`));
    const hold = (key: string) =>
      world.call("POST", `/v1/orders/${id}/hold`, {
        json: { reason: "The shopper asks to wait." },
        headers: { "if-match": seen, "idempotency-key": key },
      });
    const first = await hold("match-hold");
    expect(first.status, first.text).toBe(200);
    const again = await hold("match-hold");
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([200, "true"]);
    expect((await hold("match-hold-2")).json.code).toBe("precondition_failed");
    // A refusal of this kind is not kept: the key is free for the request with the right tag.
    const now = etagOf(await world.call("GET", `/v1/orders/${id}`));
    const release = await world.call("POST", `/v1/orders/${id}/release-hold`, {
      json: {},
      headers: { "if-match": now, "idempotency-key": "match-release" },
    });
    expect(release.status, release.text).toBe(200);
  });

  test("a tag of some fields is of the whole state", async () => {
    const part = await world.call("GET", "/v1/products/HOT-1?fields=sku,name");
    expect(part.json).toEqual({ sku: "HOT-1", name: "Hot thing" });
    expect(etagOf(part)).not.toBe(etagOf(await world.call("GET", "/v1/products/HOT-1")));
    expect((await change("HOT-1", { name: "Hot" }, { "if-match": etagOf(part) })).status).toBe(200);
    expect((await change("HOT-1", { name: "Hotter" }, { "if-match": etagOf(part) })).status).toBe(412);
  });

  test("stands for the version where a body has to name one; without either: 428", async () => {
    const { json: company, headers } = await world.call("GET", "/v1/company");
    const patch = (json: unknown, more: Readonly<Record<string, string>> = {}) =>
      world.call("PATCH", "/v1/company", { json, headers: more });
    const blind = await patch({ name: "Acme Two" });
    expect([blind.status, blind.json.code]).toEqual([428, "precondition_required"]);
    expect(blind.json.detail).toContain("If-Match");
    const made = await patch({ name: "Acme Two" }, { "if-match": headers.get("etag") ?? "" });
    expect(made.status, made.text).toBe(200);
    expect(made.json).toMatchObject({ name: "Acme Two", version: company.version + 1 });
    const late = await patch({ name: "Acme Three" }, { "if-match": headers.get("etag") ?? "" });
    expect([late.status, late.json.code]).toEqual([412, "precondition_failed"]);
    const byVersion = await patch({ name: "Acme", version: company.version + 1 });
    expect(byVersion.status, byVersion.text).toBe(200);
  });

  test("needs the right to read, is refused where nothing can be read, and names what is not there", async () => {
    const key = await world.key(["orders:write"]);
    const id = await order("match-2");
    const blind = await world.call("POST", `/v1/orders/${id}/cancel`, {
      json: { reason: "Ordered twice." },
      headers: { "if-match": "*", authorization: `Bearer ${key}` },
    });
    expect(blind.status).toBe(403);
    const useless = await world.call("POST", "/v1/products", { json: {}, headers: { "if-match": "*" } });
    expect([useless.status, useless.json.code]).toEqual([400, "invalid_request"]);
    expect((await change("NONE", { name: "x" }, { "if-match": "*" })).status).toBe(404);
  });
});

describe("fields", () => {
  test("are those of each item of a page, and of what is further in", async () => {
    await order("fields-1");
    const page = await world.call("GET", "/v1/orders?q=fields-1&fields=id,status");
    expect(page.json).toMatchObject({ items: [{ id: "web-fields-1", status: "open" }] });
    expect(Object.keys(page.json.items[0])).toEqual(["id", "status"]);
    const one = await world.call("GET", "/v1/orders/web-fields-1?fields=summary.id,lines.sku");
    expect(one.json).toEqual({ summary: { id: "web-fields-1" }, lines: [{ sku: "TEE-1" }] });
    const same = await world.call("GET", "/v1/orders/web-fields-1?fields=summary.id,lines.sku", {
      headers: { "if-none-match": etagOf(one) },
    });
    expect(same.status).toBe(304);
  });

  test("that there are not are told, with those that there are", async () => {
    for (const fields of ["id,colour", "constructor", "__proto__", "lines.colour"]) {
      const reply = await world.call("GET", `/v1/products?fields=${fields}`);
      expect([fields, reply.status, reply.json.code]).toEqual([fields, 400, "invalid_request"]);
    }
    const { json } = await world.call("GET", "/v1/products?fields=colour");
    expect(json.detail).toMatch(/no field "colour"; expected some of: .*sku.*; for example fields=sku/);
  });
});

describe("short lists", () => {
  test("are whole without a limit, and page by page without a gap or a repeat with one, in any order", async () => {
    const whole = (await world.call("GET", "/v1/permissions")).json.items;
    const [name = ""] = Object.keys(whole[0]);
    for (const sort of ["", name, `-${name}`]) {
      const seen: unknown[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const reply = await world.call("GET", `/v1/permissions?limit=7&sort=${sort}&cursor=${cursor}`);
        expect(reply.status, reply.text).toBe(200);
        expect(reply.json.items.length).toBeLessThanOrEqual(7);
        seen.push(...reply.json.items.map((item: Record<string, unknown>) => item[name]));
        cursor = reply.json.next;
      }
      const wanted = whole.map((item: Record<string, unknown>) => item[name]);
      if (sort !== "") wanted.sort();
      if (sort.startsWith("-")) wanted.reverse();
      expect(seen).toEqual(wanted);
    }
  });

  test("refuse a cursor of another order, or of nobody", async () => {
    const { json } = await world.call("GET", "/v1/permissions?limit=3");
    for (const query of [`limit=3&sort=id&cursor=${json.next}`, "cursor=AAAA", "cursor=bnVsbA"]) {
      const reply = await world.call("GET", `/v1/permissions?${query}`);
      expect([query, reply.status]).toEqual([query, 400]);
    }
    expect((await world.call("GET", "/v1/permissions?sort=colour")).json.code).toBe("invalid_request");
  });
});

describe("bulk", () => {
  const send = (key: string, requests: unknown, headers: Readonly<Record<string, string>> = {}) =>
    world.call("POST", "/v1/bulk", { json: { requests }, headers: { "idempotency-key": key, ...headers } });
  const statuses = (reply: { readonly json: { readonly results: readonly { readonly status: number }[] } }) =>
    reply.json.results.map(({ status }) => status);

  test("products, mappings, stock and orders: each is answered for itself, in order, and a refusal stops nothing", async () => {
    const product = { name: "Bulk", weightGrams: 1, priceMinor: 1, currency: "USD", hsCode: "691200" };
    const fields = { ...product, originCountry: "PT", gtin: "00614141000128", sku: "BULK-1" };
    const receive = { type: "receive", commandId: "bulk", atMs: 0, cause: "x", sku: "BULK-1", quantity: 9 };
    const reply = await send("bulk-1", [
      { method: "POST", path: "/v1/products", body: fields },
      { method: "POST", path: "/v1/products", body: { ...fields, weightGrams: -1 } },
      { method: "PATCH", path: "/v1/products/BULK-1", body: { name: "Bulk 2" }, ifMatch: "*" },
      { method: "PATCH", path: "/v1/products/BULK-1", body: { name: "Bulk 3" }, ifMatch: '"old"' },
      {
        method: "POST",
        path: "/v1/stock/commands",
        body: { commands: [{ ...receive, locationId: "east" }] },
      },
      { method: "POST", path: "/v1/orders?channel=web", body: canonicalOrder("bulk-1") },
      { method: "POST", path: "/v1/orders/web-bulk-1/hold", body: { reason: "Wait." } },
      { method: "POST", path: "/v1/orders/web-none/hold", body: { reason: "Wait." } },
      { method: "POST", path: "/v1/bulk", body: {} },
      { method: "DELETE", path: "/v1/nothing/like/it" },
    ]);
    expect(reply.status, reply.text).toBe(200);
    expect(statuses(reply)).toEqual([201, 400, 200, 412, 200, 201, 200, 404, 400, 404]);
    expect(reply.json.results[1].body).toMatchObject({ code: "invalid_request", status: 400 });
    expect(reply.json.results[2].body).toMatchObject({ name: "Bulk 2" });
    const [position] = await world.engine.client.positions(["BULK-1"]);
    expect(position?.onHand).toBe(9);
  });

  test("a repeat does what was not done, and answers the rest as before", async () => {
    const requests = ["a", "b", "c"].map((id) => ({
      method: "POST",
      path: "/v1/orders?channel=web",
      body: canonicalOrder(`again-${id}`),
    }));
    // As if the first sending had died after two of them.
    const first = await send("bulk-again", requests.slice(0, 2));
    const again = await send("bulk-again", requests);
    expect(statuses(again)).toEqual([201, 201, 201]);
    expect(again.json.results.slice(0, 2)).toEqual(first.json.results);
    const { rows } = await world.database.query("select id from orders where id like 'web-again-%'");
    expect(rows).toHaveLength(3);
    const other = await send("bulk-again", [{ ...requests[0], body: canonicalOrder("again-d") }]);
    expect(other.json.results).toMatchObject([{ status: 422, body: { code: "idempotency_key_reused" } }]);
  });

  test("each request is held to the caller's own rights, and digits arrive as they were written", async () => {
    const key = await world.key(["orders:write"], "web");
    const order = JSON.stringify(canonicalOrder("x")).replace('"id":"x"', '"id":12345678901234567890');
    const mine = await world.call("POST", "/v1/bulk", {
      headers: {
        "idempotency-key": "bulk-rights",
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
      },
      body: `{"requests":[{"method":"PATCH","path":"/v1/company","body":{"name":"x"}},
        {"method":"POST","path":"/v1/orders","body":${order}}]}`,
    });
    expect(mine.json.results[0]).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect(JSON.stringify(mine.json.results[1])).not.toContain("12345678901234567000");
    expect((await world.call("POST", "/v1/bulk", { json: { requests: [] } })).status).toBe(400);
    expect((await send("bulk-none", [])).status).toBe(400);
    expect((await send("bulk-many", Array(101).fill({ method: "POST", path: "/v1/x" }))).status).toBe(400);
  });
});

test("every answer names its request, and says what is left of the caller's limit", async () => {
  for (const [path, headers] of [
    ["/v1/products", {}],
    ["/v1/products/NONE", {}],
    ["/v1/products?nonsense=1", {}],
    ["/v1/track/AAAAAAAAAAAAAAAAAAAAAA", {}],
    ["/v1/products", { authorization: "Bearer hf_none_none" }],
  ] as const) {
    const reply = await world.call("GET", path, { headers: { "x-request-id": "mine-4711", ...headers } });
    expect([path, reply.headers.get("x-request-id")]).toEqual([path, "mine-4711"]);
    expect(reply.headers.get("ratelimit-policy")).toMatch(/^"requests";q=\d+;w=\d+$/);
    expect(reply.headers.get("ratelimit")).toMatch(/^"requests";r=\d+;t=\d+$/);
  }
});

test("a former address says that it is one, and what is there instead", async () => {
  const reply = await world.call("POST", "/v1/webhooks/carriers/easypost", { anonymous: true, body: "{}" });
  expect(reply.headers.get("deprecation")).toMatch(/^@\d+$/);
  expect(reply.headers.get("link")).toContain('rel="successor-version"');
  expect((await world.call("GET", "/v1/products")).headers.has("deprecation")).toBe(false);
});

test("what nobody has changed keeps its tag", async () => {
  const id = await order("stable-1");
  const known: Readonly<Record<string, string>> = {
    "/v1/orders/{id}": `/v1/orders/${id}`,
    "/v1/products/{sku}": "/v1/products/TEE-1",
    "/v1/locations/{id}": "/v1/locations/east",
    "/v1/channels/{id}": "/v1/channels/web",
  };
  const asked = new Set([...resourcesOf(routeTable).values()].map(({ path }) => path));
  let looked = 0;
  for (const path of asked) {
    const address = path.includes("{") ? known[path] : path;
    if (address === undefined) continue;
    const first = await world.call("GET", address);
    if (first.status !== 200) continue;
    looked += 1;
    expect([path, etagOf(await world.call("GET", address))]).toEqual([path, etagOf(first)]);
  }
  expect(looked).toBeGreaterThanOrEqual(12);
});
