import type { OrderSummary } from "../../../../contract/orders.ts";
import { Badge } from "../../components/badge.tsx";
import { Time } from "../../components/time.tsx";
import { formatMoney } from "../../format/money.ts";
import { calendarDay } from "../../format/time.ts";
import { counted, words } from "../../format/words.ts";
import { orderPath } from "../order/order-path.ts";

export function OrderTable({
  orders,
  moved,
}: {
  readonly orders: readonly OrderSummary[];
  readonly moved: ReadonlySet<string>;
}) {
  return (
    <table class="table stack order-table">
      <thead>
        <tr>
          <th scope="col">Order</th>
          <th scope="col">Customer</th>
          <th scope="col">Status</th>
          <th scope="col">Fulfillment</th>
          <th scope="col">Payment</th>
          <th scope="col">Ship by</th>
          <th scope="col" class="number">
            Total
          </th>
          <th scope="col" class="number">
            Captured
          </th>
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <tr key={order.id} class={moved.has(order.id) ? "arrived" : ""}>
            <td class="order-cell">
              <a class="row-link" href={orderPath(order.id)}>
                {order.externalNumber}
              </a>
              <div class="cell-sub">{order.channelId}</div>
            </td>
            <td class="customer-cell">
              {order.customerName}
              <div class="cell-sub">{counted(order.unitCount, "unit")}</div>
            </td>
            <td class="status-cell">
              <Badge status={order.status} />
              {order.holdReasons.length > 0 && (
                <div class="cell-sub">{order.holdReasons.map(({ code }) => words(code)).join(", ")}</div>
              )}
            </td>
            <td class="fulfillment-cell">
              <Badge status={order.fulfillmentStatus} />
              {order.returnStatus !== "none" && (
                <div class="cell-sub">Return: {words(order.returnStatus)}</div>
              )}
            </td>
            <td class="phone-hidden">
              <Badge status={order.paymentStatus} />
            </td>
            <td class="phone-hidden">{order.shipBy === null ? "" : calendarDay(order.shipBy)}</td>
            <td class="number total-cell">{formatMoney(order.totalMinor, order.currency, order.exponent)}</td>
            <td class="number muted time-cell">
              <Time at={order.capturedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
