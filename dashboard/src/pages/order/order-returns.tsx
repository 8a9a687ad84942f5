import { useState } from "preact/hooks";
import type { OrderView } from "../../../../contract/orders.ts";
import { pathOf } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Panel } from "../../components/panel.tsx";
import { ReturnBadge } from "../../components/return-badge.tsx";
import { refundToStaff } from "../../format/refund-words.ts";
import { counted, words } from "../../format/words.ts";
import { ReturnDialog } from "./return-dialog.tsx";

/** The returns of an order; staff start one here. */
export function OrderReturns({ view }: { readonly view: OrderView }) {
  const [requesting, setRequesting] = useState(false);
  const canReturn = may("returns.request") && view.lines.some((line) => line.returnable > 0);
  if (view.returns.length === 0 && !canReturn) return null;
  return (
    <Panel
      title="Returns"
      aside={
        canReturn && (
          <button type="button" class="button small" onClick={() => setRequesting(true)}>
            Create a return
          </button>
        )
      }
    >
      {view.returns.length === 0 && <p class="muted">Nothing was sent back.</p>}
      {view.returns.map((one) => (
        <div key={one.id} class="row subcard">
          <div class="row">
            <a class="row-link" href={pathOf("returns", one.id)}>
              {one.id}
            </a>
            <ReturnBadge of={one} />
            <span class="muted">
              {counted(one.units, "unit")}, {words(one.reason).toLowerCase()}
            </span>
          </div>
          {one.exchangeOrderId !== null && (
            <div class="cell-sub">
              Exchanged: order <a href={pathOf("orders", one.exchangeOrderId)}>{one.exchangeOrderId}</a>
            </div>
          )}
          {one.refund !== null && <div class="cell-sub">{refundToStaff(one.refund, one.currency)}</div>}
        </div>
      ))}
      {requesting && <ReturnDialog view={view} onClose={() => setRequesting(false)} />}
    </Panel>
  );
}
