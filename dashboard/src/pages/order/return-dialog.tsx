import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { OrderView } from "../../../../contract/orders.ts";
import type { ReturnRequest, ReturnView } from "../../../../contract/returns.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form } from "../../components/form.tsx";
import {
  ReturnCommentField,
  type ReturnQuantities,
  ReturnReasonField,
  returnRequest,
} from "../../components/return-fields.tsx";
import { Stepper } from "../../components/stepper.tsx";
import { toast } from "../../components/toast.tsx";
import { RETURN_METHODS } from "../../format/return-words.ts";
import { useResource } from "../../live/resource.ts";
import { RefundWayFields, refundWayOf } from "../returns/refund-way-fields.tsx";
import { orderPath } from "./order-path.ts";

type ReturnMethod = NonNullable<ReturnRequest["method"]>;

/** Staff ask for a return in the customer's name, on the telephone or at the counter. */
export function ReturnDialog({ view, onClose }: { readonly view: OrderView; readonly onClose: () => void }) {
  const { route } = useLocation();
  const [quantities, setQuantities] = useState<ReturnQuantities>({});
  const [method, setMethod] = useState<ReturnMethod>("label");
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  const stores = (locations.data?.items ?? []).filter(({ kind }) => kind === "store");
  const chosen = Object.values(quantities).reduce((sum, quantity) => sum + quantity, 0);
  return (
    <Dialog title="Create a return" onClose={onClose}>
      <Form
        submit="Create the return"
        disabled={chosen === 0}
        onSubmit={async (fields, key) => {
          const request = {
            ...returnRequest(fields, quantities, method),
            ...refundWayOf(fields),
          };
          const created = await post<ReturnView>(`${orderPath(view.summary.id)}/returns`, request, key);
          toast("good", `${created.id} is created.`);
          route(pathOf("returns", created.id));
        }}
      >
        <ul class="count-list">
          {view.lines
            .filter((line) => line.returnable > 0)
            .map((line) => (
              <li key={line.lineId}>
                <span>
                  {line.title}{" "}
                  <span class="cell-sub">
                    up to {line.returnable}
                    {line.substituteFor !== null && `, sent instead of ${line.substituteFor.title}`}
                  </span>
                </span>
                <span class="push">
                  <Stepper
                    label={line.title}
                    value={quantities[line.lineId] ?? 0}
                    most={line.returnable}
                    onChange={(quantity) => setQuantities({ ...quantities, [line.lineId]: quantity })}
                  />
                </span>
              </li>
            ))}
        </ul>
        <ReturnReasonField />
        <Field label="How does it come back?">
          <select
            class="select"
            value={method}
            onChange={(event) => setMethod(event.currentTarget.value as ReturnMethod)}
          >
            {Object.entries(RETURN_METHODS)
              .filter(([value]) => value !== "store" || stores.length > 0)
              .map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
          </select>
        </Field>
        {method === "store" && (
          <Field label="Which store?">
            <select class="select" name="store" required>
              {stores.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </Field>
        )}
        <RefundWayFields />
        <ReturnCommentField label="Comment (optional)" />
      </Form>
    </Dialog>
  );
}
