/**
 * Reads what a channel offers for sale. What is certain is mapped at once: a listing under one of our SKUs is
 * that SKU, and one with the GTIN of a single product is that product. The rest waits for a person.
 */

import type { ListingsPage } from "../../ports/channel-connection.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { dropUnseenListings, mapByGtin, writeListings } from "../../store/channels/listings.ts";
import { noteListingsRead } from "../../store/channels/progress.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { releaseWaiting } from "../catalog/map-sku.ts";
import { callerIn } from "../context.ts";
import type { ChannelLane } from "./lane.ts";

/** @returns how many it offers */
export async function readAllListings(lane: ChannelLane): Promise<number> {
  const { context, account, connection, budget } = lane;
  const { database } = context;
  const { channelId } = account;
  const at = new Date(context.now());
  let page: string | null = null;
  let count = 0;
  do {
    if (lane.isEnding()) return count;
    const asked: string | null = page;
    const { listings, next }: ListingsPage = await budget.call("reading", () =>
      connection.readListings(asked),
    );
    await writeListings(database, channelId, listings, at);
    count += listings.length;
    page = next;
  } while (page !== null);
  await dropUnseenListings(database, channelId, at);
  await mapCertain(lane);
  await noteListingsRead(database, channelId, at);
  return count;
}

async function mapCertain({ context, account }: ChannelLane): Promise<void> {
  const { channelId } = account;
  const by = `channel:${channelId}`;
  const mapped = await inTransaction(context.database, async (client) => {
    const made = await mapByGtin(client, channelId);
    for (const { channelSku, sku } of made)
      await recordAudit(client, callerIn(context, by), {
        act: "sku.mapped",
        subject: `sku-mapping:${channelId} ${channelSku}`,
        before: null,
        after: { sku },
      });
    return made;
  });
  for (const { channelSku } of mapped) {
    catalogOf(context.database).forgetSku(channelSku);
    await releaseWaiting(context, channelSku, channelId, by);
  }
}
