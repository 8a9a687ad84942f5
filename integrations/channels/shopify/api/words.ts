/**
 * What Shopify is told of an order. It fulfils by fulfillment orders, each at one location; a move or a split
 * there makes new ones, so that they are looked at anew each time.
 */
import { decimalText } from "../../../../orders/money.ts";
import type { OrderWord, Told } from "../../../../ports/channel-connection.ts";
import { amount, at, firstText, listAt, numberAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { gidNumber } from "../ids.ts";
import { isOwnService } from "../lines.ts";
import { HOLD_HANDLE } from "../parts.ts";
import type { ShopifyClient } from "./client.ts";
import { CANCEL_ORDER, CREATE_FULFILLMENT, CREATE_REFUND, HOLD, READ_WHERE, RELEASE } from "./documents.ts";

type Word<Kind extends OrderWord["kind"]> = OrderWord & { readonly kind: Kind };

export async function tellShopify(client: ShopifyClient, word: OrderWord): Promise<Told> {
  const { externalId } = word.order;
  if (!/^\d{1,20}$/.test(externalId)) return unknownOrder(externalId);
  const data = await client.ask(READ_WHERE, { id: `gid://shopify/Order/${externalId}` });
  const where = at(data, "order");
  if (where === null || where === undefined) return unknownOrder(externalId);
  switch (word.kind) {
    case "ship":
      return ship(client, where, word);
    case "cancel":
      return word.isWhole ? cancelWhole(client, where, word) : takeOff(client, where, word);
    case "refund":
      return refund(client, where, word);
    case "hold":
      return hold(client, where, word);
    case "release":
      return release(client, where);
    default:
      return notTaken("not_told", `Shopify is not told of this (${word.kind}).`);
  }
}

type OpenPart = {
  readonly fulfillmentOrderId: string;
  readonly itemId: string;
  readonly lineId: string;
  readonly locationId: string;
  left: number;
};

async function ship(client: ShopifyClient, where: unknown, word: Word<"ship">): Promise<Told> {
  if (textAt(where, "cancelledAt") !== "")
    return notTaken("order_cancelled", "The order is cancelled at Shopify.");
  const before = sentWith(where, word.trackingNumber);
  const wanted = new Map<string, number>();
  for (const { externalLineId, quantity } of word.lines) {
    const missing = quantity - (before?.units.get(externalLineId) ?? 0);
    if (missing > 0) wanted.set(externalLineId, (wanted.get(externalLineId) ?? 0) + missing);
  }
  if (wanted.size === 0) return { status: "already", reference: before?.reference ?? null };
  await releaseOurs(client, where);
  const open = openParts(where);
  const taken = new Map<string, { part: OpenPart; quantity: number }[]>();
  for (const [lineId, quantity] of wanted) {
    let rest = quantity;
    for (const part of open) {
      if (part.lineId !== lineId || part.left === 0 || rest === 0) continue;
      const units = Math.min(rest, part.left);
      part.left -= units;
      rest -= units;
      taken.set(part.locationId, [...(taken.get(part.locationId) ?? []), { part, quantity: units }]);
    }
    if (rest > 0)
      return notTaken(
        "nothing_left_to_fulfil",
        `Of line ${lineId}, ${quantity - rest} of ${quantity} units can still be fulfilled at Shopify.`,
      );
  }
  let reference: string | null = null;
  for (const parts of taken.values()) {
    const data = await client.ask(CREATE_FULFILLMENT, {
      fulfillment: {
        notifyCustomer: false,
        lineItemsByFulfillmentOrder: byFulfillmentOrder(parts),
        ...(word.trackingNumber === ""
          ? {}
          : {
              trackingInfo: {
                company: word.carrier,
                number: word.trackingNumber,
                ...(word.trackingUrl === null ? {} : { url: word.trackingUrl }),
              },
            }),
      },
    });
    const made = at(data, "fulfillmentCreate");
    const problem = problemIn(made, "userErrors");
    if (problem !== null) return problem;
    reference ??= textAt(made, "fulfillment", "legacyResourceId");
  }
  return { status: "told", reference };
}

function byFulfillmentOrder(parts: readonly { part: OpenPart; quantity: number }[]): readonly unknown[] {
  const byId = new Map<string, { id: string; quantity: number }[]>();
  for (const { part, quantity } of parts)
    byId.set(part.fulfillmentOrderId, [
      ...(byId.get(part.fulfillmentOrderId) ?? []),
      { id: part.itemId, quantity },
    ]);
  return [...byId].map(([fulfillmentOrderId, fulfillmentOrderLineItems]) => ({
    fulfillmentOrderId,
    fulfillmentOrderLineItems,
  }));
}

/** Units by line that are in fulfillments with this number; null: there is none. */
function sentWith(where: unknown, trackingNumber: string) {
  if (trackingNumber === "") return null;
  const ours = listAt(where, "fulfillments").filter(
    (each) =>
      textAt(each, "status") !== "CANCELLED" &&
      listAt(each, "trackingInfo").some((info) => textAt(info, "number") === trackingNumber),
  );
  const [first] = ours;
  if (first === undefined) return null;
  const units = new Map<string, number>();
  for (const each of ours)
    for (const item of listAt(at(each, "fulfillmentLineItems"), "nodes")) {
      const lineId = gidNumber(textAt(item, "lineItem", "id"));
      units.set(lineId, (units.get(lineId) ?? 0) + (numberAt(item, "quantity") ?? 0));
    }
  return { reference: textAt(first, "legacyResourceId"), units };
}

const CAN_BE_FULFILLED = new Set(["OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD"]);

function openParts(where: unknown): OpenPart[] {
  return fulfillmentOrders(where).flatMap((each) =>
    listAt(at(each, "lineItems"), "nodes").map((item) => ({
      fulfillmentOrderId: textAt(each, "id"),
      itemId: textAt(item, "id"),
      lineId: gidNumber(textAt(item, "lineItem", "id")),
      locationId: textAt(each, "assignedLocation", "location", "id"),
      left: numberAt(item, "remainingQuantity") ?? 0,
    })),
  );
}

function fulfillmentOrders(where: unknown): readonly unknown[] {
  // What a fulfillment service was given is that service's: it reports its parcels, and holds are its own.
  return listAt(at(where, "fulfillmentOrders"), "nodes").filter(
    (each) =>
      CAN_BE_FULFILLED.has(textAt(each, "status")) &&
      isOwnService(textAt(each, "assignedLocation", "location", "fulfillmentService", "handle")),
  );
}

const CANCEL_REASONS: Readonly<Record<string, string>> = {
  out_of_stock: "INVENTORY",
  customer_request: "CUSTOMER",
  fraud: "FRAUD",
};

async function cancelWhole(client: ShopifyClient, where: unknown, word: Word<"cancel">): Promise<Told> {
  if (textAt(where, "cancelledAt") !== "") return { status: "already", reference: null };
  const data = await client.ask(CANCEL_ORDER, {
    orderId: textAt(where, "id"),
    reason: CANCEL_REASONS[word.reason] ?? "OTHER",
    staffNote: word.key,
  });
  const made = at(data, "orderCancel");
  return (
    problemIn(made, "orderCancelUserErrors") ?? {
      status: "told",
      reference: textAt(made, "job", "id"),
    }
  );
}

/** Units leave the order by a refund without money: what is to be given back is told apart. */
async function takeOff(client: ShopifyClient, where: unknown, word: Word<"cancel">): Promise<Told> {
  const known = refundWith(where, word.key);
  if (known !== null) return { status: "already", reference: known };
  return createRefund(client, word.key, {
    orderId: textAt(where, "id"),
    note: word.key,
    notify: false,
    refundLineItems: word.lines.map(({ externalLineId, quantity }) => ({
      lineItemId: `gid://shopify/LineItem/${externalLineId}`,
      quantity,
      restockType: "CANCEL",
    })),
    transactions: [],
  });
}

async function refund(client: ShopifyClient, where: unknown, word: Word<"refund">): Promise<Told> {
  const known = refundWith(where, word.key);
  if (known !== null) return { status: "already", reference: known };
  const transactions = transactionsFor(where, word);
  if (transactions === null)
    return notTaken("more_than_was_paid", "Shopify has not so much of the order's money left to give back.");
  return createRefund(client, word.key, {
    orderId: textAt(where, "id"),
    note: word.key,
    notify: false,
    transactions,
  });
}

async function createRefund(client: ShopifyClient, key: string, input: unknown): Promise<Told> {
  const data = await client.ask(CREATE_REFUND, { input, key });
  const made = at(data, "refundCreate");
  return (
    problemIn(made, "userErrors") ?? {
      status: "told",
      reference: textAt(made, "refund", "legacyResourceId"),
    }
  );
}

/** Of payments that went through, the amount is taken one after the other; null: they are not enough. */
function transactionsFor(where: unknown, word: Word<"refund">): readonly unknown[] | null {
  const all = listAt(where, "transactions").filter((each) => textAt(each, "status") === "SUCCESS");
  const minorOf = (each: unknown) => {
    const money = at(each, "amountSet", "shopMoney");
    return amount(textAt(money, "amount"), textAt(money, "currencyCode"), "a payment").minor;
  };
  let rest = word.amount.minor;
  const parts: unknown[] = [];
  for (const paid of all.filter((each) => ["SALE", "CAPTURE"].includes(textAt(each, "kind")))) {
    const given = all
      .filter(
        (each) =>
          textAt(each, "kind") === "REFUND" && textAt(each, "parentTransaction", "id") === textAt(paid, "id"),
      )
      .reduce<number>((sum, each) => sum + minorOf(each), 0);
    const minor = Math.min(rest, minorOf(paid) - given);
    if (minor <= 0) continue;
    rest -= minor;
    parts.push({
      orderId: textAt(where, "id"),
      kind: "REFUND",
      gateway: textAt(paid, "gateway"),
      parentId: textAt(paid, "id"),
      amount: decimalText({ ...word.amount, minor }),
    });
  }
  return rest > 0 ? null : parts;
}

/** @returns the number of the refund that was made under this key; null: none */
function refundWith(where: unknown, key: string): string | null {
  const known = listAt(where, "refunds").find((each) => textAt(each, "note") === key);
  return known === undefined ? null : textAt(known, "legacyResourceId");
}

const HOLD_REASONS: Readonly<Record<string, string>> = {
  insufficient_stock: "INVENTORY_OUT_OF_STOCK",
  backordered: "INVENTORY_OUT_OF_STOCK",
  address_missing: "INCORRECT_ADDRESS",
  address_unusable: "INCORRECT_ADDRESS",
  payment_pending: "AWAITING_PAYMENT",
  payment_failed: "AWAITING_PAYMENT",
  payment_unconfirmed: "AWAITING_PAYMENT",
  awaiting_return: "AWAITING_RETURN_ITEMS",
};

async function hold(client: ShopifyClient, where: unknown, word: Word<"hold">): Promise<Told> {
  const open = fulfillmentOrders(where);
  if (open.length === 0)
    return notTaken("nothing_left_to_fulfil", "Nothing of the order is left to be held.");
  let reference: string | null = null;
  let isNew = false;
  for (const each of open) {
    const known = oursAmong(each)[0];
    if (known !== undefined) {
      reference ??= known;
      continue;
    }
    const data = await client.ask(HOLD, {
      id: textAt(each, "id"),
      fulfillmentHold: {
        reason: HOLD_REASONS[word.reason] ?? "OTHER",
        reasonNotes: word.reason,
        handle: HOLD_HANDLE,
        notifyMerchant: false,
      },
    });
    const made = at(data, "fulfillmentOrderHold");
    const problem = problemIn(made, "userErrors");
    if (problem !== null) return problem;
    isNew = true;
    reference ??= textAt(made, "fulfillmentHold", "id");
  }
  return { status: isNew ? "told" : "already", reference };
}

async function release(client: ShopifyClient, where: unknown): Promise<Told> {
  const outcome = await releaseOurs(client, where);
  return outcome.problem ?? { status: outcome.released > 0 ? "told" : "already", reference: null };
}

async function releaseOurs(client: ShopifyClient, where: unknown) {
  let released = 0;
  for (const each of fulfillmentOrders(where)) {
    const holdIds = oursAmong(each);
    if (holdIds.length === 0) continue;
    const data = await client.ask(RELEASE, { id: textAt(each, "id"), holdIds });
    const problem = problemIn(at(data, "fulfillmentOrderReleaseHold"), "userErrors");
    if (problem !== null) return { problem, released };
    released += 1;
  }
  return { problem: null, released };
}

function oursAmong(fulfillmentOrder: unknown): readonly string[] {
  return listAt(fulfillmentOrder, "fulfillmentHolds")
    .filter((each) => textAt(each, "handle") === HOLD_HANDLE)
    .map((each) => textAt(each, "id"));
}

function problemIn(payload: unknown, name: string): Told | null {
  const [first] = listAt(payload, name);
  return first === undefined
    ? null
    : notTaken("refused_by_shopify", firstText(textAt(first, "message"), "Shopify gave no reason."));
}

function unknownOrder(externalId: string): Told {
  return notTaken("order_unknown", `Shopify has no order ${externalId}.`);
}

function notTaken(code: string, message: string): Told {
  return { status: "refused", code, message };
}
