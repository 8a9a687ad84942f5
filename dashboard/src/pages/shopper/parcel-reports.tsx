import type { TrackingView } from "../../../../contract/tracking.ts";
import { Badge } from "../../components/badge.tsx";
import { Panel } from "../../components/panel.tsx";
import { Time } from "../../components/time.tsx";
import { words } from "../../format/words.ts";

/** One parcel's way, newest report first. */
export function ParcelReports({ parcel }: { readonly parcel: TrackingView["parcels"][number] }) {
  const newestFirst = [...parcel.reports].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return (
    <Panel title={`Parcel with ${parcel.carrier}`} aside={<Badge status={parcel.status} />}>
      <p class="mono muted break">{parcel.trackingNumber}</p>
      {newestFirst.length === 0 ? (
        <p class="muted">The carrier has not reported yet.</p>
      ) : (
        <ol class="timeline">
          {newestFirst.map((report, index) => (
            <li key={`${report.at} ${report.status} ${report.message}`} class={index === 0 ? "good" : ""}>
              <div class="timeline-text">{report.message || words(report.status)}</div>
              <div class="timeline-meta">
                {report.place !== "" && <span>{report.place}</span>}
                <Time at={report.at} />
              </div>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
