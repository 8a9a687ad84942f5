import { useState } from "preact/hooks";
import type { OrderView } from "../../../../contract/orders.ts";
import { post } from "../../api/client.ts";
import { Chips } from "../../components/chips.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { orderPath } from "../order/order-path.ts";

/** Opens a claim about a parcel of the order. */
export function ClaimDialog({
  view,
  onClose,
  onDone,
}: {
  readonly view: OrderView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const parcels = view.shipments.filter((shipment) => shipment.shippedAt !== null);
  const [kind, setKind] = useState("lost");
  const [parcel, setParcel] = useState(parcels[0]?.id ?? "");
  return (
    <Dialog title="Open a claim" onClose={onClose}>
      <Form
        submit="Open the claim"
        onSubmit={async (fields, key) => {
          const note = textOf(fields, "note");
          const body = { shipmentId: parcel, kind, ...(note === "" ? {} : { note }) };
          await post(`${orderPath(view.summary.id)}/claims`, body, key);
          toast("good", "The claim is open. Decide what becomes of it below.");
          onDone();
        }}
      >
        <Chips
          label="What happened"
          options={[
            { value: "lost", label: "Lost" },
            { value: "damaged", label: "Arrived damaged" },
            { value: "return_to_sender", label: "Comes back to us" },
          ]}
          value={kind}
          onChange={setKind}
        />
        <Field label="Parcel">
          <select
            class="select"
            name="parcel"
            value={parcel}
            onChange={(event) => setParcel(event.currentTarget.value)}
          >
            {parcels.map((shipment) => (
              <option key={shipment.id} value={shipment.id}>
                {shipment.carrier} {shipment.trackingNumber}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Note" hint="What the customer says, or what the photos show.">
          <textarea class="textarea" name="note" maxLength={500} />
        </Field>
      </Form>
    </Dialog>
  );
}
