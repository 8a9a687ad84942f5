import { useRoute } from "preact-iso/router";
import type { ReturnView } from "../../../../contract/returns.ts";
import { get, pathOf } from "../../api/client.ts";
import { Badge } from "../../components/badge.tsx";
import { Facts } from "../../components/facts.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Notice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { Parcel } from "../../components/parcel.tsx";
import { SkeletonBlock } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { refundToStaff } from "../../format/refund-words.ts";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { useFeed } from "../../live/use-feed.ts";
import { orderPath } from "../order/order-path.ts";
import { InspectForm } from "./inspect-form.tsx";
import { ReceiveForm } from "./receive-form.tsx";

export function ReturnPage() {
  const { params } = useRoute();
  const id = params["id"] ?? "";
  const view = useResource<ReturnView>(`return ${id}`, (signal) => get(pathOf("returns", id), {}, signal));
  return (
    <div class="page">
      <Loaded resource={view} skeleton={<SkeletonBlock />}>
        {(data) => (
          <>
            <FollowOrder orderId={data.orderId} onMove={view.reload} />
            <PageHead
              title={data.id}
              documentTitle={`Return ${data.id}`}
              parent={{ href: "/returns", label: "Returns" }}
              lead={
                <>
                  of order <a href={orderPath(data.orderId)}>{data.orderId}</a> · requested{" "}
                  <Time at={data.requestedAt} />
                </>
              }
            >
              <Badge status={data.status} />
            </PageHead>
            <div class="columns">
              <div class="column">
                <NextStep view={data} onChange={view.reload} />
                <ReturnLines view={data} />
              </div>
              <div class="column">
                <Panel title="Return">
                  <Facts
                    facts={[
                      ["Reason", words(data.reason)],
                      ["Comment", data.comment === "" ? <span class="muted">none</span> : data.comment],
                      [
                        "Refund",
                        data.refund === null ? (
                          <span class="muted">after inspection, for what was received</span>
                        ) : (
                          refundToStaff(data.refund, data.currency)
                        ),
                      ],
                    ]}
                  />
                </Panel>
                {data.shipment !== null && (
                  <Panel title="Return parcel">
                    <Parcel shipment={data.shipment} />
                  </Panel>
                )}
              </div>
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

/** A return moves with its order's timeline. */
function FollowOrder({ orderId, onMove }: { readonly orderId: string; readonly onMove: () => void }) {
  useFeed(orderId, onMove);
  return null;
}

function NextStep({ view, onChange }: { readonly view: ReturnView; readonly onChange: () => void }) {
  switch (view.status) {
    case "approved":
    case "in_transit":
      return <ReceiveForm view={view} onDone={onChange} />;
    case "received":
      return <InspectForm view={view} onDone={onChange} />;
    case "requested":
      return <Notice tone="info">The rules are looking at this request. It moves on by itself.</Notice>;
    case "inspected":
      return <Notice tone="info">Inspected. The refund of what was received is being worked out.</Notice>;
    case "refunded":
      return view.refund === null ? (
        <Notice tone="good">Closed without a refund.</Notice>
      ) : (
        <Notice tone={view.refund.status === "due_at_channel" ? "warn" : "good"}>
          {refundToStaff(view.refund, view.currency)}
        </Notice>
      );
    default:
      return <Notice tone="warn">This return is {words(view.status).toLowerCase()}.</Notice>;
  }
}

function ReturnLines({ view }: { readonly view: ReturnView }) {
  return (
    <Panel title="Items" flush>
      <table class="table stack">
        <thead>
          <tr>
            <th scope="col">Item</th>
            <th scope="col" class="number">
              Requested
            </th>
            <th scope="col" class="number">
              Received
            </th>
            <th scope="col">Disposition</th>
          </tr>
        </thead>
        <tbody>
          {view.lines.map((line) => (
            <tr key={line.lineId}>
              <td class="full">
                <div>
                  <div class="cell-title">{line.title}</div>
                  <div class="cell-sub">
                    <code>{line.sku}</code>
                  </div>
                </div>
              </td>
              <td class="number" data-label="Requested">
                {line.requested}
              </td>
              <td class="number" data-label="Received">
                {line.received}
              </td>
              <td class="full">
                {line.disposition === null ? (
                  <span class="muted">not inspected</span>
                ) : (
                  <Badge status={line.disposition} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
