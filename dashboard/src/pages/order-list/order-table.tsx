import type { OrderSort, OrderSummary } from "../../../../contract/orders.ts";
import { Badge } from "../../components/badge.tsx";
import { Time } from "../../components/time.tsx";
import { formatMoney } from "../../format/money.ts";
import { calendarDay } from "../../format/time.ts";
import { counted, words } from "../../format/words.ts";
import type { Selection } from "../../lists/selection.ts";
import { SortHead } from "../../lists/sort-head.tsx";
import { orderPath } from "../order/order-path.ts";

export function OrderTable({
  orders,
  moved,
  sort,
  selection,
  onSort,
}: {
  readonly orders: readonly OrderSummary[];
  readonly moved: ReadonlySet<string>;
  readonly sort: OrderSort;
  /** Null: there is nothing that who is signed in could do with several. */
  readonly selection: Selection | null;
  readonly onSort: (sort: OrderSort) => void;
}) {
  return (
    <table class="table stack order-table">
      <thead>
        <tr>
          {selection !== null && (
            <th scope="col" class="tick-cell">
              <input
                type="checkbox"
                aria-label="All orders that are shown"
                checked={selection.ids.size === orders.length}
                indeterminate={selection.ids.size > 0 && selection.ids.size < orders.length}
                onChange={selection.toggleAll}
              />
            </th>
          )}
          <th scope="col" class="order-cell">
            Order
          </th>
          <th scope="col" class="customer-cell">
            Customer
          </th>
          <th scope="col" class="status-cell">
            Status
          </th>
          <th scope="col" class="fulfillment-cell">
            Fulfillment
          </th>
          <th scope="col" class="payment-cell medium-hidden">
            Payment
          </th>
          <SortHead<OrderSort> class="day-cell" up="ship-by" sort={sort} onSort={onSort}>
            Ship by
          </SortHead>
          <SortHead<OrderSort> class="number total-cell" up="total" down="-total" sort={sort} onSort={onSort}>
            Total
          </SortHead>
          <SortHead<OrderSort>
            class="number time-cell"
            up="captured"
            down="-captured"
            sort={sort}
            onSort={onSort}
          >
            Captured
          </SortHead>
        </tr>
      </thead>
      <tbody>
        {orders.map((order) => (
          <tr
            key={order.id}
            class={`${moved.has(order.id) ? "arrived" : ""} ${selection?.ids.has(order.id) === true ? "ticked" : ""}`}
          >
            {selection !== null && (
              <td class="tick-cell">
                <input
                  type="checkbox"
                  aria-label={`Order ${order.externalNumber}`}
                  checked={selection.ids.has(order.id)}
                  onChange={() => selection.toggle(order.id)}
                />
              </td>
            )}
            <td class="order-cell">
              <a class="row-link" href={orderPath(order.id)} title={order.externalNumber}>
                {order.externalNumber}
              </a>
              <div class="cell-sub">{order.channelId}</div>
            </td>
            <td class="customer-cell">
              <div class="cut" title={order.customerName}>
                {order.customerName}
              </div>
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
            <td class="payment-cell medium-hidden phone-hidden">
              <Badge status={order.paymentStatus} />
            </td>
            <td class="day-cell phone-hidden">{order.shipBy === null ? "" : calendarDay(order.shipBy)}</td>
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
