/** A seller's account at Walmart's marketplace in the United States, Mexico or Canada. */
import type { ChannelConnection } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { ConnectOptions } from "../../vendor.ts";
import { textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { answerOf, createWalmartApi, type WalmartAccount } from "./api.ts";
import { createMultichannelFulfillment } from "./multichannel-fulfillment.ts";
import { readOrder, readOrders, stateOf } from "./orders-api.ts";
import { readListings, tellStock } from "./stock.ts";
import { tellOrder, toldTo } from "./words.ts";

const TIMEOUT_MS = 20_000;

const REFUND_BY_HAND =
  "Walmart Mexico gives money back for returns only, which it decides on itself. Give the money back in Seller Center, or ask Walmart's seller support to: with the next reading of the order it is done here, too.";

export function connectWalmart(account: WalmartAccount, options: ConnectOptions = {}): ChannelConnection {
  const { timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  const api = createWalmartApi(account, { timeoutMs, now });
  const { ask } = api;
  // Multichannel Solutions are of the United States, and of sellers who have a sales channel there.
  const sendsForUs = account.market === "us" && account.orderChannel !== "";
  return {
    limits: { concurrency: 4, perSecond: 3, burst: 20, stockBatch: 1_000 },
    tells: toldTo(account.market),
    ...(toldTo(account.market).has("refund") ? {} : { byHand: { refund: REFUND_BY_HAND } }),
    async tryConnection() {
      try {
        const detail = answerOf(await ask({ path: "/v3/token/detail" }), "the token's detail");
        const missing = ["orders", "inventory", "item"].filter(
          (scope) => textAt(detail, "scopes", scope) === "no_access",
        );
        return missing.length === 0
          ? {
              works: true,
              detail: `Walmart ${account.market.toUpperCase()}, client ${account.clientId.slice(0, 8)}…`,
            }
          : { works: false, detail: `Walmart gives this client no access to: ${missing.join(", ")}` };
      } catch (error) {
        if (error instanceof ServiceFault && !error.retryable) return { works: false, detail: error.message };
        throw error;
      }
    },
    readOrders: (asked) => readOrders(api, asked),
    async readOrder(externalId) {
      const order = await readOrder(api, externalId);
      // A notification names every order, also those that the account is not to read.
      const nodeType = textAt(order, "shipNode", "type");
      const isWanted = nodeType === "" || account.nodeTypes.includes(nodeType);
      return order === null || !isWanted ? null : writeJson({ order });
    },
    async readOrderStates(externalIds) {
      const states = [];
      for (const externalId of externalIds) {
        const order = await readOrder(api, externalId);
        if (order !== null) states.push(stateOf(order));
      }
      return states;
    },
    tell: (word) => tellOrder(api, word),
    tellStock: (levels) => tellStock(ask, account.shipNode, levels),
    readListings: (page) => readListings(ask, account.shipNode, page),
    ...(sendsForUs ? { fulfillment: createMultichannelFulfillment(ask, account.orderChannel) } : {}),
  };
}
