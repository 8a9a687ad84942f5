/**
 * A return becomes an exchange: the goods that the customer wants instead are an order of their own,
 * `<return>-X1`, whose stock is reserved at once, or the exchange is refused and nothing changes.
 *
 * That order waits until the return was inspected (`awaiting_return`). What the returned goods were worth
 * then pays for it (`workflows/refund/activities/exchange.ts`): a difference is charged before it goes on, or
 * goes back to the way the customer paid. Exchanged once; repeating it returns the first order.
 */
import { type Money, zeroMoney } from "../../orders/money.ts";
import type { OrderLine } from "../../orders/order.ts";
import { replacementIds } from "../../orders/order-identity.ts";
import { type ProductPrice, readProductPrices } from "../../store/catalog/catalog.ts";
import { lockOrder, readOrderProgress } from "../../store/orders/order-progress.ts";
import { findKnownOrder } from "../../store/orders/orders.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { type Gift, withdrawGift, writeGift } from "../../store/refunds/gifts.ts";
import { readReturn } from "../../store/returns/returns.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { oneAtATime } from "../holds/one-at-a-time.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { type Giver, refuseGift, refuseIncomparable } from "./gift-limit.ts";
import { type Placed, placeReplacement, replacementDocument } from "./replacement-order.ts";

type Item = {
  readonly sku: string;
  readonly quantity: number;
  /** Taxes included, in ISO 4217 minor units of the order's currency. Absent: the catalog's price. */
  readonly unitPriceMinor?: number;
};

type Exchange = {
  readonly returnId: string;
  readonly items: readonly Item[];
  /** For a difference; absent: that of the order that the goods came from, or none. */
  readonly paymentMethod?: string;
  readonly giver: Giver;
};

/** Before the goods are inspected, their worth can still pay for something else. */
const EXCHANGEABLE: ReadonlySet<string> = new Set(["requested", "approved", "in_transit", "received"]);

export function exchangeReturn(context: OperationContext, input: Exchange): Promise<Placed | Refusal> {
  return oneAtATime(context.database, `exchange of ${input.returnId}`, () => exchange(context, input));
}

async function exchange(context: OperationContext, input: Exchange): Promise<Placed | Refusal> {
  const { returnId, giver } = input;
  const { database } = context;
  const returned = await readReturn(database, returnId);
  const order = returned === undefined ? undefined : await readOrderProgress(database, returned.orderId);
  if (returned === undefined || order === undefined)
    return refuse("return_not_found", `There is no return ${returnId}.`);
  const ids = replacementIds(order.document, returnId);
  if (ids === undefined)
    return refuse("exchange_impossible", `${returnId} leaves no room for another order's id.`);
  if ((await findKnownOrder(database, ids.orderId)) !== undefined)
    return { status: "done", orderId: ids.orderId };
  if (!EXCHANGEABLE.has(returned.status))
    return refuse("exchange_impossible", `${returnId} is ${returned.status.replaceAll("_", " ")}.`);

  const { companyId } = order.document;
  const prices = await readProductPrices(
    database,
    companyId,
    input.items.map(({ sku }) => sku),
  );
  const lines = linesOf(input.items, prices, order.currency);
  if (!Array.isArray(lines)) return lines;
  const incomparable = refuseIncomparable(
    giver,
    incomparableItem(input.items, prices, order.currency),
    order.currency,
  );
  if (incomparable !== null) return incomparable;
  const gift: Gift = {
    key: `${returnId}:exchange`,
    orderId: order.orderId,
    kind: "exchange",
    minor: belowCatalog(input.items, prices, order.currency),
    currency: order.currency,
    role: giver.role,
    by: giver.by,
  };
  // Before the goods are reserved: who gives on the order meanwhile counts it.
  const tooMuch = await inTransaction(database, async (client) => {
    await lockOrder(client, order.orderId);
    const refused = await refuseGift(client, giver, { ...gift, companyId });
    if (refused === null) await writeGift(client, gift);
    return refused;
  });
  if (tooMuch !== null) return tooMuch;

  const zero = zeroMoney(order.currency);
  const total: Money = {
    ...zero,
    minor: lines.reduce((sum, line) => sum + line.unitPrice.minor * line.quantity, 0),
  };
  const replaced = { document: order.document, id: returnId };
  const placed = await placeReplacement(context, {
    replaced,
    order: {
      document: replacementDocument(
        replaced,
        ids,
        {
          lines,
          shippingPrice: zero,
          discount: zero,
          tax: zero,
          total,
          taxesIncluded: true,
          ...(input.paymentMethod === undefined ? {} : { paymentMethod: input.paymentMethod }),
        },
        context.now(),
      ),
      holdReasons: [
        { code: "awaiting_return", detail: `In exchange for ${returnId}, which is to come back.` },
      ],
      summary: `In exchange for return ${returnId} of order ${order.externalNumber}.`,
      by: giver.by,
    },
  });
  if (placed.status === "refused") {
    await withdrawGift(database, gift.key);
    return placed;
  }
  // Where another process was refused it meanwhile, and took it back.
  await writeGift(database, gift);
  await recordEntry(database, {
    orderId: order.orderId,
    key: `exchanged:${returnId}`,
    type: "return.exchanged",
    summary: `Return ${returnId} is exchanged: order ${placed.orderId} waits for it, with its stock reserved.`,
    cause: giver.by,
    data: { returnId, orderId: placed.orderId },
  });
  return placed;
}

type Prices = ReadonlyMap<string, ProductPrice>;

function linesOf(items: readonly Item[], prices: Prices, currency: string): OrderLine[] | Refusal {
  const lines: OrderLine[] = [];
  for (const { sku, quantity, unitPriceMinor } of items) {
    const product = prices.get(sku);
    if (product === undefined) return refuse("product_not_found", `The catalog has no ${sku}.`);
    const minor = unitPriceMinor ?? (product.currency === currency ? product.priceMinor : undefined);
    if (minor === undefined)
      return refuse("price_missing", `The catalog's price of ${sku} is in ${product.currency}.`);
    const zero = zeroMoney(currency);
    const lineId = String(lines.length + 1);
    lines.push({
      lineId,
      externalLineId: lineId,
      sku,
      channelSku: sku,
      title: product.name,
      quantity,
      unitPrice: { ...zero, minor },
      discount: zero,
      tax: zero,
      taxes: [],
      attributes: {},
    });
  }
  return lines;
}

/** What has a price of one's own and none in the catalog to compare it with; `null`: nothing. */
function incomparableItem(items: readonly Item[], prices: Prices, currency: string): string | null {
  const item = items.find(
    ({ sku, unitPriceMinor }) => unitPriceMinor !== undefined && prices.get(sku)?.currency !== currency,
  );
  return item?.sku ?? null;
}

/** What is given away by prices below the catalog's. */
function belowCatalog(items: readonly Item[], prices: Prices, currency: string): number {
  return items.reduce((sum, { sku, quantity, unitPriceMinor }) => {
    const product = prices.get(sku);
    if (unitPriceMinor === undefined || product?.currency !== currency) return sum;
    return sum + Math.max(0, product.priceMinor - unitPriceMinor) * quantity;
  }, 0);
}
