import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { catalogOf, upsertSkuMapping } from "../../store/catalog/catalog.ts";
import { ordersWaitingForSku } from "../../store/orders/held-orders.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { type Refusal, refuse } from "../refusal.ts";

type SkuMappingRequest = {
  readonly channelId: string;
  readonly channelSku: string;
  readonly sku: string;
  /** `staff:…`. */
  readonly by: string;
};

export type WaitingOrdersLookedAt = {
  readonly status: "done";
  /** Orders that go on. */
  readonly released: readonly string[];
  /** Orders that waited for this and now wait for something else. */
  readonly stillOnHold: readonly string[];
};

/** The longest channel SKU that an index entry takes easily. Marketplaces allow 40 to 100 characters. */
const MAX_CHANNEL_SKU_LENGTH = 200;

/** Says which SKU of ours a channel's SKU stands for, and lets the orders go on that waited for it. */
export async function mapSku(
  context: OperationContext,
  request: SkuMappingRequest,
): Promise<WaitingOrdersLookedAt | Refusal> {
  const { channelId, sku, by } = request;
  const channelSku = request.channelSku.trim();
  if (channelSku === "" || channelSku.length > MAX_CHANNEL_SKU_LENGTH) {
    const detail = `A channel SKU has 1 to ${MAX_CHANNEL_SKU_LENGTH} characters.`;
    return refuse("invalid_channel_sku", detail);
  }
  const catalog = catalogOf(context.database);
  if ((await catalog.channel(channelId)) === undefined) {
    return refuse("channel_not_found", `There is no channel "${channelId}".`);
  }
  const isMapped = await inTransaction(context.database, async (client) => {
    const mapped = await upsertSkuMapping(client, { channelId, channelSku, sku });
    if (mapped === undefined) return false;
    if (mapped.before !== sku) {
      await recordAudit(client, callerIn(context, by), {
        act: "sku.mapped",
        subject: `sku-mapping:${channelId} ${channelSku}`,
        before: mapped.before === null ? null : { sku: mapped.before },
        after: { sku },
      });
    }
    return true;
  });
  if (!isMapped) return refuse("product_not_found", `There is no product "${sku}".`);
  catalog.forgetSku(channelSku);
  return releaseWaiting(context, channelSku, channelId, by);
}

/**
 * Looks again at every order that waited for this channel SKU, oldest first. After a crash in between, a
 * repeat does the rest.
 */
export async function releaseWaiting(
  context: OperationContext,
  channelSku: string,
  channelId: string | null,
  by: string,
): Promise<WaitingOrdersLookedAt> {
  const released: string[] = [];
  const stillOnHold: string[] = [];
  for (const orderId of await ordersWaitingForSku(context.database, channelSku, channelId)) {
    const outcome = await releaseHold(context, { orderId, codes: ["unknown_sku"], by });
    if (outcome.status === "done" && outcome.holdReasons.length === 0) released.push(orderId);
    else stillOnHold.push(orderId);
  }
  return { status: "done", released, stillOnHold };
}
