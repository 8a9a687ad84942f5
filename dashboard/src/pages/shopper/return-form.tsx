import { useState } from "preact/hooks";
import type { TrackingView } from "../../../../contract/tracking.ts";
import { pathOf, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Panel } from "../../components/panel.tsx";
import {
  ReturnCommentField,
  type ReturnQuantities,
  ReturnReasonField,
  returnRequest,
} from "../../components/return-fields.tsx";
import { Stepper } from "../../components/stepper.tsx";

const METHODS: Readonly<Record<TrackingView["returnMethods"][number], string>> = {
  label: "Print a label",
  qr_code: "Show a code at the counter, nothing to print",
  store: "Bring it to a store",
  none: "Send it myself",
};

/** Choose what goes back, how many, and why. */
export function ReturnForm({
  token,
  order,
  onClose,
  onDone,
}: {
  readonly token: string;
  readonly order: TrackingView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [quantities, setQuantities] = useState<ReturnQuantities>({});
  const [method, setMethod] = useState(order.returnMethods[0] ?? "label");
  const chosen = Object.values(quantities).reduce((sum, quantity) => sum + quantity, 0);
  return (
    <Panel
      title="What would you like to return?"
      aside={
        <button type="button" class="button quiet small" onClick={onClose}>
          Back
        </button>
      }
    >
      <Form
        submit="Request the return"
        disabled={chosen === 0}
        onSubmit={async (fields, key) => {
          const request = {
            ...returnRequest(fields, quantities, method),
            ...(textOf(fields, "refundTo") === "store_credit" ? { refundTo: "store_credit" as const } : {}),
          };
          await post(`${pathOf("track", token)}/returns`, request, key);
          onDone();
        }}
      >
        <ul>
          {order.lines
            .filter((line) => line.returnable > 0)
            .map((line) => (
              <li key={line.lineId} class="shop-line">
                <span>
                  {line.title}
                  <span class="cell-sub">
                    {" "}
                    up to {line.returnable}
                    {line.insteadOf !== null && `, sent instead of ${line.insteadOf}`}
                  </span>
                </span>
                <Stepper
                  label={line.title}
                  value={quantities[line.lineId] ?? 0}
                  most={line.returnable}
                  onChange={(quantity) => setQuantities({ ...quantities, [line.lineId]: quantity })}
                />
              </li>
            ))}
        </ul>
        <ReturnReasonField />
        {order.returnMethods.length > 1 && (
          <Field label="How would you like to send it back?">
            <select
              class="select"
              value={method}
              onChange={(event) => setMethod(event.currentTarget.value as typeof method)}
            >
              {order.returnMethods.map((value) => (
                <option key={value} value={value}>
                  {METHODS[value]}
                </option>
              ))}
            </select>
          </Field>
        )}
        {method === "store" && (
          <Field label="Which store?">
            <select class="select" name="store" required>
              {order.returnStores.map(({ id, name, city }) => (
                <option key={id} value={id}>
                  {name}, {city}
                </option>
              ))}
            </select>
          </Field>
        )}
        {order.storeCreditOffer !== null && (
          <Field label="How would you like your money?">
            <select class="select" name="refundTo">
              <option value="original">Back to the way I paid</option>
              <option value="store_credit">
                As store credit
                {order.storeCreditOffer.bonusPercent > 0 &&
                  `, with ${order.storeCreditOffer.bonusPercent} % on top`}
              </option>
            </select>
          </Field>
        )}
        <ReturnCommentField label="Anything we should know? (optional)" />
      </Form>
    </Panel>
  );
}
