/**
 * Every operation answers what its OpenAPI document says: requests that are right, nearly right and hostile,
 * made from the document itself; each answer has a status that is declared, a media type that is, and a body
 * as its schema says.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { nearlyValuesOf, valuesOf } from "../test-support/schema-values.ts";
import { declaredAnswers } from "../test-support/servers/declared-answers.ts";
import { routeTable } from "./routes/route-table.ts";

/** Requests of each operation. Three rounds of this number find nothing that one has not found. */
const REQUESTS = 12;

// biome-ignore lint/suspicious/noExplicitAny: the document is read as its readers do
type Json = any;

let world: GatewayWorld;
let document: Json;
let expectDeclared: ReturnType<typeof declaredAnswers>;
/** What is there: an operation's own refusals are met with these only. */
let known: readonly string[];

beforeAll(async () => {
  world = await startGatewayWorld();
  document = (await world.call("GET", "/openapi.json")).json;
  expectDeclared = declaredAnswers(document);
  const { json } = await world.call("POST", "/v1/orders", {
    json: canonicalOrder("known"),
    headers: { "idempotency-key": "known" },
  });
  known = [json.order, "TEE-1", "east", "web", "admin", "none"];
});
afterAll(() => world.close());

const segments = (): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...known),
    fc.constantFrom("no such thing", "..%2F..", "%00", "%zz", "x".repeat(400), "constructor", "😀"),
  );

describe("answers as it is declared", () => {
  test.each(routeTable.map((route) => ({ name: `${route.method} ${route.path}`, route })))(
    "$name",
    async ({ route }) => {
      const operation = document.paths[route.path][route.method.toLowerCase()];
      const inQuery = (operation.parameters as readonly Json[]).filter((each: Json) => each.in === "query");
      const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
      const queries: fc.Arbitrary<Json> = fc.record(
        Object.fromEntries(
          inQuery.map(({ name, schema }) => [name, fc.oneof(valuesOf(schema), nearlyValuesOf(schema))]),
        ),
        { requiredKeys: inQuery.filter(({ required }) => required).map(({ name }) => name) as never },
      );
      const requests = fc.record({
        params: fc.array(segments(), { minLength: names.length, maxLength: names.length }),
        query: fc.oneof(fc.constant<Json>({}), queries, fc.constant<Json>({ nonsense: "1" })),
        body: route.body === null ? fc.constant(undefined) : nearlyValuesOf(route.body as never),
        kind: fc.constantFrom("json", "json", "json", "json", "text", "cut", "deep"),
        caller: fc.constantFrom("key", "key", "key", "key", "nobody", "wrong"),
        key: fc.constantFrom("fresh", "fresh", "fresh", "none", "bad"),
        match: fc.constantFrom(null, null, null, "*", '"another"'),
      });
      for (const [at, asked] of fc
        .sample(requests, { numRuns: REQUESTS, seed: seedOf(route.path) })
        .entries()) {
        let place = 0;
        const path = route.path.replaceAll(/\{\w+\}/g, () => {
          const segment = asked.params[place] ?? "none";
          place += 1;
          return segment.startsWith("%") || segment.includes("%2F") ? segment : encodeURIComponent(segment);
        });
        const query = new URLSearchParams(
          Object.entries(asked.query)
            .filter(([, value]) => value !== undefined)
            .map(([name, value]): [string, string] => [
              name,
              typeof value === "string" ? value : JSON.stringify(value),
            ]),
        );
        // More than the server reads of a request's head.
        const address = query.size === 0 ? path : `${path}?${query}`.slice(0, 3_000).replace(/%.?$/, "");
        const body = asked.body === undefined ? undefined : (JSON.stringify(asked.body) ?? "");
        const reply = await world.call(route.method, address, {
          anonymous: asked.caller !== "key",
          headers: {
            ...(asked.match === null ? {} : { "if-match": asked.match }),
            ...(asked.caller === "wrong" ? { authorization: "Bearer hf_none_none" } : {}),
            ...(asked.key === "none"
              ? {}
              : { "idempotency-key": asked.key === "bad" ? "ä b" : `c-${at}-${route.path}` }),
            ...(body === undefined
              ? {}
              : { "content-type": asked.kind === "text" ? "text/plain" : "application/json" }),
          },
          ...(body === undefined ? {} : { body: spoiled(body, asked.kind) }),
        });
        expect(reply.status, `${route.method} ${address} ${reply.text}`).toBeLessThan(500);
        expectDeclared(route.method, route.path, reply, `${address} ${body?.slice(0, 1_000) ?? ""}`);
      }
    },
  );
});

test("what is served past the table is in the document, too", async () => {
  const openapi = await world.call("GET", "/openapi.json", { anonymous: true });
  expectDeclared("GET", "/openapi.json", openapi, "");
  const asyncapi = await world.call("GET", "/asyncapi.json", { anonymous: true });
  expectDeclared("GET", "/asyncapi.json", asyncapi, "");
  expect(asyncapi.json.asyncapi).toBe("3.0.0");
  for (const headers of [{}, { authorization: "Bearer wrong" }]) {
    const stream = await world.call("GET", "/v1/stream", { anonymous: true, headers });
    expectDeclared("GET", "/v1/stream", stream, "");
    expect(stream.status).toBe(426);
    expect(stream.headers.get("upgrade")).toBe("websocket");
  }
  // The system is set up: there is no such address any more.
  expectDeclared("POST", "/v1/setup", await world.call("POST", "/v1/setup", { json: {} }), "");
});

test("a method that an address lacks is told which it has, and a caller without a key how to give one", async () => {
  const wrong = await world.call("DELETE", "/v1/orders");
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, POST"]);
  for (const path of ["/openapi.json", "/v1/stream"]) {
    const besides = await world.call("POST", path);
    expect([path, besides.status, besides.headers.get("allow")]).toEqual([path, 405, "GET"]);
  }
  const nobody = await world.call("GET", "/v1/orders", { anonymous: true });
  expect([nobody.status, nobody.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
});

test("a query field that is there twice is refused, an empty one is as if left out", async () => {
  const twice = await world.call("GET", "/v1/orders?limit=1&limit=2");
  expect([twice.status, twice.json.detail]).toEqual([
    400,
    expect.stringContaining("query/limit is there twice; expected it once"),
  ]);
  expect((await world.call("GET", "/v1/orders?limit=&q=")).status).toBe(200);
});

function spoiled(body: string, kind: string): string {
  if (kind === "cut") return body.slice(0, -1);
  if (kind === "deep") return "[".repeat(100);
  return body;
}

/** Each operation has requests of its own, and the same ones in every run. */
function seedOf(text: string): number {
  return Array.from(text).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7);
}
