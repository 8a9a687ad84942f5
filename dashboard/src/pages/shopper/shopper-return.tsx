import type { TrackingView } from "../../../../contract/tracking.ts";
import { pathOf, post } from "../../api/client.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Panel } from "../../components/panel.tsx";
import { refundToShopper } from "../../format/refund-words.ts";
import { words } from "../../format/words.ts";

type Return = TrackingView["returns"][number];

/** One return as the shopper sees it: what to do now, what came of it, and the way out. */
export function ShopperReturn({
  token,
  currency,
  view,
  onChange,
}: {
  readonly token: string;
  readonly currency: string;
  readonly view: Return;
  readonly onChange: () => void;
}) {
  const isOpen = view.status === "approved" || view.status === "requested";
  return (
    <Panel title={`Return ${view.id}`} aside={<Badge status={view.status} />}>
      <p>{view.refund === null ? sentenceOf(view) : refundToShopper(view.refund, currency)}</p>
      {view.refundTo === "store_credit" && isOpen && (
        <p class="muted">What you send back becomes store credit.</p>
      )}
      {view.status === "partially_refunded" && <p class="muted">We still wait for the rest of your items.</p>}
      {view.labelUrl !== null && isOpen && (
        <a class="button primary wide" href={view.labelUrl} target="_blank" rel="noopener">
          Open the return label
        </a>
      )}
      {view.codeUrl !== null && isOpen && (
        <img class="return-code" src={view.codeUrl} alt={`Code of return ${view.id} for the counter`} />
      )}
      {view.cancellable && (
        <ActionButton
          class="button quiet wide"
          run={async () => {
            await post(`${pathOf("track", token, "returns", view.id)}/cancel`, undefined);
            onChange();
          }}
        >
          I keep everything
        </ActionButton>
      )}
    </Panel>
  );
}

const APPROVED: Readonly<Record<Return["method"], string>> = {
  label: "Print the label, put it on the parcel and hand it in.",
  qr_code: "Show this code at the counter. You need not print anything.",
  store: "Bring the items to the store and give your return number.",
  none: "Send the items back, with the return number on the parcel.",
};

function sentenceOf({ status, method, decision, refundTo }: Return): string {
  switch (status) {
    case "requested":
      return "We have your request and are looking at it.";
    case "approved":
      return APPROVED[method];
    case "in_transit":
      return "Your parcel is on its way back to us.";
    case "received":
      return "Your parcel is here. We are looking at the items now.";
    case "inspected":
      return refundTo === "store_credit"
        ? "All checked. We are working out your store credit."
        : "All checked. We are working out your refund.";
    case "refunded":
    case "partially_refunded":
      return "All checked: there was nothing to refund.";
    case "declined":
      return `We could not accept this return. ${decision || "Please ask the shop."}`;
    case "cancelled":
      return "You keep everything.";
    default:
      return words(status);
  }
}
