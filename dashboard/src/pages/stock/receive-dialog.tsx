import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { ProductField } from "../../components/product-field.tsx";
import { toast } from "../../components/toast.tsx";
import { useResource } from "../../live/resource.ts";
import { changeStock } from "./change-stock.ts";
import { stockPath } from "./stock-path.ts";

/** Takes goods in, also where none of them has been yet. A product or place that there is not is refused. */
export function ReceiveDialog({
  location,
  onClose,
}: {
  /** The one that is filtered by; empty: none. */
  readonly location: string;
  readonly onClose: () => void;
}) {
  const { route } = useLocation();
  const [openedAtMs] = useState(Date.now);
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  return (
    <Dialog title="Receive goods" onClose={onClose}>
      <Form
        submit="Receive"
        onSubmit={async (fields, key) => {
          const at = { sku: textOf(fields, "sku"), locationId: textOf(fields, "location") };
          const quantity = Number(textOf(fields, "quantity"));
          const { onHand } = await changeStock(
            at,
            { kind: "receive", quantity, reason: textOf(fields, "reason") },
            key,
            openedAtMs,
          );
          toast("good", `${at.sku}: now ${onHand.toLocaleString()} on hand.`);
          onClose();
          route(stockPath(at.sku, at.locationId));
        }}
      >
        <ProductField label="Product" />
        <Field label="Location">
          <select class="select" name="location" required>
            {(locations.data?.items ?? []).map(({ id, name }) => (
              <option key={id} value={id} selected={id === location}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Units received">
          <input class="input" type="number" name="quantity" min="1" max="1000000" step="1" required />
        </Field>
        <Field label="Document or reason" hint="Kept with the movement, so the number can be explained.">
          <input class="input" name="reason" required maxLength={90} />
        </Field>
      </Form>
    </Dialog>
  );
}
