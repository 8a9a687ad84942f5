import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { OrderView } from "../../../../contract/orders.ts";
import type { ReturnRequest, ReturnView } from "../../../../contract/returns.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Stepper } from "../../components/stepper.tsx";
import { toast } from "../../components/toast.tsx";
import { RETURN_REASONS } from "../../format/return-words.ts";
import { useResource } from "../../live/resource.ts";
import { RefundWayFields, refundWayOf } from "../returns/refund-way-fields.tsx";
import { orderPath } from "./order-path.ts";

const METHODS: readonly (readonly [NonNullable<ReturnRequest["method"]>, string])[] = [
  ["label", "Our label, by mail"],
  ["qr_code", "A code for the counter"],
  ["none", "The customer's own way"],
  ["store", "Brought to a store"],
];

/** Staff ask for a return in the customer's name, on the telephone or at the counter. */
export function ReturnDialog({ view, onClose }: { readonly view: OrderView; readonly onClose: () => void }) {
  const { route } = useLocation();
  const [quantities, setQuantities] = useState<Readonly<Record<string, number>>>({});
  const [method, setMethod] = useState<string>("label");
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  const stores = (locations.data?.items ?? []).filter(({ kind }) => kind === "store");
  const chosen = Object.values(quantities).reduce((sum, quantity) => sum + quantity, 0);
  return (
    <Dialog title="Create a return" onClose={onClose}>
      <Form
        submit="Create the return"
        disabled={chosen === 0}
        onSubmit={async (fields, key) => {
          const comment = textOf(fields, "comment");
          const request: ReturnRequest = {
            lines: Object.entries(quantities)
              .filter(([, quantity]) => quantity > 0)
              .map(([lineId, quantity]) => ({ lineId, quantity })),
            reason: textOf(fields, "reason") as ReturnRequest["reason"],
            method: method as NonNullable<ReturnRequest["method"]>,
            ...(method === "store" ? { locationId: textOf(fields, "store") } : {}),
            ...refundWayOf(fields),
            ...(comment === "" ? {} : { comment }),
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
                  {line.title} <span class="cell-sub">up to {line.returnable}</span>
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
        <Field label="Why?">
          <select class="select" name="reason" required>
            <option value="">Please choose</option>
            {Object.entries(RETURN_REASONS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </Field>
        <Field label="How does it come back?">
          <select class="select" value={method} onChange={(event) => setMethod(event.currentTarget.value)}>
            {METHODS.filter(([value]) => value !== "store" || stores.length > 0).map(([value, label]) => (
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
        <Field label="Comment (optional)">
          <textarea class="textarea" name="comment" maxLength={1000} />
        </Field>
      </Form>
    </Dialog>
  );
}
