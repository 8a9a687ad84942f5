import type { OrderView } from "../../../../contract/orders.ts";
import { pathOf } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Badge } from "../../components/badge.tsx";
import { Panel } from "../../components/panel.tsx";
import { StageBar } from "../../components/stage-bar.tsx";
import { words } from "../../format/words.ts";
import { isCollected } from "./collection.ts";
import { CombinedParcel } from "./combined-parcel.tsx";
import { PartActions } from "./part-actions.tsx";

/** It bears the address: one of these opens it. */
const SLIP_NEEDS = ["fulfillment.pack", "shipments.label", "personal-data.read"];

/** One card for each location that ships a part of the order, with the stage of the goods. */
export function FulfillmentOrders({
  view,
  onChange,
}: {
  readonly view: OrderView;
  readonly onChange: () => void;
}) {
  if (view.fulfillmentOrders.length === 0) return null;
  return (
    <Panel title="Fulfillment">
      {view.fulfillmentOrders.map((part) => (
        <article key={part.id} class="subcard">
          <div class="row spread">
            <div>
              <span class="strong">{part.locationName}</span> <code class="muted">{part.id}</code>
              {part.handlingUnit !== null && (
                <div class="cell-sub">
                  Handling unit <code>{part.handlingUnit}</code>
                </div>
              )}
            </div>
            <Badge status={part.status} />
          </div>
          <StageBar
            stage={part.stage}
            collected={isCollected(view.document)}
            stopped={part.status === "incomplete" || part.status === "cancelled" || part.status === "on_hold"}
          />
          <ul class="small">
            {part.lines.map((line) => (
              <li key={line.lineId + line.sku} class="row">
                <code>{line.sku}</code>
                <span class="muted push">
                  picked {line.picked} of {line.quantity}, verified {line.verified}
                </span>
              </li>
            ))}
          </ul>
          {part.holdReasons.map((reason) => (
            <p key={reason.id ?? reason.detail} class="small">
              <b>{words(reason.code)}.</b> {reason.detail}
            </p>
          ))}
          {SLIP_NEEDS.some(may) && (
            <div class="row wrap">
              <a
                class="button quiet small"
                href={`/v1${pathOf("fulfillment-orders", part.id)}/packing-slip.pdf`}
                target="_blank"
                rel="noopener"
              >
                Packing slip
              </a>
            </div>
          )}
          <CombinedParcel part={part} onChange={onChange} />
          <PartActions part={part} onChange={onChange} />
        </article>
      ))}
    </Panel>
  );
}
