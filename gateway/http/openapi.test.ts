import { expect, expectTypeOf, test } from "vitest";
import type {
  CaptureResult,
  ChannelView,
  DeviceView,
  LocationView,
  OrderSummary,
  OrderView,
  Overview,
  Product,
  ReturnView,
  Session,
  SkuMapping,
  StockAvailability,
  StockExplanation,
  StockPromise,
  StockRow,
  TimelineEntry,
  TrackingView,
  UnmappedSku,
  WaitingFulfillmentOrder,
} from "../../contract/api.ts";
import type { Replies } from "../../contract/schemas.ts";
import { routeTable } from "../routes/route-table.ts";
import { openApiDocument } from "./openapi.ts";
import { createRouter } from "./router.ts";

/** Read-only is a promise to the reader, not a matter of the wire. */
type Wire<T> = T extends readonly (infer U)[]
  ? Wire<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Wire<T[K]> }
    : T;

test("the schemas of replies say what the types of the API say", () => {
  expectTypeOf<Wire<Session>>().toEqualTypeOf<Wire<Replies["session"]>>();
  expectTypeOf<Wire<CaptureResult>>().toEqualTypeOf<Wire<Replies["capture"]>>();
  expectTypeOf<Wire<OrderSummary>>().toEqualTypeOf<Wire<Replies["orderSummary"]>>();
  expectTypeOf<Wire<Omit<OrderView, "document">>>().toEqualTypeOf<Wire<Replies["order"]>>();
  expectTypeOf<Wire<TimelineEntry>>().toEqualTypeOf<Wire<Replies["timelineEntry"]>>();
  expectTypeOf<Wire<WaitingFulfillmentOrder>>().toEqualTypeOf<Wire<Replies["waitingFulfillmentOrder"]>>();
  expectTypeOf<Wire<ReturnView>>().toEqualTypeOf<Wire<Replies["return"]>>();
  expectTypeOf<Wire<StockRow>>().toEqualTypeOf<Wire<Replies["stockRow"]>>();
  expectTypeOf<Wire<StockAvailability>>().toEqualTypeOf<Wire<Replies["stockAvailability"]>>();
  expectTypeOf<Wire<StockPromise>>().toEqualTypeOf<Wire<Replies["stockPromise"]>>();
  expectTypeOf<Wire<StockExplanation>>().toEqualTypeOf<Wire<Replies["stockExplanation"]>>();
  expectTypeOf<Wire<Product>>().toEqualTypeOf<Wire<Replies["product"]>>();
  expectTypeOf<Wire<SkuMapping>>().toEqualTypeOf<Wire<Replies["skuMapping"]>>();
  expectTypeOf<Wire<UnmappedSku>>().toEqualTypeOf<Wire<Replies["unmappedSku"]>>();
  expectTypeOf<Wire<LocationView>>().toEqualTypeOf<Wire<Replies["location"]>>();
  expectTypeOf<Wire<ChannelView>>().toEqualTypeOf<Wire<Replies["channel"]>>();
  expectTypeOf<Wire<DeviceView>>().toEqualTypeOf<Wire<Replies["device"]>>();
  expectTypeOf<Wire<Overview>>().toEqualTypeOf<Wire<Replies["overview"]>>();
  expectTypeOf<Wire<TrackingView>>().toEqualTypeOf<Wire<Replies["tracking"]>>();
});

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
