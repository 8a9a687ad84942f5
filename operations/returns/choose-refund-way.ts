/**
 * Somebody says how a return pays out: the shopper when it is asked for; staff then, or when they approve or
 * inspect it. It holds for what is not refunded yet. The caller holds the order's lock, and writes nothing
 * before this says yes.
 */
import { type RefundWay, type WantedWay, whyNoCredit } from "../../orders/returns/refund-way.ts";
import { holderOf } from "../../orders/store-credit.ts";
import type { OrderProgress } from "../../store/orders/order-progress.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { type ReturnRecord, readReturnRules, setRefundWay } from "../../store/returns/returns.ts";
import type { DatabaseClient } from "../../store/sql/database.ts";
import { type Refusal, refuse } from "../refusal.ts";

export type ChosenWay = {
  readonly refundTo: RefundWay;
  /** On top of store credit, by the channel's rules of today. */
  readonly bonusPercent: number;
  /** The channel has the money, and keeps it. */
  readonly insteadOfChannel: boolean;
};

/** @returns what is to be written; null where nothing was asked for */
export async function chooseRefundWay(
  client: DatabaseClient,
  order: OrderProgress,
  wanted: WantedWay & { readonly by: string },
): Promise<ChosenWay | null | Refusal> {
  if (wanted.refundTo === undefined) return null;
  if (wanted.refundTo === "original")
    return { refundTo: "original", bonusPercent: 0, insteadOfChannel: false };
  const rules = await readReturnRules(client, order.channelId);
  const chargedByChannel = order.document.paymentBy === "channel";
  const no = whyNoCredit(
    {
      isShopper: wanted.by === "shopper",
      offeredToShoppers: rules.offerStoreCredit,
      hasHolder: holderOf(order.document) !== null,
      chargedByChannel,
    },
    wanted,
  );
  if (no !== null) return refuse(no.code, no.detail);
  return {
    refundTo: "store_credit",
    bonusPercent: rules.storeCreditBonusPercent,
    insteadOfChannel: chargedByChannel,
  };
}

/** Writes what was chosen of a return that is there, and tells its order's timeline. */
export async function writeRefundWay(
  client: DatabaseClient,
  order: OrderProgress,
  { returnId, refundTo }: Pick<ReturnRecord, "returnId" | "refundTo">,
  chosen: ChosenWay | null,
  by: string,
): Promise<void> {
  if (chosen === null || chosen.refundTo === refundTo) return;
  await setRefundWay(client, returnId, chosen);
  await recordEntry(client, {
    orderId: order.orderId,
    key: `return-pays-out:${returnId}:${chosen.refundTo}:${order.version}`,
    type: "return.pays_out_as",
    summary: sentenceOf(returnId, chosen),
    cause: by,
    data: { returnId, refundTo: chosen.refundTo },
  });
}

function sentenceOf(returnId: string, { refundTo, bonusPercent, insteadOfChannel }: ChosenWay): string {
  if (refundTo === "original") return `Return ${returnId} is refunded to the way the order was paid.`;
  const bonus = bonusPercent === 0 ? "" : `, with ${bonusPercent} % on top`;
  const instead = insteadOfChannel ? ", from us instead of the channel, which keeps the money" : "";
  return `Return ${returnId} becomes store credit${bonus}${instead}.`;
}
