import type { ShipmentView } from "../../../contract/fulfillment.ts";
import { pathOf } from "../api/client.ts";
import { formatMoney } from "../format/money.ts";
import { Badge } from "./badge.tsx";
import { Icon } from "./icon.tsx";
import { Time } from "./time.tsx";

/** One parcel as staff see it: number, label, cost, and what the carrier has reported. */
export function Parcel({ shipment }: { readonly shipment: ShipmentView }) {
  const label = `/v1/shipments${pathOf(shipment.id)}`;
  return (
    <article class="parcel">
      <div class="row spread">
        <div>
          <span class="strong">{shipment.carrier}</span> <span class="muted">{shipment.service}</span>
          <div class="mono break">{shipment.trackingNumber}</div>
        </div>
        <Badge status={shipment.trackingStatus} />
      </div>
      <div class="row small">
        <a href={`${label}/label.pdf`} target="_blank" rel="noopener">
          Label PDF <Icon name="link" />
        </a>
        <a href={`${label}/label.zpl`} target="_blank" rel="noopener">
          Label ZPL <Icon name="link" />
        </a>
        <span class="muted push">{formatMoney(shipment.costMinor, shipment.currency)}</span>
      </div>
      {shipment.reports.length > 0 && (
        <ol class="reports">
          {shipment.reports.map((report) => (
            <li key={`${report.at} ${report.status} ${report.message}`}>
              <span>{report.message || report.status}</span>
              <span class="muted">
                {report.place !== "" && `${report.place} · `}
                <Time at={report.at} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </article>
  );
}
