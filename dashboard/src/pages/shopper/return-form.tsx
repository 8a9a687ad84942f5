import { useState } from "preact/hooks";
import type { ReturnRequest } from "../../../../contract/returns.ts";
import type { TrackingView } from "../../../../contract/tracking.ts";
import { pathOf, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Panel } from "../../components/panel.tsx";
import { Stepper } from "./stepper.tsx";

const REASONS: Readonly<Record<ReturnRequest["reason"], string>> = {
  too_small: "Too small",
  too_large: "Too large",
  not_as_described: "Not as described",
  defective: "Defective",
  wrong_item: "Wrong item",
  changed_mind: "I changed my mind",
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
  const [quantities, setQuantities] = useState<Readonly<Record<string, number>>>({});
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
          const comment = textOf(fields, "comment");
          const request: ReturnRequest = {
            lines: Object.entries(quantities)
              .filter(([, quantity]) => quantity > 0)
              .map(([lineId, quantity]) => ({ lineId, quantity })),
            reason: textOf(fields, "reason") as ReturnRequest["reason"],
            ...(comment === "" ? {} : { comment }),
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
                  <span class="cell-sub"> up to {line.returnable}</span>
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
        <Field label="Why?">
          <select class="select" name="reason" required>
            <option value="">Please choose</option>
            {Object.entries(REASONS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </Field>
        <Field label="Anything we should know? (optional)">
          <textarea class="textarea" name="comment" maxLength={1000} />
        </Field>
      </Form>
    </Panel>
  );
}
