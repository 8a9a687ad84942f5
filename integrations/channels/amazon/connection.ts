/** A seller's account at Amazon, over the Selling Partner API. */
import type { ChannelConnection } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { type AmazonAccount, createAmazonApi } from "./api.ts";
import { wantsInvoice } from "./invoice.ts";
import { TAKES_INVOICES } from "./marketplaces.ts";
import { createMultiChannelFulfillment } from "./multi-channel-fulfillment.ts";
import { createNotificationQueue, type QueueAccount } from "./queue.ts";
import { createReader2026, createReaderV0, readOrder2026, stateOf } from "./read-orders.ts";
import { readListings, tellStock } from "./stock.ts";
import { TOLD_TO_AMAZON, tellOrder } from "./tell-order.ts";

const TIMEOUT_MS = 20_000;

/** Amazon's feed of adjustments has no key against repeats, and no order shows what was given back of it. */
const REFUND_BY_HAND =
  "Refunds are not told to Amazon. Give the money back in Seller Central (Manage Orders, the order, Refund Order), and then confirm the refund here under Finance: Amazon's orders do not show refunds.";

export type AmazonSettings = AmazonAccount & {
  readonly ordersApi: "2026-01-01" | "v0";
  readonly seesPeople: boolean;
  /** Who issues invoices that are uploaded, by lines: name, address, tax number. Empty: none are. */
  readonly invoiceSeller: readonly string[];
  /** Where Amazon writes its notifications; null: nowhere that we read. */
  readonly queue: QueueAccount | null;
};

export function connectAmazon(
  settings: AmazonSettings,
  options: { readonly timeoutMs?: number; readonly now?: () => number } = {},
): ChannelConnection {
  const clock = { timeoutMs: options.timeoutMs ?? TIMEOUT_MS, now: options.now ?? Date.now };
  const api = createAmazonApi(settings, clock);
  const queue = settings.queue === null ? null : createNotificationQueue(settings.queue, clock);
  const reader =
    settings.ordersApi === "v0"
      ? createReaderV0(api, settings.seesPeople)
      : createReader2026(api, settings.seesPeople);
  const isInvoicing =
    settings.invoiceSeller.length > 0 && settings.marketplaceIds.some((id) => TAKES_INVOICES.has(id));
  return {
    // The single operations have limits of their own, which the API's own pace keeps.
    limits: { concurrency: 4, perSecond: 5, burst: 20, stockBatch: 5_000 },
    tells: new Set(isInvoicing ? [...TOLD_TO_AMAZON, "invoice" as const] : TOLD_TO_AMAZON),
    wantsInvoice,
    byHand: { refund: REFUND_BY_HAND },
    async tryConnection() {
      try {
        await readListings(api, null);
        await queue?.look();
        const where = settings.marketplaceIds.join(", ");
        return { works: true, detail: `Seller ${settings.sellerId} at ${where}` };
      } catch (error) {
        if (error instanceof ServiceFault && !error.retryable) return { works: false, detail: error.message };
        throw error;
      }
    },
    readOrders: (asked) => reader.readOrders(asked),
    readOrder: (externalId) => reader.readOrder(externalId),
    async readOrderStates(externalIds) {
      const states = [];
      for (const externalId of externalIds) {
        const order = await readOrder2026(api, externalId);
        if (order !== null) states.push(stateOf(order));
      }
      return states;
    },
    tell: (word) => tellOrder(api, word, settings.invoiceSeller),
    tellStock: (levels) => tellStock(api, levels),
    readListings: (page) => readListings(api, page),
    ...(queue === null ? {} : { messages: queue }),
    fulfillment: createMultiChannelFulfillment(api),
  };
}
