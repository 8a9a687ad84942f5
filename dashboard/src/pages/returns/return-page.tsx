import { useRoute } from "preact-iso/router";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { ReturnView } from "../../../../contract/returns.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Facts } from "../../components/facts.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { NotYours } from "../../components/not-yours.tsx";
import { Notice } from "../../components/notice.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { Parcel } from "../../components/parcel.tsx";
import { ReturnBadge } from "../../components/return-badge.tsx";
import { SkeletonBlock } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { refundToStaff } from "../../format/refund-words.ts";
import { counted, words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { useFeed } from "../../live/use-feed.ts";
import { CustomFieldsPanel } from "../custom-fields/custom-fields-panel.tsx";
import { orderPath } from "../order/order-path.ts";
import { mostOf } from "./count-scan.ts";
import { DecidePanel } from "./decide-panel.tsx";
import { InspectForm } from "./inspect-form.tsx";
import { Inspections } from "./inspections.tsx";
import { ReceiveForm } from "./receive-form.tsx";
import { UnknownItems } from "./unknown-items.tsx";

export function ReturnPage() {
  const { params } = useRoute();
  const id = params["id"] ?? "";
  const view = useResource<ReturnView>(`return ${id}`, (signal) => get(pathOf("returns", id), {}, signal));
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  return (
    <div class="page">
      <Loaded
        resource={view}
        skeleton={<SkeletonBlock />}
        missing={{ what: "return", name: id, list: { href: "/returns", label: "Returns" } }}
      >
        {(data) => (
          <>
            <FollowOrder orderId={data.orderId} onMove={view.reload} />
            <PageHead
              title={data.id}
              documentTitle={`Return ${data.id}`}
              parent={{ href: "/returns", label: "Returns" }}
              lead={
                <>
                  of order{" "}
                  <a class="inline-link" href={orderPath(data.orderId)}>
                    {data.orderNumber}
                  </a>{" "}
                  · {data.customerName} · requested <Time at={data.requestedAt} />
                </>
              }
            >
              <ReturnBadge of={data} />
            </PageHead>
            <div class="columns">
              <div class="column">
                <NextSteps
                  view={data}
                  locations={(locations.data?.items ?? []).filter(({ kind }) => kind !== "supplier")}
                  onChange={view.reload}
                />
                <ReturnLines view={data} />
                <Inspections view={data} onChange={view.reload} />
              </div>
              <div class="column">
                <UnknownItems view={data} onChange={view.reload} />
                <Panel title="Return">
                  <Facts
                    facts={[
                      ["Reason", words(data.reason)],
                      ["Comment", data.comment === "" ? <span class="muted">none</span> : data.comment],
                      ["Comes back", METHODS[data.method]],
                      ...(data.locationId === null ? [] : ([["Goes to", data.locationId]] as const)),
                      ...(data.decision === "" ? [] : ([["Decision", data.decision]] as const)),
                      ...(data.exchangeOrderId === null
                        ? []
                        : ([
                            [
                              "Exchanged for",
                              <a key="exchange" href={pathOf("orders", data.exchangeOrderId)}>
                                {data.exchangeOrderId}
                              </a>,
                            ],
                          ] as const)),
                      [
                        "Refund",
                        data.refund === null ? (
                          <span class="muted">{AWAITED[data.refundTo]}</span>
                        ) : (
                          refundToStaff(data.refund, data.currency)
                        ),
                      ],
                    ]}
                  />
                </Panel>
                <CustomFieldsPanel
                  subject="return"
                  path={pathOf("returns", data.id)}
                  what={data.id}
                  values={data.customFields}
                  canChange={may("returns.decide") || may("returns.inspect")}
                  onChange={view.reload}
                />
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

type Locations = readonly { readonly id: string; readonly name: string }[];

const METHODS: Readonly<Record<ReturnView["method"], string>> = {
  label: "With our label",
  qr_code: "With a code for the counter",
  none: "In the customer's own way",
  store: "Brought to a store",
};

const AWAITED: Readonly<Record<ReturnView["refundTo"], string>> = {
  original: "after inspection, for what was received",
  store_credit: "store credit after inspection, for what was received",
};

/** What can be done now: pieces may come while others wait for an inspection. */
function NextSteps({
  view,
  locations,
  onChange,
}: {
  readonly view: ReturnView;
  readonly locations: Locations;
  readonly onChange: () => void;
}) {
  if (view.waitsForPerson || view.status === "declined")
    return <DecidePanel view={view} onChange={onChange} />;
  if (view.status === "requested")
    return <Notice tone="info">The rules are looking at this request. It moves on by itself.</Notice>;
  if (view.status === "cancelled") return <Notice tone="warn">This return was withdrawn.</Notice>;
  return (
    <>
      <Standing view={view} />
      {view.lines.some((line) => line.uninspected > 0) &&
        (may("returns.inspect") ? (
          <InspectForm view={view} locations={locations} onDone={onChange} />
        ) : (
          <NotYours action="inspect what came" />
        ))}
      {may("returns.receive") && view.lines.some((line) => mostOf(line) > 0) && (
        <>
          <ReceiveForm view={view} onDone={onChange} />
          <CloseButton view={view} onChange={onChange} />
        </>
      )}
    </>
  );
}

function Standing({ view }: { readonly view: ReturnView }) {
  if (view.status === "inspected")
    return <Notice tone="info">Inspected. The refund of what was received is being worked out.</Notice>;
  if (view.status !== "refunded" && view.status !== "partially_refunded") return null;
  if (view.refund === null) return <Notice tone="good">Nothing was to be refunded so far.</Notice>;
  return (
    <Notice tone={view.refund.status === "due_at_channel" ? "warn" : "good"}>
      {refundToStaff(view.refund, view.currency)}
    </Notice>
  );
}

/** Nobody waits for the rest any longer. Where nothing has come, the return is withdrawn. */
function CloseButton({ view, onChange }: { readonly view: ReturnView; readonly onChange: () => void }) {
  const awaited = view.lines.reduce((sum, line) => sum + line.awaited, 0);
  if (awaited === 0) return null;
  return (
    <div class="row">
      <ActionButton
        run={async () => {
          await post(`${pathOf("returns", view.id)}/close`, {});
          toast("good", `${counted(awaited, "unit")} of ${view.id} are no longer awaited.`);
          onChange();
        }}
      >
        Do not wait for {counted(awaited, "unit")}
      </ActionButton>
      <span class="muted">What comes late is taken all the same.</span>
    </div>
  );
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
                    {line.insteadOf !== null && <> · sent instead of {line.insteadOf}</>}
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
                <LineResult view={view} line={line} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function LineResult({
  view,
  line,
}: {
  readonly view: ReturnView;
  readonly line: ReturnView["lines"][number];
}) {
  if (line.disposition !== null && line.uninspected === 0) return <Badge status={line.disposition} />;
  const pieces = view.inspections
    .filter(({ reopenedAt }) => reopenedAt === null)
    .flatMap((inspection) => inspection.pieces.filter(({ lineId }) => lineId === line.lineId));
  if (pieces.length === 0) return <span class="muted">not inspected</span>;
  return (
    <span class="row">
      {pieces.map((piece, index) => (
        <Badge
          key={`${index}`}
          status={piece.disposition}
          label={`${piece.quantity} ${words(piece.disposition).toLowerCase()}`}
        />
      ))}
    </span>
  );
}
