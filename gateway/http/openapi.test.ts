import { expect, test } from "vitest";
import { ROUTE_ANSWERS } from "../routes/route-answers.ts";
import { routeTable } from "../routes/route-table.ts";
import { WHEREABOUTS } from "../routes/whereabouts.ts";
import { openApiDocument } from "./openapi.ts";
import { createRouter } from "./router.ts";

const document = JSON.parse(
  openApiDocument(routeTable, {
    answers: ROUTE_ANSWERS,
    whereabouts: WHEREABOUTS,
    publicUrl: "http://localhost:7400",
    sessionCookie: "holdfast_session",
  }),
);

test("the OpenAPI document names every route once, with its parameters and permission, and what is served beside", () => {
  const operations = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((path) =>
    Object.values(path).map((operation) => operation.operationId),
  );
  expect(operations).toHaveLength(routeTable.length + 4);
  expect(new Set(operations).size).toBe(operations.length);
  const cancel = document.paths["/v1/orders/{id}/cancel"].post;
  expect(cancel.description).toBe("Permission: `orders.cancel`");
  expect(cancel.parameters.map((parameter: { name: string }) => parameter.name)).toEqual([
    "id",
    "If-Match",
    "Idempotency-Key",
  ]);
  expect(document.paths["/v1/setup"].post.security).toEqual([]);
});

test("every operation declares its statuses one by one, and each refusal's codes", () => {
  for (const [path, operations] of Object.entries<Record<string, { responses: object }>>(document.paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      const statuses = Object.keys(responses);
      expect([`${method} ${path}`, statuses.filter((status) => !/^\d{3}$/.test(status))]).toEqual([
        `${method} ${path}`,
        [],
      ]);
      expect(statuses, `${method} ${path}`).toContain("500");
    }
  }
  const codesOf = (status: number) => {
    const { $ref } = document.paths["/v1/orders/{id}/cancel"].post.responses[status];
    return document.components.responses[$ref.slice(23)].content["application/problem+json"].schema.allOf[1]
      .properties.code.enum;
  };
  expect(codesOf(401)).toEqual(["unauthenticated"]);
  expect(codesOf(415)).toEqual(["unsupported_media_type"]);
  expect(codesOf(409)).toEqual(expect.arrayContaining(["idempotency_in_flight", "order_ended"]));
});

test("a query field that need not be there may be empty; one that is needed is said to be", () => {
  const parameter = (path: string, name: string) =>
    document.paths[path].get.parameters.find((each: { name: string }) => each.name === name);
  expect(parameter("/v1/orders", "limit").allowEmptyValue).toBe(true);
  expect(parameter("/v1/stock/{sku}/promise", "quantity").allowEmptyValue).toBeUndefined();
  expect(parameter("/v1/stock/{sku}/promise", "quantity").required).toBe(true);
});

test("a path finds its route, literal segments first, and its parameters decoded", () => {
  const router = createRouter(routeTable);
  expect(router.match("GET", "/v1/sessions/current")?.route.path).toBe("/v1/sessions/current");
  expect(router.match("HEAD", "/v1/orders/a%2Fb")?.params).toEqual({ id: "a/b" });
  expect(() => router.match("GET", "/v1/orders/")).toThrow("nothing at this address");
  expect(router.match("GET", "/v1/orders/a/b/c")).toBeNull();
  expect(() => router.match("POST", "/v1/overview")).toThrow("Allowed here: GET.");
});
