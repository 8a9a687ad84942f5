import type { WaitingFulfillmentOrder } from "../../../../contract/fulfillment.ts";
import { Badge } from "../../components/badge.tsx";
import { orderPath } from "../order/order-path.ts";

type Member = Pick<WaitingFulfillmentOrder, "orderId" | "orderNumber" | "stage" | "handlingUnit"> & {
  readonly fulfillmentOrderId: string;
};

/**
 * Which orders go into this parcel, and how each is known by its packing slip. Each is packed on its own; the
 * label comes with the first of them, once all are packed.
 */
export function SharedParcel({ item }: { readonly item: WaitingFulfillmentOrder }) {
  if (item.combinedWith.length === 0) return null;
  const members: readonly Member[] = [{ ...item, fulfillmentOrderId: item.id }, ...item.combinedWith].sort(
    (a, b) => (a.fulfillmentOrderId < b.fulfillmentOrderId ? -1 : 1),
  );
  const left = members.filter(({ stage }) => stage !== "packed").length;
  return (
    <section aria-label={`Parcel of ${item.id}`}>
      <div class="small">
        One parcel for {members.length} orders, {left} still to be packed. Its label comes with{" "}
        {members[0]?.orderNumber}.
      </div>
      <ul>
        {members.map((member) => (
          <li key={member.fulfillmentOrderId}>
            <div>
              <a href={orderPath(member.orderId)}>{member.orderNumber}</a>
              {member.fulfillmentOrderId === item.id && <span class="muted"> (this one)</span>}
              <div class="cell-sub break">scan {scannedAs(member)}</div>
            </div>
            <Badge status={member.stage} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** As the code of its packing slip reads. */
function scannedAs({ handlingUnit, fulfillmentOrderId }: Member): string {
  return handlingUnit === null ? fulfillmentOrderId : `(00) ${handlingUnit}`;
}
