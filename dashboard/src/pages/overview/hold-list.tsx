import type { OrderSummary } from "../../../../contract/orders.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Time } from "../../components/time.tsx";
import { orderPath } from "../order/order-path.ts";

/** Orders that wait for a person, each with its first reason. */
export function HoldList({ orders }: { readonly orders: readonly OrderSummary[] }) {
  if (orders.length === 0) {
    return (
      <Empty icon="check" title="Nothing waits">
        Orders that need a decision appear here with the reason.
      </Empty>
    );
  }
  return (
    <ul class="hold-list">
      {orders.map((order) => (
        <li key={order.id}>
          <div class="row">
            <a class="row-link" href={orderPath(order.id)}>
              {order.externalNumber}
            </a>
            {order.holdReasons.map(({ code }) => (
              <Badge key={code} status={code} tone="warn" />
            ))}
            <span class="muted small push">
              <Time at={order.capturedAt} />
            </span>
          </div>
          <span class="cell-sub">{order.holdReasons[0]?.detail}</span>
        </li>
      ))}
    </ul>
  );
}
