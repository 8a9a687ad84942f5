/**
 * The reference's examples are sent as they stand, to a company of their own: what creates in their order,
 * then everything that only reads. Each is answered as the document says.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { declaredAnswers } from "../test-support/servers/declared-answers.ts";
import { ANSWER_EXAMPLES } from "./http/answer-examples.ts";
import { EXAMPLES } from "./http/openapi-examples.ts";

// biome-ignore lint/suspicious/noExplicitAny: the document is read as its readers do
type Json = any;

let world: GatewayWorld;
let document: Json;
let expectDeclared: ReturnType<typeof declaredAnswers>;

/** What the examples have made is read by these. */
const NAMED: Readonly<Record<string, string>> = {
  "/v1/orders/{id}": "web-1001",
  "/v1/products/{sku}": "MUG-2",
  "/v1/stock/{sku}": "TEE-1",
  "/v1/webhook-subscriptions/{id}": "erp",
  "/v1/channels/{id}": "web",
  "/v1/locations/{id}": "east",
};

beforeAll(async () => {
  // Nobody is told: the address of the example is nobody's.
  world = await startGatewayWorld(undefined, {
    webhookSender: { problemOf: () => null, send: async () => ({ status: "failed", detail: "" }) } as never,
  });
  await world.database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     values ('HAT-BRM-SAND', 'acme', 'Brimmed hat, sand', 120, 1999, 'USD', '650500', 'PT', '00614141000104')`,
  );
  const commands = [
    {
      type: "receive",
      commandId: "hats",
      atMs: 0,
      cause: "delivery",
      sku: "HAT-BRM-SAND",
      locationId: "east",
      quantity: 40,
    },
  ];
  await world.call("POST", "/v1/stock/commands", { json: { commands } });
  document = (await world.call("GET", "/openapi.json")).json;
  expectDeclared = declaredAnswers(document);
});
afterAll(() => world?.close());

/** The path as it is called; null: nothing of that name was made. */
function addressOf(path: string): string | null {
  const [, value] = Object.entries(NAMED).find(([start]) => path.startsWith(start)) ?? [];
  const at = path.replace(/\{(id|sku)\}/, encodeURIComponent(value ?? "{}")).replace("{location}", "east");
  return at.includes("{") || at.includes("%7B") ? null : at;
}

test("every example of a request is taken as it stands, and answered as it is described", async () => {
  for (const [name, example] of Object.entries(EXAMPLES)) {
    const [method = "", path = ""] = name.split(" ");
    const address = addressOf(path) ?? expect.fail(`${name}: nothing is there to call it on`);
    const operation = document.paths[path][method.toLowerCase()];
    // As the call has it that is there to be copied.
    const { source } = operation["x-codeSamples"][0];
    expect(source).toContain(JSON.stringify(example));
    const headers: Record<string, string> = source.includes("Idempotency-Key")
      ? { "idempotency-key": name.replace(" ", ":") }
      : {};
    const query = path.startsWith("/v1/orders") && !path.includes("{") ? "?channel=web" : "";
    const reply = await world.call(method, `${address}${query}`, { json: example, headers });
    expect(reply.status, `${name}: ${reply.text}`).toBeLessThan(300);
    expectDeclared(method, path, reply, JSON.stringify(example));
    // A bulk says of each of its requests what came of it.
    for (const { status } of reply.json?.results ?? []) expect(status, reply.text).toBeLessThan(300);
    const shown = ANSWER_EXAMPLES[name] ?? expect.fail(`${name} shows no answer`);
    expect([name, reply.status]).toEqual([name, shown.status]);
    expect([name, differenceIn(shown.example, reply.json, "")]).toEqual([name, null]);
  }
});

/**
 * Where two answers of one operation are of another shape: what both have is of the same kind, as far down as
 * both have something. What only one has, the schema says of both.
 */
function differenceIn(shown: Json, real: Json, at: string): string | null {
  if (shown === null || real === null) return null;
  const kindOf = (value: Json) => (Array.isArray(value) ? "list" : typeof value);
  if (kindOf(shown) !== kindOf(real)) return `${at} is ${kindOf(real)} and was ${kindOf(shown)}`;
  if (Array.isArray(shown))
    return shown.length === 0 || real.length === 0 ? null : differenceIn(shown[0], real[0], `${at}/0`);
  if (typeof shown !== "object") return null;
  for (const [name, value] of Object.entries(shown)) {
    const fault = name in real ? differenceIn(value, real[name], `${at}/${name}`) : null;
    if (fault !== null) return fault;
  }
  return null;
}

test("everything that only reads can be read, and is as it is described", async () => {
  let read = 0;
  for (const [path, operations] of Object.entries<Json>(document.paths)) {
    const operation = operations.get;
    if (operation === undefined || path === "/v1/stream" || path.includes("/single-sign-on")) continue;
    const address = addressOf(path);
    if (address === null) continue;
    const needed = (operation.parameters as readonly Json[]).filter(
      ({ in: where, required }: Json) => where === "query" && required,
    );
    const query = needed.map(({ name }: Json) => `${name}=1`).join("&");
    const reply = await world.call("GET", query === "" ? address : `${address}?${query}`);
    read += 1;
    expect(reply.status, `GET ${path}: ${reply.text.slice(0, 300)}`).toBeLessThan(500);
    if (path.startsWith("/v1/")) expectDeclared("GET", path, reply, query);
    const shown = ANSWER_EXAMPLES[`GET ${path}`];
    if (shown !== undefined && reply.status === shown.status)
      expect([path, differenceIn(shown.example, reply.json, "")]).toEqual([path, null]);
    const etag = reply.headers.get("etag");
    if (etag === null) continue;
    const again = await world.call("GET", query === "" ? address : `${address}?${query}`, {
      headers: { "if-none-match": etag },
    });
    if (again.status === 304) expectDeclared("GET", path, again, "If-None-Match");
  }
  expect(read).toBeGreaterThan(60);
});
