/**
 * What the gateway records of who did what, over real connections; and how it is read, exported and verified.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditEntry, AuditVerification } from "../contract/audit.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

async function signIn(role: string): Promise<Readonly<Record<string, string>>> {
  const reply = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: `${role}@acme.example`, password: STAFF_PASSWORD },
  });
  return { cookie: (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "", origin: world.url };
}

/** Entries of one request, oldest first. */
async function recorded(requestId: string): Promise<readonly AuditEntry[]> {
  const reply = await world.call("GET", `/v1/audit?q=${requestId}&limit=200`);
  return (reply.json.items as AuditEntry[]).filter((entry) => entry.requestId === requestId).reverse();
}

const acts = (entries: readonly AuditEntry[]) => entries.map(({ act, by, subject }) => [act, by, subject]);

test("signing in, a wrong password, and signing out are recorded, with who, where and which request", async () => {
  const login = (email: string, password: string, id: string) =>
    world.call("POST", "/v1/sessions", {
      anonymous: true,
      json: { email, password },
      headers: { "x-request-id": id },
    });
  await login("service@acme.example", "wrong", "login-wrong");
  await login("my-Secret-password", "wrong", "login-nobody");
  const good = await login("service@acme.example", STAFF_PASSWORD, "login-good");
  const cookie = (good.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  await world.call("DELETE", "/v1/sessions/current", {
    anonymous: true,
    headers: { cookie, origin: world.url, "x-request-id": "logout" },
  });
  expect(acts(await recorded("login-wrong"))).toEqual([["session.refused", "public", "staff:service"]]);
  const [nobody] = await recorded("login-nobody");
  expect([nobody?.act, nobody?.subject]).toEqual(["session.refused", "account:unknown"]);
  expect(JSON.stringify(nobody)).not.toContain("Secret");
  const [opened] = await recorded("login-good");
  expect(opened).toMatchObject({
    act: "session.opened",
    by: "staff:service",
    byName: "service",
    address: expect.stringMatching(/127|7f/),
  });
  expect(acts(await recorded("logout"))).toEqual([["session.closed", "staff:service", "staff:service"]]);
  expect(JSON.stringify([opened, nobody])).not.toContain(STAFF_PASSWORD);
});

test("a known caller's 403 and an unknown one's 401 are recorded, never with the secret", async () => {
  const finance = await signIn("finance");
  const denied = await world.call("POST", "/v1/orders/x/cancel", {
    anonymous: true,
    json: {},
    headers: { ...finance, "x-request-id": "denied" },
  });
  expect(denied.status).toBe(403);
  expect(acts(await recorded("denied"))).toEqual([
    ["access.denied", "staff:finance", "POST /v1/orders/x/cancel"],
  ]);
  const key = await world.key(["orders:read"]);
  const id = /^hf_([a-z0-9]+)_/.exec(key)?.[1];
  await world.call("GET", "/v1/orders", {
    headers: { authorization: `Bearer ${key.slice(0, -3)}AAA`, "x-request-id": "forged" },
  });
  const [forged] = await recorded("forged");
  expect(forged).toMatchObject({ act: "access.unknown", by: "public", after: { presented: "key", key: id } });
  expect(JSON.stringify(forged)).not.toContain(key.slice(-20, -3));
});

test("a stream's refusals are recorded, too", async () => {
  const key = await world.key(["orders:read"]);
  const client = await world.connect({ key });
  client.send({ id: "1", type: "stock.available", skus: ["TEE-1"] });
  expect(await client.reply("1")).toMatchObject({ type: "error", code: "forbidden" });
  const by = `api-key:${/^hf_([a-z0-9]+)_/.exec(key)?.[1]}`;
  await expect
    .poll(async () => (await world.call("GET", `/v1/audit?by=${by}`)).json.items)
    .toMatchObject([{ act: "access.denied", subject: "stream stock.available" }]);
});

test("a webhook whose signature is wrong is recorded", async () => {
  const reply = await world.call("POST", "/v1/webhooks/channels/shopify", {
    anonymous: true,
    body: "{}",
    headers: { "x-shopify-hmac-sha256": "AAAA", "x-shopify-topic": "orders/create", "x-request-id": "hook" },
  });
  expect(reply.status).toBe(401);
  expect(acts(await recorded("hook"))).toEqual([["webhook.refused", "public", "webhook:channels/shopify"]]);
});

test("settings, products, mappings and places are recorded with what was there before and after", async () => {
  const headers = (id: string) => ({ "x-request-id": id });
  const { json: settings } = await world.call("GET", "/v1/channels/web/settings");
  await world.call("POST", "/v1/channels/web/settings", {
    json: { version: settings.version, shopperChangesMinutes: 77 },
    headers: headers("setting"),
  });
  expect(await recorded("setting")).toMatchObject([
    {
      act: "setting.changed",
      subject: "channel:web",
      before: { shopperChangesMinutes: settings.shopperChangesMinutes },
      after: { shopperChangesMinutes: 77 },
    },
  ]);
  const map = (sku: string, id: string) =>
    world.call("POST", "/v1/sku-mappings", {
      json: { channel: "shopify", channelSku: "S-1", sku },
      headers: headers(id),
    });
  await map("TEE-1", "map-1");
  await map("MUG-1", "map-2");
  await map("MUG-1", "map-3");
  expect(await recorded("map-1")).toMatchObject([
    { act: "sku.mapped", before: null, after: { sku: "TEE-1" } },
  ]);
  expect(await recorded("map-2")).toMatchObject([
    { act: "sku.mapped", before: { sku: "TEE-1" }, after: { sku: "MUG-1" } },
  ]);
  expect(await recorded("map-3")).toEqual([]);
  await world.call("POST", "/v1/products/MUG-1/tagging", {
    json: { tagged: false, check: "scan" },
    headers: headers("tagging"),
  });
  expect(await recorded("tagging")).toMatchObject([
    {
      act: "product.changed",
      before: { tagged: true, check: null },
      after: { tagged: false, check: "scan" },
    },
  ]);
  await world.call("POST", "/v1/locations/east/close", { json: {}, headers: headers("close") });
  await world.call("POST", "/v1/locations/east/open", { json: {}, headers: headers("open") });
  expect([...(await recorded("close")), ...(await recorded("open"))]).toMatchObject([
    { act: "setting.changed", subject: "location:east", after: { active: false } },
    { act: "setting.changed", subject: "location:east", after: { active: true } },
  ]);
});

test("the link to a shopper's page is recorded where it is shown, and is not in the entry", async () => {
  const order = await world.call("POST", "/v1/orders", {
    json: canonicalOrder("audited-link"),
    headers: { "idempotency-key": "audited-link" },
  });
  expect(order.status).toBe(201);
  const shown = await world.call("GET", "/v1/orders/web-audited-link/tracking-link", {
    headers: { "x-request-id": "link" },
  });
  const entries = await recorded("link");
  expect(entries).toMatchObject([{ act: "tracking-link.shown", subject: "order:web-audited-link" }]);
  expect(JSON.stringify(entries)).not.toContain(shown.json.url.split("/").pop());
});

test("a flood of refusals is written up to a rate, and the next entry says how many were not", async () => {
  const authorization = "Bearer hf_00000000_0000000000000000000000000000000000000000000";
  const before = (await world.call("GET", "/v1/audit?limit=1")).json.items[0].position;
  await Promise.all(
    Array.from({ length: 60 }, () => world.call("GET", "/v1/orders", { headers: { authorization } })),
  );
  const { items } = (await world.call("GET", "/v1/audit?act=access.unknown&limit=200")).json;
  const written = items.filter((entry: AuditEntry) => entry.position > before).length;
  expect(written).toBeGreaterThan(5);
  expect(written).toBeLessThan(30);
});

test("refusals of one network of IPv6 are one flood, whatever its addresses", async () => {
  const authorization = "Bearer hf_00000000_0000000000000000000000000000000000000000000";
  const before = (await world.call("GET", "/v1/audit?limit=1")).json.items[0].position;
  await Promise.all(
    Array.from({ length: 60 }, (_, from) =>
      world.call("GET", "/v1/orders", {
        headers: { authorization, "x-forwarded-for": `2001:db8:1:2::${from + 1}` },
      }),
    ),
  );
  const { items } = (await world.call("GET", "/v1/audit?act=access.unknown&limit=200")).json;
  expect(items.filter((entry: AuditEntry) => entry.position > before).length).toBeLessThan(30);
});

describe("reading it", () => {
  test("an administrator reads it; whose acts it records does not", async () => {
    for (const [role, status] of [
      ["admin", 200],
      ["operations", 403],
      ["warehouse", 403],
    ] as const) {
      const reply = await world.call("GET", "/v1/audit", { anonymous: true, headers: await signIn(role) });
      expect([role, reply.status]).toEqual([role, status]);
    }
  });

  test("an export has the same entries as JSON lines and as CSV, and is recorded itself", async () => {
    const lines = (await world.call("GET", "/v1/audit/export?act=sku.mapped")).text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).act)).toEqual(["sku.mapped", "sku.mapped"]);
    const csv = await world.call("GET", "/v1/audit/export?act=sku.mapped&format=csv", {
      headers: { "x-request-id": "export" },
    });
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect(csv.text.split("\r\n")).toHaveLength(lines.length + 2);
    expect(await recorded("export")).toMatchObject([{ act: "audit.exported", after: { entries: 2 } }]);
  });

  test("the chain is verified, in parts", async () => {
    const whole: AuditVerification = (await world.call("GET", "/v1/audit/verification")).json;
    expect(whole).toMatchObject({ done: true, faults: [] });
    const rest: AuditVerification = (await world.call("GET", "/v1/audit/verification?after=3")).json;
    expect(rest.checked).toBe(rest.position - 3);
    expect(rest.faults).toEqual([]);
    const last = (await world.call("GET", `/v1/audit/${whole.position}`)).json;
    expect(last.hash).toBe(whole.hash);
    expect((await world.call("GET", "/v1/audit/none")).json.code).toBe("not_found");
  });

  test.each([
    ["from=yesterday", "invalid_request"],
    ["cursor=xyz", "invalid_cursor"],
    ["limit=0", "invalid_request"],
    ["nobody=1", "invalid_request"],
  ])("a query of ?%s is refused", async (query, code) => {
    expect((await world.call("GET", `/v1/audit?${query}`)).json.code).toBe(code);
  });
});
