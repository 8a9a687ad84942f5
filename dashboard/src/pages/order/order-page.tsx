import { useState } from "preact/hooks";
import { useRoute } from "preact-iso/router";
import type { OrderView, TimelineEntry } from "../../../../contract/orders.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { AddressBlock } from "../../components/address.tsx";
import { Badge } from "../../components/badge.tsx";
import { Facts } from "../../components/facts.tsx";
import { Icon } from "../../components/icon.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { Parcel } from "../../components/parcel.tsx";
import { SkeletonBlock, SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { Timeline } from "../../components/timeline.tsx";
import { calendarDay } from "../../format/time.ts";
import { useResource } from "../../live/resource.ts";
import { mergeTimeline } from "../../live/timeline-merge.ts";
import { useFeed } from "../../live/use-feed.ts";
import { AfterSalePanel } from "../after-sale/after-sale-panel.tsx";
import { CancelDialog } from "./cancel-dialog.tsx";
import { collectedAt, isCollected, promiseText } from "./collection.ts";
import { EditDialog } from "./edit-dialog.tsx";
import { FulfillmentOrders } from "./fulfillment-orders.tsx";
import { HoldDialog } from "./hold-dialog.tsx";
import { HoldPanel } from "./hold-panel.tsx";
import { NoticesPanel } from "./notices-panel.tsx";
import { OrderFields } from "./order-fields.tsx";
import { OrderLines } from "./order-lines.tsx";
import { orderPath } from "./order-path.ts";
import { OrderReturns } from "./order-returns.tsx";
import { useOwnReasons } from "./own-reasons.ts";
import { PaymentPanel } from "./payment-panel.tsx";
import { ShopperPageButton } from "./shopper-page-button.tsx";

/** A timeline is read to its end, up to this many pages. No order has nearly as many. */
const MOST_TIMELINE_PAGES = 20;

export function OrderPage() {
  const { params } = useRoute();
  const id = params["id"] ?? "";
  const order = useResource<OrderView>(`order ${id}`, (signal) => get(orderPath(id), {}, signal));
  const timeline = useResource(`timeline ${id}`, (signal) => loadTimeline(id, signal));
  useFeed(id, (events, gap) => {
    if (gap) timeline.reload();
    if (events.length > 0) timeline.replace((entries) => mergeTimeline(entries, events));
    order.reload();
  });
  return (
    <div class="page">
      <Loaded
        resource={order}
        missing={{ what: "order", name: id, list: { href: "/orders", label: "Orders" } }}
        skeleton={
          <div class="page">
            <SkeletonRows rows={1} />
            <SkeletonBlock />
            <SkeletonBlock />
          </div>
        }
      >
        {(view) => (
          <>
            <OrderHead view={view} onChange={order.reload} />
            <HoldPanel view={view} onChange={order.reload} />
            <div class="columns">
              <div class="column">
                <OrderLines view={view} onChange={order.reload} />
                <FulfillmentOrders view={view} onChange={order.reload} />
                {view.shipments.length > 0 && (
                  <Panel title="Shipments">
                    {view.shipments.map((shipment) => (
                      <Parcel key={shipment.id} shipment={shipment} />
                    ))}
                  </Panel>
                )}
                <OrderReturns view={view} />
                <AfterSalePanel view={view} onChange={order.reload} />
                <Panel title="Timeline">
                  <Loaded resource={timeline} skeleton={<SkeletonRows rows={6} />}>
                    {(entries) => <Timeline entries={entries} />}
                  </Loaded>
                </Panel>
              </div>
              <OrderAside view={view} onChange={order.reload} />
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

function OrderHead({ view, onChange }: { readonly view: OrderView; readonly onChange: () => void }) {
  const { summary } = view;
  const [asked, setAsked] = useState<"edit" | "hold" | "cancel" | null>(null);
  const ownReasons = useOwnReasons();
  const close = () => setAsked(null);
  const done = () => {
    close();
    onChange();
  };
  const can = (action: OrderView["supportedActions"][number], permission: string) =>
    view.supportedActions.includes(action) && may(permission);
  return (
    <>
      <PageHead
        title={summary.externalNumber}
        documentTitle={`Order ${summary.externalNumber}`}
        parent={{ href: "/orders", label: "Orders" }}
        lead={
          <>
            {summary.channelId} · placed <Time at={summary.placedAt} /> · changed{" "}
            <Time at={summary.updatedAt} />
          </>
        }
      >
        {may("orders.tracking-link") && <ShopperPageButton orderId={summary.id} />}
        <button type="button" class="button" onClick={() => window.print()}>
          Print
        </button>
        {can("cancel", "orders.change") && (
          <button type="button" class="button" onClick={() => setAsked("edit")}>
            Edit
          </button>
        )}
        {can("hold", "orders.hold") && (
          <button type="button" class="button" onClick={() => setAsked("hold")}>
            Put on hold
          </button>
        )}
        {can("cancel", "orders.cancel") && (
          <button type="button" class="button" onClick={() => setAsked("cancel")}>
            Cancel order
          </button>
        )}
      </PageHead>
      <div class="axes">
        {(
          [
            ["Order", summary.status],
            ["Payment", summary.paymentStatus],
            ["Fulfillment", summary.fulfillmentStatus],
            ["Return", summary.returnStatus],
          ] as const
        ).map(([axis, status]) => (
          <div key={axis} class="axis">
            <span>{axis}</span>
            <Badge status={status} />
          </div>
        ))}
        {summary.deliverBy !== null && (
          <div class="axis">
            <span>Promised</span>
            <span>{promiseText(view, summary.deliverBy)}</span>
          </div>
        )}
      </div>
      {asked === "edit" && <EditDialog view={view} onClose={close} onDone={done} />}
      {asked === "hold" && (
        <HoldDialog
          path={orderPath(summary.id)}
          what={summary.externalNumber}
          ownReasons={ownReasons}
          onClose={close}
          onDone={done}
        />
      )}
      {asked === "cancel" && <CancelDialog order={summary} onClose={close} onDone={done} />}
    </>
  );
}

function OrderAside({ view, onChange }: { readonly view: OrderView; readonly onChange: () => void }) {
  const { document } = view;
  const { customer } = document;
  return (
    <div class="column">
      <Panel title="Customer">
        <Facts
          facts={[
            ["Name", customer.name],
            ...(customer.email === undefined ? [] : ([["Email", customer.email]] as const)),
            ...(customer.phone === undefined ? [] : ([["Phone", customer.phone]] as const)),
            ...(isCollected(document) ? ([["Collected at", collectedAt(view)]] as const) : []),
            ...(isCollected(document) && document.shippingAddress === null
              ? []
              : ([["Ship to", <ShipTo key="ship-to" view={view} />]] as const)),
            ["Service", document.shippingService || "Standard"],
            ...(document.deliverOn === undefined
              ? []
              : ([["Deliver on", calendarDay(document.deliverOn)]] as const)),
            ...(document.note === undefined ? [] : ([["Note", document.note]] as const)),
            ...((document.tags ?? []).length === 0
              ? []
              : ([["Tags", (document.tags ?? []).join(", ")]] as const)),
          ]}
        />
      </Panel>
      <OrderFields view={view} onChange={onChange} />
      <PaymentPanel view={view} />
      <NoticesPanel view={view} />
      {view.sourcing.length > 0 && (
        <Panel title="Sourcing">
          <ul class="sourcing">
            {view.sourcing.map((sentence) => (
              <li key={sentence}>
                <Icon name="chevron" />
                <span>{sentence}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <Panel title="Ids">
        <Facts
          facts={[
            ["Holdfast", <code key="id">{document.orderId}</code>],
            ["Channel's id", <code key="external">{document.externalId}</code>],
            ...Object.entries(document.externalIds).map(
              ([name, value]) => [name, <code key={name}>{value}</code>] as const,
            ),
          ]}
        />
      </Panel>
    </div>
  );
}

function ShipTo({ view }: { readonly view: OrderView }) {
  const { shippingAddress } = view.document;
  return shippingAddress === null ? (
    <span class="muted">No usable address</span>
  ) : (
    <AddressBlock address={shippingAddress} />
  );
}

async function loadTimeline(id: string, signal: AbortSignal): Promise<readonly TimelineEntry[]> {
  let entries: readonly TimelineEntry[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_TIMELINE_PAGES; page += 1) {
    const { items, next }: Page<TimelineEntry> = await get(`${orderPath(id)}/timeline`, { cursor }, signal);
    entries = mergeTimeline(entries, items);
    if (next === null) break;
    cursor = next;
  }
  return entries;
}
