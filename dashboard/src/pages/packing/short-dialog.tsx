import { useState } from "preact/hooks";
import type { WaitingFulfillmentOrder } from "../../../../contract/fulfillment.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { CheckFields, checkedOf } from "./check-fields.tsx";
import { packOrder } from "./pack-order.ts";

/** As `config/short-pick-reasons.ts` knows them. */
const REASONS = [
  ["not_found", "Not there"],
  ["damaged", "Damaged"],
  ["expired", "Past its date"],
  ["wrong_item", "Something else lay there"],
  ["unreadable_label", "Label cannot be read"],
  ["location_blocked", "Cannot get there"],
] as const;

/**
 * Fewer were found than asked for: how many, and why. What was found is packed; the rest comes from
 * elsewhere.
 */
export function ShortDialog({
  item,
  onClose,
  onDone,
}: {
  readonly item: WaitingFulfillmentOrder;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [found, setFound] = useState<Readonly<Record<string, number>>>(
    Object.fromEntries(item.lines.map((line) => [line.holdId, line.quantity])),
  );
  const isShort = item.lines.some((line) => (found[line.holdId] ?? 0) < line.quantity);
  return (
    <Dialog title="What did you find?" onClose={onClose}>
      <p>What you found is packed. What is missing comes from elsewhere, or is taken off the order.</p>
      <Form
        submit="Pack what was found"
        disabled={!isShort}
        onSubmit={async (fields, key) => {
          const lines = item.lines.map(({ holdId }) => ({ holdId, picked: found[holdId] ?? 0 }));
          const body = {
            revision: item.revision,
            lines,
            shortReason: textOf(fields, "reason"),
            ...checkedOf(fields, item.lines),
          };
          const outcome = await packOrder(item.id, body, key);
          if (outcome === "packed") toast("good", "Noted. What is missing is looked for at once.");
          else toast("bad", `${item.id} is not packed: its order has changed.`);
          onDone();
        }}
      >
        {item.lines.map((line) => (
          <Field key={line.holdId} label={line.sku} hint={`of ${line.quantity}`}>
            <input
              class="input"
              type="number"
              min={0}
              max={line.quantity}
              value={found[line.holdId]}
              required
              onInput={(event) => setFound({ ...found, [line.holdId]: event.currentTarget.valueAsNumber })}
            />
          </Field>
        ))}
        <CheckFields lines={item.lines} />
        <Field label="Why are some missing?">
          <select class="select" name="reason">
            {REASONS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </Field>
      </Form>
    </Dialog>
  );
}
