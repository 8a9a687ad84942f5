import type { ReturnSummary } from "../../../../contract/returns.ts";
import { pathOf } from "../../api/client.ts";
import { Badge } from "../../components/badge.tsx";
import { Panel } from "../../components/panel.tsx";
import { refundToStaff } from "../../format/refund-words.ts";
import { counted, words } from "../../format/words.ts";

export function OrderReturns({ returns }: { readonly returns: readonly ReturnSummary[] }) {
  if (returns.length === 0) return null;
  return (
    <Panel title="Returns">
      {returns.map((one) => (
        <div key={one.id} class="row subcard">
          <div class="row">
            <a class="row-link" href={pathOf("returns", one.id)}>
              {one.id}
            </a>
            <Badge status={one.status} />
            <span class="muted">
              {counted(one.units, "unit")}, {words(one.reason).toLowerCase()}
            </span>
          </div>
          {one.refund !== null && <div class="cell-sub">{refundToStaff(one.refund, one.currency)}</div>}
        </div>
      ))}
    </Panel>
  );
}
