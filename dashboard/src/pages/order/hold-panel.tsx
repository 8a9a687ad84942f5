import { useState } from "preact/hooks";
import type { OrderSummary, OrderView } from "../../../../contract/orders.ts";
import { post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Icon } from "../../components/icon.tsx";
import { NotYours } from "../../components/not-yours.tsx";
import { toast } from "../../components/toast.tsx";
import { words } from "../../format/words.ts";
import { SkuDialog } from "../catalog/sku-dialog.tsx";
import { orderPath } from "./order-path.ts";
import { useOwnReasons } from "./own-reasons.ts";
import { PickupPlaces } from "./pickup-places.tsx";

type HoldCode = OrderSummary["holdReasons"][number]["code"];

/** What a person can do about each reason. */
export const GUIDANCE: Readonly<Record<HoldCode, string>> = {
  unknown_sku: "Map the channel's SKU to a product, or create the product.",
  insufficient_stock: "Receive stock: the order goes on by itself. Or cancel it.",
  backordered: "The rest waits for stock and is reserved as it arrives. Or cancel the order.",
  lines_missing: "Wait for the channel to send the lines, or cancel the order.",
  address_missing: "Ask the customer for an address at the channel, or cancel the order.",
  email_unusable: "Correct it at the channel, or release the order: its customer gets no mails.",
  pickup_place_unknown: "Say in which store the customer collects it, or cancel the order.",
  cancelled_at_channel: "Cancel the order here as well.",
  fulfilled_at_channel: "Cancel it here, unless it should be shipped again.",
  payment_pending: "Wait for the channel, or release it if the money is safe.",
  payment_disputed: "Look at it at the payment provider, settle it there, then release.",
  payment_unconfirmed:
    "The customer was asked to confirm it on the order's page: it goes on by itself. Or cancel the order.",
  payment_failed: "Ask the customer to pay again, then release; or cancel, as long as nothing has left.",
  address_unusable: "Correct the address, then release.",
  sum_mismatch: "Ask the channel which amount is right; correct the order, or release it as it is.",
  price_missing: "Ask the channel for the price; correct the order, or cancel it.",
  currency_unusable: "Ask the channel for the currency, or cancel the order.",
  quantity_unusable: "Correct the quantity, or cancel the line.",
  custom_field_unusable: "Set the custom fields of the order and its lines: it goes on by itself.",
  payment_missing: "Ask the customer for a means of payment, or cancel the order.",
  refunded_at_channel: "Cancel what was refunded, then release the rest.",
  changed_at_channel: "Compare it with the channel, change the order by hand, then release.",
  held_at_channel:
    "It goes on by itself once the channel lets it. Released before, it is sent although the channel holds it.",
  partly_fulfilled_at_channel: "Mark what was fulfilled as done elsewhere, then release the rest.",
  held_by_rule: "Look at it, then release it; or cancel it.",
  put_by_staff: "Release it when its reason is gone.",
  awaiting_return: "It goes on when the return is inspected. Released before, it is charged in full.",
  parcel_too_heavy:
    "Correct its weight, then release. Or send it by freight and mark it as done elsewhere, or cancel it.",
  floor_exception: "See the timeline for what the floor reported, put it right, then release.",
};

/** Why the order waits, and the ways out. */
export function HoldPanel({ view, onChange }: { readonly view: OrderView; readonly onChange: () => void }) {
  const { summary, lines } = view;
  const [line, setLine] = useState<OrderView["lines"][number] | null>(null);
  const own = useOwnReasons();
  if (summary.holdReasons.length === 0) return null;
  const canRelease = may("orders.release-hold");
  const codes = new Set(summary.holdReasons.map(({ code }) => code));
  const waitsForStock = codes.has("insufficient_stock") || codes.has("backordered");
  const unmapped = lines.filter((one) => one.sku === null && one.channelSku !== "");
  return (
    <section class="hold">
      <h2>
        <Icon name="warning" />
        On hold
      </h2>
      <ul class="hold-reasons">
        {summary.holdReasons.map((reason) => {
          const named = own.find(({ code }) => code === reason.ownReason);
          return (
            <li key={reason.code + reason.detail}>
              <span>
                <b>{named?.label ?? words(reason.ownReason ?? reason.code)}.</b>{" "}
                {reason.detail === named?.label ? "" : reason.detail}
              </span>
              <span class="small">{named?.guidance || GUIDANCE[reason.code]}</span>
              {named?.releasedBy != null && (
                <span class="small">Released by: {named.releasedBy.map(words).join(", ")}.</span>
              )}
            </li>
          );
        })}
      </ul>
      <div class="row">
        {(may("catalog.map") ? unmapped : []).map((one) => (
          <button key={one.lineId} type="button" class="button primary" onClick={() => setLine(one)}>
            Map {one.channelSku}
          </button>
        ))}
        {canRelease && waitsForStock && (
          <ActionButton
            run={async () => {
              await post(`${orderPath(summary.id)}/ship-available`, {});
              toast("good", "What is there leaves before the rest.");
              onChange();
            }}
          >
            Ship what is there
          </ActionButton>
        )}
        {canRelease && codes.has("pickup_place_unknown") && (
          <PickupPlaces orderId={summary.id} onDone={onChange} />
        )}
        {canRelease && view.supportedActions.includes("release_hold") && (
          <ActionButton
            run={async () => {
              await post(`${orderPath(summary.id)}/release-hold`, {});
              toast("good", "The hold is released.");
              onChange();
            }}
          >
            Release hold
          </ActionButton>
        )}
      </div>
      {!canRelease && <NotYours action="release the order" />}
      {line !== null && (
        <SkuDialog
          gap={{ channel: summary.channelId, channelSku: line.channelSku, title: line.title }}
          currency={summary.currency}
          onClose={() => setLine(null)}
          onDone={() => {
            setLine(null);
            onChange();
          }}
        />
      )}
    </section>
  );
}
