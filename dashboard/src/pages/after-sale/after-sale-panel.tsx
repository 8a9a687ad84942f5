import { useState } from "preact/hooks";
import type { ClaimView } from "../../../../contract/claims.ts";
import type { OrderView } from "../../../../contract/orders.ts";
import type { OrderRefunds, RefundView } from "../../../../contract/refunds.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Badge } from "../../components/badge.tsx";
import { Panel } from "../../components/panel.tsx";
import { formatMoney } from "../../format/money.ts";
import { refundToStaff } from "../../format/refund-words.ts";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { orderPath } from "../order/order-path.ts";
import { ApplyCreditDialog } from "./apply-credit-dialog.tsx";
import { ClaimCard } from "./claim-card.tsx";
import { ClaimDialog } from "./claim-dialog.tsx";
import { ExchangeDialog } from "./exchange-dialog.tsx";
import { RefundDialog } from "./refund-dialog.tsx";

type Open = "refund" | "credit" | "claim" | { readonly exchange: string } | null;

const EXCHANGEABLE: readonly string[] = ["requested", "approved", "in_transit", "received"];

/** Money and goods after the sale: what went back, what can, and claims about parcels. */
export function AfterSalePanel({
  view,
  onChange,
}: {
  readonly view: OrderView;
  readonly onChange: () => void;
}) {
  const { id, updatedAt } = view.summary;
  // Read again whenever the order has moved.
  const refunds = useResource<OrderRefunds>(`refunds ${id} ${updatedAt}`, (signal) =>
    get(`${orderPath(id)}/refunds`, {}, signal),
  );
  const claims = useResource<Page<ClaimView>>(`claims ${id} ${updatedAt}`, (signal) =>
    get("/claims", { order: id }, signal),
  );
  const [open, setOpen] = useState<Open>(null);
  const state = refunds.data;
  if (state === undefined) return null;
  const close = (): void => setOpen(null);
  const done = (): void => {
    close();
    refunds.reload();
    claims.reload();
    onChange();
  };
  const canRefund = may("refunds.give") && state.leftMinor > 0;
  const canClaim = may("claims.open") && view.shipments.some((shipment) => shipment.shippedAt !== null);
  const canPay =
    may("store-credit.apply") &&
    view.document.paymentBy === "merchant" &&
    view.payment === null &&
    ["pending", "failed"].includes(view.summary.paymentStatus) &&
    view.summary.status !== "cancelled";
  const canExchange = may("returns.exchange");
  const exchangeable = view.returns.filter(
    (one) => canExchange && one.exchangeOrderId === null && EXCHANGEABLE.includes(one.status),
  );
  const shown = state.refunds.filter((refund) => refund.amountMinor > 0);
  const items = claims.data?.items ?? [];
  const actions = canRefund || canClaim || canPay || exchangeable.length > 0;
  if (!actions && shown.length === 0 && items.length === 0) return null;
  return (
    <Panel title="After the sale">
      {state.storeCreditUsedMinor > 0 && (
        <p class="small">
          {formatMoney(state.storeCreditUsedMinor, state.currency, state.exponent)} are paid with store
          credit.
        </p>
      )}
      {shown.map((refund) => (
        <RefundRow key={refund.id} refund={refund} />
      ))}
      {items.map((claim) => (
        <ClaimCard key={claim.id} claim={claim} onChange={done} />
      ))}
      <div class="row">
        {canRefund && (
          <button type="button" class="button" onClick={() => setOpen("refund")}>
            Give money back
          </button>
        )}
        {canPay && (
          <button type="button" class="button" onClick={() => setOpen("credit")}>
            Pay with store credit
          </button>
        )}
        {canClaim && (
          <button type="button" class="button" onClick={() => setOpen("claim")}>
            Open a claim
          </button>
        )}
        {exchangeable.map((one) => (
          <button key={one.id} type="button" class="button" onClick={() => setOpen({ exchange: one.id })}>
            Exchange {one.id}
          </button>
        ))}
      </div>
      {open === "refund" && <RefundDialog state={state} onClose={close} onDone={done} />}
      {open === "credit" && <ApplyCreditDialog state={state} onClose={close} onDone={done} />}
      {open === "claim" && <ClaimDialog view={view} onClose={close} onDone={done} />}
      {open !== null && typeof open === "object" && (
        <ExchangeDialog
          returnId={open.exchange}
          currency={view.summary.currency}
          onClose={close}
          onDone={done}
        />
      )}
    </Panel>
  );
}

function RefundRow({ refund }: { readonly refund: RefundView }) {
  return (
    <div class="subcard">
      <div class="row spread">
        <span>
          <span class="strong">{words(refund.reason)}</span>{" "}
          {formatMoney(refund.amountMinor, refund.currency, refund.exponent)}
        </span>
        <Badge status={refund.status} />
      </div>
      <p class="small muted">{refundToStaff({ ...refund, payer: refund.channelName }, refund.currency)}</p>
    </div>
  );
}
