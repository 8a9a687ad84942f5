/**
 * What holds for every operation of the route table, and the exceptions, each with its reason: a new route
 * that differs has to say why.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { TokenBuckets } from "../access/token-buckets.ts";
import { ROUTE_ANSWERS } from "../routes/route-answers.ts";
import { routeTable } from "../routes/route-table.ts";
import { WHEREABOUTS } from "../routes/whereabouts.ts";
import { deprecationHeaders, rateLimitHeaders } from "./answer-headers.ts";
import { openApiDocument } from "./openapi.ts";
import { namesVersion, resourcesOf } from "./preconditions.ts";
import type { Route } from "./route.ts";
import { sharedQuery } from "./shared-query.ts";

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const resources = resourcesOf(routeTable);
type Node = { readonly properties?: Readonly<Record<string, unknown>> };
const fieldsOf = (schema: unknown): readonly string[] =>
  Object.keys((schema as Node | null)?.properties ?? {});

/** @param exceptions reasons, by the operation's name */
function holds(
  routes: readonly Route[],
  convention: (route: Route) => boolean,
  exceptions: Readonly<Record<string, string>>,
): void {
  const without = routes.filter((route) => !convention(route)).map(nameOf);
  expect(without.sort()).toEqual(Object.keys(exceptions).sort());
}

const v1 = routeTable.filter(({ path }) => path.startsWith("/v1/"));
const reads = v1.filter(({ method }) => method === "GET");
const lists = reads.filter(({ reply }) => fieldsOf(reply).includes("items"));
const changes = v1.filter(({ method }) => method !== "GET");
const ofCallers = changes.filter(({ access }) => access.kind !== "public");

test("every list is a page with a cursor and a limit", () => {
  holds(
    lists,
    (route) => {
      const query = [...fieldsOf(route.query), ...Object.keys(sharedQuery(route))];
      return query.includes("cursor") && query.includes("limit") && fieldsOf(route.reply).includes("next");
    },
    {},
  );
});

test("every list can be sorted", () => {
  holds(
    lists,
    (route) => [...fieldsOf(route.query), ...Object.keys(sharedQuery(route))].includes("sort"),
    {},
  );
});

test("every read that answers JSON takes `fields`", () => {
  holds(reads, (route) => "fields" in sharedQuery(route), {
    "GET /v1/audit/export": "a table, or a document a line",
    "GET /v1/channels/{id}/differences.csv": "a table",
    "GET /v1/exports/{kind}": "a table, or a document a line",
    "GET /v1/fulfillment-orders/{id}/packing-slip.pdf": "paper",
    "GET /v1/imports/{id}/faults.csv": "a table",
    "GET /v1/orders/export.csv": "a table",
    "GET /v1/refunds/export.csv": "a table",
    "GET /v1/shipments/{id}/label.pdf": "paper",
    "GET /v1/shipments/{id}/label.zpl": "paper",
    "GET /v1/stock/{sku}/{location}/movements.csv": "a table",
    "GET /v1/track/{token}/returns/{id}/code.svg": "a picture",
    "GET /v1/track/{token}/returns/{id}/label.pdf": "paper",
  });
});

test("every POST and PATCH of a known caller takes an Idempotency-Key", () => {
  const password = "carries a password or a code, whose answer is not to be kept";
  const nothing = "changes nothing";
  const file = "a file as it comes, of any length; what of it is here already is passed over";
  holds(
    ofCallers.filter(({ method }) => method === "POST" || method === "PATCH"),
    ({ idempotency }) => idempotency !== "none",
    {
      "POST /v1/account/passkeys": password,
      "POST /v1/account/passkeys/options": password,
      "POST /v1/account/password": password,
      "POST /v1/account/recovery-codes": password,
      "POST /v1/account/second-factor": password,
      "POST /v1/account/second-factor/confirm": password,
      "POST /v1/account/second-factor/remove": password,
      "POST /v1/imports/{id}/content": file,
      "POST /v1/mail-templates/{kind}/{language}/preview": nothing,
      "POST /v1/orders/quote": nothing,
      "POST /v1/packing-slips": nothing,
      "POST /v1/personal-data/export": nothing,
      "POST /v1/personal-data/orders": nothing,
      "POST /v1/sessions/current/proof": password,
      "POST /v1/sessions/current/single-sign-on": password,
      "POST /v1/settings/sourcing-rules/check": nothing,
      "POST /v1/vendor-accounts/{kind}/{provider}/{account}/try": nothing,
      "POST /v1/webhook-subscriptions/{id}/test": "sends one message more each time, which is what it is for",
      "POST /v1/channels/{id}/account/try": nothing,
    },
  );
});

test("every change of something that can be read takes If-Match", () => {
  const makes = "makes something that is not there yet";
  const nothing = "changes nothing";
  const exceptions = {
    "POST /v1/bulk": "each of its requests names what it was made from",
    "POST /v1/channels": makes,
    "POST /v1/combined-parcels": makes,
    "POST /v1/custom-fields": makes,
    "POST /v1/devices": makes,
    "POST /v1/import-mappings": makes,
    "POST /v1/imports": makes,
    "POST /v1/hold-reasons": makes,
    "POST /v1/keys": makes,
    "POST /v1/locations": makes,
    "POST /v1/orders": makes,
    "POST /v1/orders/quote": nothing,
    "POST /v1/packing-slips": nothing,
    "POST /v1/personal-data/erasures": makes,
    "POST /v1/personal-data/export": nothing,
    "POST /v1/personal-data/orders": nothing,
    "POST /v1/products": makes,
    "POST /v1/returns/unknown-items": makes,
    "POST /v1/roles": makes,
    "POST /v1/sku-mappings": makes,
    "POST /v1/staff": makes,
    "POST /v1/stock/commands": "each command has an id and its own conditions",
    "POST /v1/store-credit": makes,
    "POST /v1/vendor-accounts": makes,
    "POST /v1/views": makes,
    "POST /v1/webhook-subscriptions": makes,
  };
  holds(ofCallers, (route) => resources.has(route), exceptions);
  // What takes none for a reason of its own is told where the rule is; what makes or changes nothing, by kind.
  const protocol = readFileSync(join(projectRoot, "docs/protocol.md"), "utf8");
  const [told = ""] = protocol.split("\n").filter((line) => line.startsWith("| `If-Match`, exceptions |"));
  const own = Object.entries(exceptions).filter(([, reason]) => reason !== makes && reason !== nothing);
  expect([...told.matchAll(/`([A-Z]+ \/v1\/[^`]+)`/g)].map(([, name]) => name).sort()).toEqual(
    own.map(([name]) => name).sort(),
  );
  expect(told).toMatch(/makes something new.*changes nothing/);
});

test("what names the version that it was made from can do so by If-Match alone", () => {
  holds(
    changes.filter(namesVersion),
    (route) => fieldsOf(resources.get(route)?.reply).includes("version"),
    {},
  );
});

test("statuses of preconditions, shared parameters and headers stand in the document", () => {
  const document = JSON.parse(
    openApiDocument(routeTable, {
      answers: ROUTE_ANSWERS,
      whereabouts: WHEREABOUTS,
      publicUrl: "http://localhost:7400",
      sessionCookie: "holdfast_session",
    }),
  );
  for (const route of routeTable) {
    const operation = document.paths[route.path][route.method.toLowerCase()];
    const names = operation.parameters.map(({ name }: { readonly name: string }) => name);
    expect(names, nameOf(route)).toEqual(expect.arrayContaining(Object.keys(sharedQuery(route))));
    expect([nameOf(route), names.includes("If-Match"), "412" in operation.responses]).toEqual([
      nameOf(route),
      resources.has(route),
      resources.has(route),
    ]);
    expect([nameOf(route), "428" in operation.responses]).toEqual([
      nameOf(route),
      resources.has(route) && namesVersion(route),
    ]);
    expect([nameOf(route), operation.deprecated === true]).toEqual([
      nameOf(route),
      route.deprecated !== null,
    ]);
    for (const [status, response] of Object.entries<{ readonly headers?: object }>(operation.responses)) {
      if (!/^2/.test(status) || !route.path.startsWith("/v1/")) continue;
      expect(Object.keys(response.headers ?? {}), nameOf(route)).toEqual(
        expect.arrayContaining(["X-Request-Id", "RateLimit", "RateLimit-Policy"]),
      );
    }
  }
});

test("a deprecated operation says since when, when it goes, and what is there instead", () => {
  expect(deprecationHeaders({ deprecated: null })).toEqual({});
  expect(
    deprecationHeaders({ deprecated: { since: "2026-11-30", sunset: "2027-11-30", instead: "/v1/new" } }),
  ).toEqual({
    deprecation: "@1795996800",
    sunset: "Tue, 30 Nov 2027 00:00:00 GMT",
    link: '</docs>; rel="deprecation"; type="text/html", </v1/new>; rel="successor-version"',
  });
});

test("what is left of a limit is told with the time after which all of it is there again", () => {
  const buckets = new TokenBuckets({ size: 10, perSecond: 2 }, 5);
  for (let taken = 0; taken < 7; taken += 1) buckets.take("ada", 0);
  expect(rateLimitHeaders({ buckets, name: "ada" }, 1_000)).toEqual({
    "ratelimit-policy": '"requests";q=10;w=5',
    ratelimit: '"requests";r=5;t=3',
  });
  expect(rateLimitHeaders({ buckets, name: "nobody" }, 1_000)["ratelimit"]).toBe('"requests";r=10;t=0');
});
