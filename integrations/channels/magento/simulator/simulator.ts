/**
 * A Magento shop on loopback: searches with filter groups, orders with configurable products, shipments,
 * credit memos, cancellations, and multi-source inventory with reservations.
 *
 * As at Magento, a shipment or credit memo is answered with its bare number, a page behind the last one is
 * the last one again, and what open orders have reserved is taken off a source's quantity.
 */
import { randomBytes } from "node:crypto";
import { startChannelServer } from "../../../simulator-kit/channel-server.ts";
import type {
  ChannelSimulator,
  ChannelSimulatorKind,
  ChannelSimulatorOptions,
} from "../../../simulator-kit/channel-simulator.ts";
import {
  jsonOf,
  jsonReply,
  type SimulatedReply,
  type SimulatedRequest,
} from "../../../simulator-kit/exchange.ts";
import { openOf, ShopBooks, type ShopOrder } from "../../../simulator-kit/shop-books.ts";
import { simulatedShop } from "../../../simulator-kit/simulated-shop.ts";
import { bearerOf } from "../../../simulator-kit/simulated-tokens.ts";
import { at, listAt, numberAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { VARIABLES } from "../api.ts";
import {
  commentsAt,
  invoiceDocuments,
  invoicedOf,
  invoicesOf,
  memoDocument,
  orderDocument,
  productDocument,
  shipmentDocument,
  stateOf,
} from "./documents.ts";

const SOURCE = "default";
const STOCK = "1";
const BASE = "/rest/all/V1/";

export const magentoSimulator: ChannelSimulatorKind = { start };

async function start(options: ChannelSimulatorOptions): Promise<ChannelSimulator> {
  const token = randomBytes(20).toString("hex");
  const server = await startChannelServer({
    logger: options.logger,
    now: options.now,
    ...(options.onExchange === undefined ? {} : { onExchange: options.onExchange }),
    answer,
    throttled: (_, waitMs) => ({
      ...jsonReply(429, { message: "Too Many Requests" }),
      headers: { "retry-after": String(Math.ceil(waitMs / 1_000)) },
    }),
  });
  const books = new ShopBooks({ now: options.now });

  function answer(request: SimulatedRequest): SimulatedReply {
    if (bearerOf(request.headers) !== token)
      return failure(401, "The consumer isn't authorized to access %resources.", [
        { resources: "Magento_Sales::sales" },
      ]);
    if (!request.path.startsWith(BASE)) return failure(404, "Request does not match any route.");
    const parts = request.path.slice(BASE.length).split("/").map(decodeURIComponent);
    const [first = "", second = "", third = ""] = parts;
    switch (
      `${request.method} ${first}/${second.replace(/^\d+$/, ":id")}${third === "" ? "" : `/${third}`}`
    ) {
      case "GET orders/":
        return search(request, books.orders().map(orderDocument));
      case "GET shipments/":
        return search(
          request,
          books.orders().flatMap((order) => order.parcels.map((parcel) => shipmentDocument(order, parcel))),
        );
      case "GET creditmemos/":
        return search(
          request,
          books.orders().flatMap((order) => order.refunds.map((refund) => memoDocument(order, refund))),
        );
      case "GET invoices/":
        return search(request, books.orders().flatMap(invoiceDocuments));
      case "POST order/:id/invoice":
        return withOrder(second, (order) => invoice(order, jsonOf(request)));
      case "POST orders/:id/hold":
        return withOrder(second, (order) => setHold(order, true));
      case "POST orders/:id/unhold":
        return withOrder(second, (order) => setHold(order, false));
      case "POST orders/:id/comments":
        return withOrder(second, (order) => addComment(order, jsonOf(request)));
      case "GET products/":
        return search(request, books.onSale().map(productDocument), "id");
      case "GET inventory/source-items":
        return search(
          request,
          books.onSale().map(({ channelSku, quantity }) => ({
            sku: channelSku,
            source_code: SOURCE,
            quantity: quantity + reservedOf(channelSku),
            status: 1,
          })),
        );
      case "POST inventory/source-items":
        return setSources(jsonOf(request));
      case "GET orders/:id":
        return withOrder(second, (order) => jsonReply(200, orderDocument(order)));
      case "POST orders/:id/cancel":
        return withOrder(second, (order) => jsonReply(200, !order.isHeld && books.cancel(order.id)));
      case "POST order/:id/ship":
        return withOrder(second, (order) => ship(order, jsonOf(request)));
      case "POST order/:id/refund":
        return withOrder(second, (order) => refund(order, jsonOf(request)));
      case "POST invoice/:id/refund": {
        const paid = books
          .orders()
          .find((order) => invoiceDocuments(order).some((each) => String(each["entity_id"]) === second));
        return withOrder(paid?.id ?? "", (order) => refund(order, jsonOf(request)));
      }
      default:
    }
    if (request.method === "GET" && first === "inventory" && second === "get-product-salable-quantity") {
      const listing = books.listing(third);
      return listing === undefined || parts[3] !== STOCK
        ? failure(404, "Product with SKU %1 does not exist.", [third])
        : jsonReply(200, listing.quantity);
    }
    return failure(404, "Request does not match any route.");
  }

  function withOrder(id: string, then: (order: ShopOrder) => SimulatedReply): SimulatedReply {
    const order = books.find(id);
    return order === undefined
      ? failure(404, "The entity that was requested doesn't exist. Verify the entity and try again.")
      : then(order);
  }

  /** Units of open orders: sold, and still in the source. */
  function reservedOf(sku: string): number {
    return books
      .orders()
      .filter((order) => !order.isCancelled)
      .flatMap((order) => order.lines)
      .filter((line) => line.planned.channelSku === sku)
      .reduce((units, line) => units + openOf(line), 0);
  }

  function setSources(body: unknown): SimulatedReply {
    const items = listAt(body, "sourceItems");
    if (items.some((item) => textAt(item, "source_code") !== SOURCE || textAt(item, "sku") === ""))
      return failure(400, "Validation Failed");
    for (const item of items) {
      const sku = textAt(item, "sku");
      books.setStock(sku, (numberAt(item, "quantity") ?? 0) - reservedOf(sku));
    }
    return jsonReply(200, []);
  }

  function ship(order: ShopOrder, body: unknown): SimulatedReply {
    const [track] = listAt(body, "tracks");
    const items = listAt(body, "items");
    const lines = items.map((item) => ({
      lineId: textAt(item, "order_item_id"),
      quantity: numberAt(item, "qty") ?? 0,
    }));
    const parcel =
      lines.length === 0 || ["canceled", "holded"].includes(stateOf(order))
        ? null
        : books.ship(order, {
            carrier: textAt(track, "carrier_code"),
            trackingNumber: textAt(track, "track_number"),
            lines,
            extra: { comment: textAt(body, "comment", "comment"), title: textAt(track, "title") },
          });
    if (parcel === null)
      return failure(400, "Shipment Document Validation Error(s):\n%1", [
        "The quantity is more than is left.",
      ]);
    return jsonReply(200, Number(parcel.id));
  }

  /** Units that are invoiced, and no more than are left. */
  function invoice(order: ShopOrder, body: unknown): SimulatedReply {
    const items = listAt(body, "items").map((item) => ({
      lineId: textAt(item, "order_item_id"),
      quantity: numberAt(item, "qty") ?? 0,
    }));
    const isOpen = items.every(({ lineId, quantity }) => {
      const line = order.lines.find(({ id }) => id === lineId);
      return line !== undefined && quantity > 0 && quantity <= line.quantity - invoicedOf(order, lineId);
    });
    if (items.length === 0 || !isOpen || stateOf(order) !== "processing")
      return failure(400, "Invoice Document Validation Error(s):\n%1", [
        "The order does not allow an invoice.",
      ]);
    const id = books.nextId();
    const made = { id, items, comment: textAt(body, "comment", "comment") };
    order.extra.set("invoices", JSON.stringify([...invoicesOf(order), made]));
    books.changed(order, "updated");
    return jsonReply(200, Number(id));
  }

  function setHold(order: ShopOrder, isHeld: boolean): SimulatedReply {
    const may = isHeld ? stateOf(order) === "processing" : order.isHeld;
    if (!may) return failure(400, isHeld ? "A hold action is not available." : "You cannot remove the hold.");
    order.isHeld = isHeld;
    books.changed(order, "updated");
    return jsonReply(200, true);
  }

  function addComment(order: ShopOrder, body: unknown): SimulatedReply {
    const comment = textAt(body, "statusHistory", "comment");
    order.extra.set("comments", JSON.stringify([...commentsAt(order), { id: books.nextId(), comment }]));
    books.changed(order, "updated");
    return jsonReply(200, true);
  }

  function refund(order: ShopOrder, body: unknown): SimulatedReply {
    const items = listAt(body, "items");
    const minor = Math.round((numberAt(body, "arguments", "adjustment_positive") ?? 0) * 100);
    const isAll = items.length === 0 || order.isHeld;
    const made = isAll
      ? null
      : books.refund(order, { minor, reason: textAt(at(body, "comment"), "comment") });
    if (made === null) return failure(400, "The most money available to refund is %1.", ["less than that"]);
    return jsonReply(200, Number(made.id));
  }

  return simulatedShop({
    server,
    books,
    account: {
      [VARIABLES.url]: server.url,
      [VARIABLES.token]: token,
      [VARIABLES.source]: SOURCE,
      [VARIABLES.stock]: STOCK,
      [VARIABLES.refunds]: "online",
    },
  });
}

/** Groups are joined by AND, the filters of a group by OR. @param idName what `entity_id` is called */
function search(
  request: SimulatedRequest,
  rows: readonly Record<string, unknown>[],
  idName = "entity_id",
): SimulatedReply {
  const groups = new Map<string, Map<string, { field?: string; value?: string; conditionType?: string }>>();
  for (const [name, value] of request.query) {
    const match =
      /^searchCriteria\[filterGroups\]\[(\d+)\]\[filters\]\[(\d+)\]\[(field|value|conditionType)\]$/.exec(
        name,
      );
    if (match === null) continue;
    const [, group = "", filter = "", part = ""] = match;
    const filters = groups.get(group) ?? new Map();
    filters.set(filter, { ...filters.get(filter), [part]: value });
    groups.set(group, filters);
  }
  const passes = (row: Record<string, unknown>) =>
    [...groups.values()].every((filters) =>
      [...filters.values()].some(({ field = "", value = "", conditionType = "eq" }) =>
        isMet(textAt(row, field === "entity_id" ? idName : field), conditionType, value),
      ),
    );
  const found = rows.filter(passes);
  const pageSize = Number(request.query.get("searchCriteria[pageSize]") ?? 20);
  const lastPage = Math.max(1, Math.ceil(found.length / pageSize));
  const page = Math.min(lastPage, Number(request.query.get("searchCriteria[currentPage]") ?? 1));
  return jsonReply(200, {
    items: found.slice((page - 1) * pageSize, page * pageSize),
    search_criteria: { filter_groups: [], page_size: pageSize, current_page: page },
    total_count: found.length,
  });
}

function isMet(text: string, condition: string, value: string): boolean {
  const order =
    /^-?[\d.]+$/.test(text) && /^-?[\d.]+$/.test(value)
      ? Number(text) - Number(value)
      : text.localeCompare(value);
  switch (condition) {
    case "in":
      return value.split(",").includes(text);
    case "gt":
      return order > 0;
    case "gteq":
      return order >= 0;
    case "lt":
      return order < 0;
    default:
      return text === value;
  }
}

function failure(status: number, message: string, parameters: unknown = []): SimulatedReply {
  return jsonReply(status, { message, parameters });
}
