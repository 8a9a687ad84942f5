import { useEffect, useState } from "preact/hooks";
import type { TrackingView } from "../../../../contract/tracking.ts";
import { get, pathOf } from "../../api/client.ts";
import { RequestError } from "../../api/problem.ts";
import { Empty } from "../../components/empty.tsx";
import { Icon } from "../../components/icon.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonBlock } from "../../components/skeleton.tsx";
import { refundToShopper } from "../../format/refund-words.ts";
import { countryName } from "../../format/town-line.ts";
import { useResource } from "../../live/resource.ts";
import { useInterval } from "../../live/use-interval.ts";
import { CollectionPanel } from "./collection-panel.tsx";
import { ParcelReports } from "./parcel-reports.tsx";
import { PaymentPanel } from "./payment-panel.tsx";
import { ReturnForm } from "./return-form.tsx";
import { ShopperItems } from "./shopper-items.tsx";
import { ShopperReturn } from "./shopper-return.tsx";
import { StatusSteps } from "./status-steps.tsx";

const REFRESH_MS = 10_000;

/**
 * The shopper's page: where the order is, when it comes, and how to send something back. There is no sign-in:
 * the address is the key.
 */
export function ShopperPage({ token }: { readonly token: string }) {
  const tracking = useResource<TrackingView>(`track ${token}`, (signal) =>
    get(pathOf("track", token), {}, signal),
  );
  const [returning, setReturning] = useState(false);
  useInterval(REFRESH_MS, tracking.reload);
  const number = tracking.data?.orderNumber;
  useEffect(() => {
    document.title = number === undefined ? "Your order" : `Your order ${number}`;
  }, [number]);

  if (
    tracking.data === undefined &&
    tracking.error instanceof RequestError &&
    tracking.error.status === 404
  ) {
    return (
      <main class="shop">
        <Empty icon="search" title="We cannot find this order">
          Please use the link in your confirmation mail exactly as it is, or ask the shop.
        </Empty>
      </main>
    );
  }
  return (
    <main class="shop">
      <Loaded resource={tracking} skeleton={<SkeletonBlock />}>
        {(order) => (
          <>
            <header class="shop-head">
              <span class="shop-name">{order.shopName}</span>
              <span class="muted">Order {order.orderNumber}</span>
            </header>
            <StatusSteps order={order} />
            <PaymentPanel token={token} order={order} onChange={tracking.reload} />
            {order.collection !== null && (
              <CollectionPanel token={token} collection={order.collection} onChange={tracking.reload} />
            )}
            {order.parcels.map((parcel) => (
              <ParcelReports key={parcel.trackingNumber} parcel={parcel} />
            ))}
            {order.returns.map((one) => (
              <ShopperReturn
                key={one.id}
                token={token}
                currency={order.currency}
                view={one}
                onChange={tracking.reload}
              />
            ))}
            {order.refunds.length > 0 && (
              <Panel title="Refunds">
                {order.refunds.map((one, index) => (
                  <p key={`${index}`}>{refundToShopper(one, order.currency)}</p>
                ))}
              </Panel>
            )}
            {returning ? (
              <ReturnForm
                token={token}
                order={order}
                onClose={() => setReturning(false)}
                onDone={() => {
                  setReturning(false);
                  tracking.reload();
                }}
              />
            ) : (
              <Panel title="Your items">
                <ShopperItems order={order} />
                {order.lines.some((line) => line.returnable > 0) && (
                  <button type="button" class="button wide" onClick={() => setReturning(true)}>
                    <Icon name="returns" />
                    Return something
                  </button>
                )}
              </Panel>
            )}
            {order.shipTo !== null && (
              <p class="shop-foot">
                {order.status === "delivered" ? "Delivered to" : "Going to"} {order.shipTo.name},{" "}
                {order.shipTo.city}, {countryName(order.shipTo.country)}
              </p>
            )}
          </>
        )}
      </Loaded>
    </main>
  );
}
