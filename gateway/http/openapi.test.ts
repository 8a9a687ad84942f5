import { expect, test } from "vitest";
import { routeTable } from "../routes/route-table.ts";
import { openApiDocument } from "./openapi.ts";
import { createRouter } from "./router.ts";

test("the OpenAPI document names every route once, with its parameters and permission", () => {
  const document = JSON.parse(openApiDocument(routeTable, "http://localhost:7400"));
  const operations = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((path) =>
    Object.values(path).map((operation) => operation.operationId),
  );
  expect(operations).toHaveLength(routeTable.length);
  expect(new Set(operations).size).toBe(routeTable.length);
  const cancel = document.paths["/v1/orders/{id}/cancel"].post;
  expect(cancel.description).toBe("Permission: `orders.cancel`");
  expect(cancel.parameters.map((parameter: { name: string }) => parameter.name)).toEqual([
    "id",
    "Idempotency-Key",
  ]);
});

test("a path finds its route, literal segments first, and its parameters decoded", () => {
  const router = createRouter(routeTable);
  expect(router.match("GET", "/v1/sessions/current")?.route.path).toBe("/v1/sessions/current");
  expect(router.match("HEAD", "/v1/orders/a%2Fb")?.params).toEqual({ id: "a/b" });
  expect(() => router.match("GET", "/v1/orders/")).toThrow("nothing at this address");
  expect(router.match("GET", "/v1/orders/a/b/c")).toBeNull();
  expect(() => router.match("POST", "/v1/overview")).toThrow("Allowed here: GET.");
});
