/**
 * Etsy's side of `ports/channel-connection.ts`: receipts by their change, paged by their id.
 *
 * A shop can be told of parcels alone. Etsy's API cancels nothing and gives nothing back: that is done in the
 * shop, and comes back with the receipt. Each parcel that is told mails the buyer, so it is looked for first,
 * by its tracking number.
 *
 * Access tokens last an hour. Whoever renews one gets a new refresh token, too, which is handed to `keep`.
 */
import type {
  ChannelConnection,
  OrderAtChannel,
  OrdersAsked,
  OrdersPage,
  OrderWord,
  Told,
} from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { ConnectOptions } from "../../vendor.ts";
import { readByOffset } from "../../vendor-kit/offset-pages.ts";
import { at, countAt, listAt, textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { moneyOf, refundedOf } from "./adapter.ts";
import { createEtsyClient, type EtsyClient, found, refusalOf, SERVICE } from "./api.ts";
import { readListings, tellStock } from "./listings.ts";

const PAGE_SIZE = 100;
const AT_ONCE = 5;

const BY_HAND: NonNullable<ChannelConnection["byHand"]> = {
  cancel:
    "Etsy's API cancels nothing. Cancel the order in Shop Manager (Orders & Delivery, the order, Cancel), which gives its money back as well; then have it told again here: it is found cancelled.",
  refund:
    "Etsy's API gives nothing back. Refund the order in Shop Manager (Orders & Delivery, the order, Refund): with the next reading of the order it is done here, too.",
};

export function createEtsyConnection(
  values: Readonly<Record<string, string>>,
  options: ConnectOptions = {},
): ChannelConnection {
  const client = createEtsyClient(values, options);
  return {
    // Etsy allows 10 calls a second and 10,000 a day for an app.
    limits: { concurrency: 4, perSecond: 5, burst: 10, stockBatch: 20 },
    tells: new Set(["ship"]),
    byHand: BY_HAND,
    tryConnection: () => tryConnection(client),
    readOrders: (asked) => readOrders(client, asked, options.now ?? Date.now),
    async readOrder(externalId) {
      const receipt = await readOne(client, externalId);
      return receipt === null ? null : writeJson(receipt);
    },
    async readOrderStates(externalIds) {
      const states: OrderAtChannel[] = [];
      for (let from = 0; from < externalIds.length; from += AT_ONCE) {
        const some = externalIds.slice(from, from + AT_ONCE);
        const receipts = await Promise.all(some.map((id) => readOne(client, id)));
        states.push(...receipts.filter((receipt) => receipt !== null).map(stateOf));
      }
      return states;
    },
    tell: (word) => tell(client, word),
    tellStock: (levels) => tellStock(client, levels),
    readListings: (page) => readListings(client, page),
  };
}

async function tryConnection({
  call,
  shop,
  shopId,
}: EtsyClient): Promise<{ readonly works: boolean; readonly detail: string }> {
  try {
    const reply = await call({ method: "GET", path: `${shop}/receipts`, query: { limit: 1 } });
    return found(reply, "list receipts") === null
      ? { works: false, detail: `Etsy has no shop ${shopId}.` }
      : { works: true, detail: `Etsy shop ${shopId}` };
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const isKey = error.code === "unauthorized";
    return {
      works: false,
      detail: isKey ? "Etsy refuses the keystring or the refresh token." : error.message,
    };
  }
}

async function readOne({ call, shop }: EtsyClient, externalId: string): Promise<unknown> {
  if (!/^\d{1,18}$/.test(externalId)) return null;
  return found(await call({ method: "GET", path: `${shop}/receipts/${externalId}` }), "read a receipt");
}

function readOrders(client: EtsyClient, asked: OrdersAsked, now: () => number): Promise<OrdersPage> {
  return readByOffset(asked, {
    service: SERVICE,
    pageSize: PAGE_SIZE,
    now,
    async read(offset, limit) {
      const reply = await client.call({
        method: "GET",
        path: `${client.shop}/receipts`,
        query: {
          min_last_modified: Math.floor(asked.sinceMs / 1_000),
          // Its own second as well; Etsy knows no parts of one.
          max_last_modified: asked.untilMs === undefined ? undefined : Math.ceil(asked.untilMs / 1_000) - 1,
          sort_on: "receipt_id",
          sort_order: "asc",
          limit,
          offset,
        },
      });
      return { rows: listAt(found(reply, "list receipts"), "results"), headers: reply.headers };
    },
    idOf: (row) => Number(textAt(row, "receipt_id")),
    changeOf: (row) => new Date(Number(textAt(row, "updated_timestamp")) * 1_000).toISOString(),
  });
}

async function tell(client: EtsyClient, word: OrderWord): Promise<Told> {
  if (word.kind !== "ship")
    return { status: "refused", code: "not_told", message: `Etsy cannot be told of ${word.kind}.` };
  const receipt = await readOne(client, word.order.externalId);
  if (receipt === null)
    return { status: "refused", code: "order_unknown", message: "The shop has no such order." };
  const known = listAt(receipt, "shipments").find(
    (parcel) => textAt(parcel, "tracking_code") === word.trackingNumber,
  );
  if (known !== undefined) return { status: "already", reference: textAt(known, "receipt_shipping_id") };
  const reply = await client.call({
    method: "POST",
    path: `${client.shop}/receipts/${word.order.externalId}/tracking`,
    form: { tracking_code: word.trackingNumber, carrier_name: carrierOf(word.carrier) },
  });
  if (reply.status !== 200 && reply.status !== 201) return refusalOf(reply);
  const made = listAt(reply.json, "shipments").find(
    (parcel) => textAt(parcel, "tracking_code") === word.trackingNumber,
  );
  return { status: "told", reference: textAt(made, "receipt_shipping_id") };
}

/** Etsy's words for carriers; `other` for those that it has none for. */
const CARRIERS: readonly (readonly [start: string, name: string])[] = [
  ["usps", "usps"],
  ["ups", "ups"],
  ["fedex", "fedex"],
  ["dhl", "dhl"],
  ["canadapost", "canada-post"],
  ["royalmail", "royal-mail"],
  ["auspost", "australia-post"],
  ["australiapost", "australia-post"],
  ["dpd", "dpd"],
  ["hermes", "hermes"],
];

export function carrierOf(carrier: string): string {
  const word = carrier.toLowerCase().replace(/[^a-z]/g, "");
  return CARRIERS.find(([start]) => word.startsWith(start))?.[1] ?? "other";
}

function stateOf(receipt: unknown): OrderAtChannel {
  const currency = textAt(receipt, "grandtotal", "currency_code").toUpperCase();
  const status = textAt(receipt, "status").toLowerCase();
  const isCancelled = status === "canceled" || status === "fully refunded";
  const isShipped = textAt(receipt, "is_shipped") === "true";
  return {
    externalId: textAt(receipt, "receipt_id"),
    state: isCancelled ? "cancelled" : isShipped ? "complete" : "open",
    total: moneyOf(at(receipt, "grandtotal"), "grandtotal", currency),
    refunded: refundedOf(receipt, currency),
    lines: listAt(receipt, "transactions").map((transaction) => {
      const quantity = countAt(transaction, "quantity") || 0;
      return {
        externalLineId: textAt(transaction, "transaction_id"),
        channelSku: textAt(transaction, "sku"),
        quantity,
        shipped: isShipped ? quantity : 0,
        cancelled: isCancelled && !isShipped ? quantity : 0,
      };
    }),
  };
}
