/**
 * Orders are captured, as any channel's: recognised by channel and id, reserved, and on their way from then on.
 * One that is there already is left as it is, whatever the file says of it.
 */

import { orderIdOf } from "../../../orders/order-identity.ts";
import { listChannels } from "../../../store/catalog/catalog-views.ts";
import { findKnownOrder } from "../../../store/orders/orders.ts";
import type { CodedResult } from "../../capture/capture-order.ts";
import { captureOrders } from "../../capture/capture-order.ts";
import { inTurns } from "../../capture/in-turns.ts";
import type { OrderItem } from "../../tables/entry.ts";
import type { RowFault } from "../../tables/read-rows.ts";
import { type Bookable, type Booker, type Decision, faultOf, type ImportRun, turnedAway } from "../booker.ts";

/** Captures under way at a time: as many as share a commit, and few enough to leave room to channels. */
const AT_ONCE = 8;

export const orders: Booker<OrderItem> = {
  kind: "orders",
  decide: async ({ context }, entries) => {
    const channels = new Map(
      (await listChannels(context.database)).items.map((each) => [each.id, each] as const),
    );
    return Promise.all(
      entries.map(async (entry): Promise<Decision> => {
        const { channel, order } = entry.item;
        const known = channels.get(channel);
        if (known === undefined)
          return turnedAway(entry, "channel", "channel_not_found", "the id of a channel: make it first");
        if (known.kind !== "holdfast" || !known.active)
          return turnedAway(
            entry,
            "channel",
            "channel_kind_unknown",
            "a channel of kind holdfast that is switched on: others take their own vendor's orders only",
          );
        const orderId = orderIdOf(channel, order.id);
        if (orderId === undefined)
          return turnedAway(entry, "id", "invalid_order", "an id of 1 to 64 plain characters");
        if ((await findKnownOrder(context.database, orderId)) !== undefined) return { do: "skip" };
        const [reading] = context.channelAdapters.get("holdfast")?.read(JSON.stringify(order), null) ?? [];
        return reading?.kind === "refused"
          ? { do: "refuse", faults: [faultOf(entry, reading.refusal)] }
          : { do: "book" };
      }),
    );
  },
  book: (run, entries) => inTurns(entries, AT_ONCE, (entry) => capture(run, entry)),
};

async function capture(
  { context, importId }: ImportRun,
  entry: Bookable<OrderItem>,
): Promise<RowFault | null> {
  const { channel, order } = entry.item;
  const [result] = await captureOrders(context, {
    channelId: channel,
    topic: null,
    payload: JSON.stringify(order),
    adapters: context.channelAdapters,
    cause: `import:${importId}`,
  });
  return result === undefined || result.outcome === "refused" || result.outcome === "ignored"
    ? faultOf(entry, refusalOf(result))
    : null;
}

function refusalOf(result: CodedResult | undefined) {
  return {
    code: result?.code ?? ("invalid_order" as const),
    detail: result?.detail ?? "The order was refused.",
  };
}
