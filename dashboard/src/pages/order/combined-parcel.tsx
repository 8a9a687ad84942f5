import { useState } from "preact/hooks";
import type { Combinable, FulfillmentOrderView } from "../../../../contract/fulfillment.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Form } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { useResource } from "../../live/resource.ts";
import { orderPath } from "./order-path.ts";

type Shared = { readonly part: FulfillmentOrderView; readonly onChange: () => void };

/** With which other orders it leaves in one parcel; before its pick begins, others of the customer can be asked along. */
export function CombinedParcel({ part, onChange }: Shared) {
  const [isAsking, setAsking] = useState(false);
  const isAllowed = may("fulfillment.change");
  const hasEnded = part.status === "closed" || part.status === "cancelled";
  if (part.combinedWith.length > 0)
    return (
      <div class="row wrap">
        <span class="small">
          In one parcel with{" "}
          {part.combinedWith.map(({ fulfillmentOrderId, orderId, orderNumber }, index) => (
            <span key={fulfillmentOrderId}>
              {index > 0 && ", "}
              <a href={orderPath(orderId)}>{orderNumber}</a>
            </span>
          ))}
        </span>
        {isAllowed && !hasEnded && part.stage !== "shipped" && (
          <ActionButton
            class="button small"
            run={async () => {
              await post(`${pathOf("fulfillment-orders", part.id)}/leave-combined-parcel`, {});
              toast("good", "It leaves on its own.");
              onChange();
            }}
          >
            Send alone
          </ActionButton>
        )}
      </div>
    );
  const canShare = (part.status === "open" || part.status === "in_progress") && part.stage === "waiting";
  if (!canShare || !isAllowed) return null;
  return (
    <div class="row wrap">
      <button type="button" class="button small" onClick={() => setAsking(true)}>
        Send with…
      </button>
      {isAsking && (
        <CombineDialog
          part={part}
          onClose={() => setAsking(false)}
          onChange={() => {
            setAsking(false);
            onChange();
          }}
        />
      )}
    </div>
  );
}

function CombineDialog({ part, onClose, onChange }: Shared & { readonly onClose: () => void }) {
  const path = `${pathOf("fulfillment-orders", part.id)}/combinable`;
  const { data } = useResource<Combinable>(path, (signal) => get(path, {}, signal));
  return (
    <Dialog title="Send in one parcel with" onClose={onClose}>
      {data === null || data === undefined ? (
        <p>Looking for the customer's other orders…</p>
      ) : data.items.length === 0 ? (
        <p>No other order of this customer waits here for the same address.</p>
      ) : (
        <Form
          submit="Send together"
          onSubmit={async (fields, key) => {
            const others = fields.getAll("with").map(String);
            if (others.length === 0) throw new Error("Choose at least one order.");
            await post("/combined-parcels", { fulfillmentOrders: [part.id, ...others] }, key);
            toast("good", "They leave in one parcel.");
            onChange();
          }}
        >
          <p>Each order stays what it is; they share a parcel and its tracking number.</p>
          {data.items.map(({ fulfillmentOrderId, orderNumber, service }) => (
            <label key={fulfillmentOrderId} class="check">
              <input type="checkbox" name="with" value={fulfillmentOrderId} defaultChecked /> {orderNumber}{" "}
              <span class="muted">{service}</span>
            </label>
          ))}
        </Form>
      )}
    </Dialog>
  );
}
