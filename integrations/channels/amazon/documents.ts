/**
 * Amazon spreads an order over several responses. Owns what is known of one order, and how responses, lists
 * and documents that were joined before become that.
 */
import { at, isObject, listAt, parseJson, textAt } from "../../vendor-kit/vendor-json.ts";
import { isOrderOf2026, partsOf2026 } from "./orders-2026.ts";
import type { Parts } from "./parts.ts";

export function partsOfText(text: string): readonly Parts[] {
  try {
    return partsIn(parseJson(text));
  } catch (cause) {
    if (cause instanceof SyntaxError) return [];
    throw cause;
  }
}

export function payloadOf(document: unknown): unknown {
  const response = at(document, "response") ?? document;
  return at(response, "payload") ?? response;
}

/** The parts of orders in a response, in a joined document, or in a list of these. */
export function partsIn(document: unknown): readonly Parts[] {
  if (Array.isArray(document))
    return document.flatMap((element) => (Array.isArray(element) ? [] : partsIn(element)));
  const payload = payloadOf(document);
  const orders = at(payload, "Orders") ?? at(payload, "orders");
  if (Array.isArray(orders)) return orders.flatMap(partsIn);
  for (const order of [payload, at(payload, "order")]) if (isOrderOf2026(order)) return [partsOf2026(order)];
  const id = textAt(payload, "AmazonOrderId");
  if (id === "") return [];
  if (
    ["order", "items", "address", "buyerInfo", "itemsBuyerInfo", "regulatedInfo"].some(
      (part) => at(payload, part) !== undefined,
    )
  ) {
    return [joinedParts(payload, id)];
  }
  const items = at(payload, "OrderItems");
  if (Array.isArray(items)) {
    const ofBuyer = items.length > 0 && items.every((item) => at(item, "QuantityOrdered") === undefined);
    if (ofBuyer) return [{ AmazonOrderId: id, itemsBuyerInfo: items }];
    return [{ AmazonOrderId: id, items, itemsComplete: textAt(payload, "NextToken") === "" }];
  }
  if (at(payload, "OrderStatus") !== undefined || at(payload, "PurchaseDate") !== undefined) {
    return [{ AmazonOrderId: id, order: payload }];
  }
  if (at(payload, "ShippingAddress") !== undefined) return [{ AmazonOrderId: id, address: payload }];
  if (at(payload, "RegulatedInformation") !== undefined)
    return [{ AmazonOrderId: id, regulatedInfo: payload }];
  return [{ AmazonOrderId: id, buyerInfo: payload }];
}

export function joinedParts(document: unknown, id: string): Parts {
  const list = (name: string) =>
    Array.isArray(at(document, name)) ? { [name]: listAt(document, name) } : {};
  const part = (name: string) => (isObject(at(document, name)) ? { [name]: at(document, name) } : {});
  return {
    AmazonOrderId: id,
    ...part("order"),
    ...list("items"),
    ...(at(document, "itemsComplete") === true ? { itemsComplete: true } : {}),
    ...part("address"),
    ...part("buyerInfo"),
    ...list("itemsBuyerInfo"),
    ...part("regulatedInfo"),
  };
}

/**
 * One record for each order. Of two headers the one that was updated later counts, of two other parts the one
 * that comes later. Items are added up.
 */
export function mergeByOrder(parts: readonly Parts[]): ReadonlyMap<string, Parts> {
  const merged = new Map<string, Parts>();
  for (const next of parts) {
    const known = merged.get(next.AmazonOrderId);
    if (known === undefined) {
      merged.set(next.AmazonOrderId, next);
      continue;
    }
    const items = mergeItems(known.items, next.items);
    const itemsBuyerInfo = mergeItems(known.itemsBuyerInfo, next.itemsBuyerInfo);
    merged.set(next.AmazonOrderId, {
      ...known,
      ...next,
      ...(known.order !== undefined && next.order !== undefined
        ? { order: later(known.order, next.order) }
        : {}),
      ...(items === undefined ? {} : { items }),
      ...(known.itemsComplete === true ? { itemsComplete: true } : {}),
      ...(itemsBuyerInfo === undefined ? {} : { itemsBuyerInfo }),
    });
  }
  return merged;
}

function mergeItems(
  known: readonly unknown[] | undefined,
  next: readonly unknown[] | undefined,
): readonly unknown[] | undefined {
  if (known === undefined || next === undefined) return next ?? known;
  const byId = new Map([...known, ...next].map((item) => [textAt(item, "OrderItemId"), item]));
  return [...byId.values()];
}

function later(a: unknown, b: unknown): unknown {
  return textAt(b, "LastUpdateDate") >= textAt(a, "LastUpdateDate") ? b : a;
}
