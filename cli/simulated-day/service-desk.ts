/**
 * What happens to an order between its capture and its parcel, by its story: what the channel says next, and
 * what customer service does. A refusal is part of the day: the order was quicker.
 */
import type { OrderView } from "../../contract/orders.ts";
import { RequestRefused, type RestClient } from "../client/rest.ts";
import type { PlannedSending } from "./day-plan.ts";

export type ServiceDesk = {
  /** Plays the rest of the order's story. */
  continue(sending: PlannedSending, orderId: string): Promise<void>;
};

type Capture = (channel: string, payload: string, topic: string | null) => Promise<unknown>;

export function openServiceDesk(rest: RestClient, capture: Capture): ServiceDesk {
  const channelSays = async ({ channel, later }: PlannedSending): Promise<void> => {
    if (later !== null) await capture(channel, later.payload, later.topic);
  };

  /** @returns whether it could be done */
  const ask = async (orderId: string, action: string, body: unknown): Promise<boolean> => {
    try {
      await rest.post(`/v1/orders/${encodeURIComponent(orderId)}/${action}`, body);
      return true;
    } catch (error) {
      if (!(error instanceof RequestRefused) || error.status >= 500) throw error;
      return false;
    }
  };

  return {
    async continue(sending, orderId) {
      switch (sending.story) {
        case "cancelled":
          if (sending.later !== null) await channelSays(sending);
          else await ask(orderId, "cancel", { reason: "The customer called and cancelled." });
          return;
        case "paid_later":
        case "by_marketplace":
          await channelSays(sending);
          return;
        case "new_address":
        case "one_more":
        case "one_less":
        case "line_added":
        case "line_cancelled":
          await ask(orderId, "changes", { edits: sending.edits, reason: "The customer called." });
          return;
        case "held_by_staff":
          if (await ask(orderId, "hold", { reason: "To be looked at once more." })) {
            await ask(orderId, "release-hold", { codes: ["put_by_staff"] });
          }
          return;
        case "refunded_at_channel": {
          await channelSays(sending);
          const { summary } = await rest.get<OrderView>(`/v1/orders/${encodeURIComponent(orderId)}`);
          // A price adjustment: all of it is still to be shipped.
          const code = "refunded_at_channel";
          const waits = summary.holdReasons.some((reason) => reason.code === code);
          if (waits) await ask(orderId, "release-hold", { codes: [code] });
          return;
        }
        default:
          return;
      }
    },
  };
}
