/** Stock: what is there, what may be promised, why a number is so, and commands that change it. */
import Type from "typebox";
import { MAX_STOCK_FEED_NAMES, MOVEMENT_EXPORT_ROWS, PAGE_DEFAULT } from "../../config/limits.ts";
import { Id, oneOf, PageQuery, pageOf, Quantity, sortedPages, text } from "../../contract/shapes.ts";
import {
  STOCK_SORTS,
  StockAvailability,
  StockExplanation,
  StockMovement,
  StockPromise,
  StockRow,
} from "../../contract/stock.ts";
import { StockCommands, StockOutcomes } from "../../contract/stock-commands.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { callerIn } from "../../operations/context.ts";
import { availabilityOf } from "../../operations/stock/availability.ts";
import { runStockCommands } from "../../operations/stock/run-stock-commands.ts";
import { recordAuditAlone } from "../../store/audit-log/record-audit.ts";
import { explainStock, listMovements, listStock } from "../../store/stock/stock-views.ts";
import { requireStockPermissions } from "../access/authentication.ts";
import { STOCK_COMMANDS_SOME } from "../access/permissions.ts";
import { boundsOf } from "../access/within.ts";
import { type Call, callerOf, done, found, param, type Route, route } from "../http/route.ts";
import { csvOf } from "../wire/csv.ts";
import { executeOnKnownPositions } from "../wire/known-positions.ts";
import { ApiError } from "../wire/problem.ts";
import { readStockCommands } from "../wire/stock-commands.ts";

/** Movements that one explanation lists. It also says whether all of them, listed or not, add up. */
const EXPLAINED_MOVEMENTS = 100;

const MOVEMENT_COLUMNS = [
  "at",
  "kind",
  "onHand",
  "reserved",
  "allocated",
  "picked",
  "unavailable",
  "safetyStock",
  "incoming",
  "fenced",
  "onHandAfter",
  "availableAfter",
  "cause",
  "reason",
  "holdId",
  "reference",
  "pool",
  "lot",
] as const satisfies readonly (keyof StockMovement)[];

export const stockRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/stock",
    summary: "Stock positions by SKU and location",
    access: { kind: "permission", permission: "stock.read" },
    query: Type.Object({
      q: Type.Optional(text(100)),
      location: Type.Optional(Id),
      /** `set`: positions that keep a safety stock. */
      safetyStock: Type.Optional(oneOf(["set"])),
      /** Positions of which no more units than that are free to promise. */
      availableAtMost: Type.Optional(Type.Integer({ minimum: 0, maximum: 999_999_999 })),
      sort: Type.Optional(oneOf(STOCK_SORTS)),
      ...PageQuery,
    }),
    reply: pageOf(StockRow),
    handle: async (call) => {
      const { query, services } = call;
      const { locations } = stockBounds(call);
      return {
        json: await listStock(services.database, {
          locations,
          text: query.q,
          locationId: query.location,
          keepsSafetyStock: query.safetyStock === "set",
          availableAtMost: query.availableAtMost,
          sort: query.sort,
          cursor: query.cursor,
          limit: query.limit ?? PAGE_DEFAULT,
        }),
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/stock/{sku}/available",
    summary:
      "Units that may be promised now, committed and without delay; `locations` are separated by commas",
    access: { kind: "permission", permission: "stock.read" },
    query: Type.Object({ locations: Type.Optional(text(20_000)), pool: Type.Optional(Id) }),
    reply: StockAvailability,
    handle: async (call) => {
      const sku = param(call, "sku");
      const { locations, pool } = call.query;
      const own = stockBounds(call).locations;
      const { allocator } = call.services;
      return { json: found(await readAvailability(allocator, sku, locations, pool, own), "stock") };
    },
  }),
  route({
    method: "GET",
    path: "/v1/stock/{sku}/promise",
    summary:
      "When so many units, or kits, could be promised: by what is free, on its way, and waited for already",
    access: { kind: "permission", permission: "stock.read" },
    query: Type.Object({ quantity: Quantity, location: Type.Optional(Id) }),
    reply: StockPromise,
    handle: async (call) => {
      const { quantity, location } = call.query;
      const { allocator, operations } = call.services;
      const sku = param(call, "sku");
      const at = await allocator.capableToPromise({
        sku,
        quantity,
        ...(location === undefined ? {} : { locationId: location }),
        atMs: operations.now(),
      });
      return {
        json: {
          sku,
          quantity,
          promisedAt: at === null ? null : new Date(at).toISOString(),
        },
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/stock/{sku}/{location}/explain",
    summary: "Why a position's numbers are what they are",
    access: { kind: "permission", permission: "stock.explain" },
    reply: StockExplanation,
    handle: async (call) => {
      const { services } = call;
      const address = positionOf(call);
      const [explained, holds] = await Promise.all([
        explainStock(services.database, { ...address, movements: EXPLAINED_MOVEMENTS }),
        services.allocator.holds(address),
      ]);
      return {
        json: {
          ...found(explained, "stock position"),
          holds: holds.map(({ holdId, state, quantity, expiresAtMs, cause }) => ({
            holdId,
            state,
            quantity,
            expiresAt: expiresAtMs === 0 ? null : new Date(expiresAtMs).toISOString(),
            cause,
          })),
        },
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/stock/{sku}/{location}/movements",
    summary: "Movements of a position, newest first, each with the numbers after it",
    access: { kind: "permission", permission: "stock.explain" },
    query: Type.Object(sortedPages("at")),
    reply: pageOf(StockMovement),
    handle: async (call) => {
      const { sort, cursor, limit = PAGE_DEFAULT } = call.query;
      return {
        json: await listMovements(call.services.database, positionOf(call), { sort, cursor, limit }),
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/stock/{sku}/{location}/movements.csv",
    summary: `The same as a table, at most the newest ${MOVEMENT_EXPORT_ROWS.toLocaleString("en")}`,
    access: { kind: "permission", permission: "stock.explain" },
    handle: async (call) => {
      const { database, operations } = call.services;
      const position = positionOf(call);
      const { items } = await listMovements(database, position, { limit: MOVEMENT_EXPORT_ROWS });
      await recordAuditAlone(database, callerIn(operations, callerOf(call).by), {
        act: "stock.exported",
        subject: `stock:${position.sku}@${position.locationId}`,
        after: { rows: items.length },
      });
      const rows = items.map((movement) => MOVEMENT_COLUMNS.map((column) => movement[column]));
      return {
        contentType: "text/csv; charset=utf-8",
        bytes: csvOf(MOVEMENT_COLUMNS, rows),
        file: { name: `movements-${position.sku}-${position.locationId}.csv` },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/stock/commands",
    summary: "Runs stock commands, each idempotent by its commandId",
    access: { kind: "one-of", permissions: STOCK_COMMANDS_SOME },
    body: StockCommands,
    reply: StockOutcomes,
    idempotency: "accepted",
    handle: async (call) => {
      const principal = callerOf(call);
      const { by, staff } = principal;
      const { operations } = call.services;
      const commands = readStockCommands(call.body.commands, by, operations.now(), "invalid_request");
      requireStockPermissions(principal, commands);
      const { outcomes } = done(
        await runStockCommands(operations, { commands, by, isPerson: staff !== null }, (known) =>
          executeOnKnownPositions(call.services, known),
        ),
      );
      return { json: { outcomes: [...outcomes] } };
    },
  }),
];

function positionOf(call: Call<unknown, unknown>): { readonly sku: string; readonly locationId: string } {
  return { sku: param(call, "sku"), locationId: param(call, "location") };
}

/** Stock is of no channel: whoever is bound to channels alone sees all of it, as keys of a channel do. */
function stockBounds(call: Call<unknown, unknown>): { readonly locations: readonly string[] | null } {
  return boundsOf(callerOf(call));
}

/** From shared memory: no shard is asked. */
async function readAvailability(
  allocator: AllocatorClient,
  sku: string,
  locations: string | undefined,
  pool: string | undefined,
  own: readonly string[] | null,
): Promise<StockAvailability | null> {
  const named = locations?.split(",");
  const asked = own === null ? named : (named ?? own).filter((id) => own.includes(id));
  if (named !== undefined && (named.length > MAX_STOCK_FEED_NAMES || named.includes(""))) {
    throw new ApiError("invalid_request", `locations names 1 to ${MAX_STOCK_FEED_NAMES} locations.`);
  }
  const found = await availabilityOf(allocator, sku, {
    ...(pool === undefined ? {} : { pool }),
    ...(asked === undefined ? {} : { locationIds: asked }),
  });
  return found === null ? null : { sku, available: found.available, byLocation: [...found.byLocation] };
}
