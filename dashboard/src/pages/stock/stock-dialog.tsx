import { useState } from "preact/hooks";
import type { StockRow } from "../../../../contract/stock.ts";
import { Chips } from "../../components/chips.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { changeStock, type StockChange } from "./change-stock.ts";

/**
 * Receives goods or corrects a count. The command's id is made once for each form, so sending twice does not
 * count twice.
 */
export function StockDialog({
  position,
  onClose,
  onDone,
}: {
  readonly position: StockRow;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [openedAtMs] = useState(Date.now);
  const [kind, setKind] = useState<StockChange["kind"]>("receive");
  return (
    <Dialog title={`${position.sku} at ${position.locationName}`} onClose={onClose}>
      <p class="muted">
        {position.name}: {position.onHand.toLocaleString()} on hand,{" "}
        {position.availableToPromise.toLocaleString()} available to promise.
      </p>
      <Chips
        label="What to do"
        options={[
          { value: "receive", label: "Receive" },
          { value: "adjust", label: "Adjust" },
        ]}
        value={kind}
        onChange={(value) => setKind(value === "adjust" ? "adjust" : "receive")}
      />
      <Form
        key={kind}
        submit={kind === "receive" ? "Receive" : "Adjust"}
        onSubmit={async (fields, key) => {
          const outcome = await changeStock(
            position,
            { kind, quantity: Number(textOf(fields, "quantity")), reason: textOf(fields, "reason") },
            key,
            openedAtMs,
          );
          toast("good", `Now ${outcome.onHand.toLocaleString()} on hand.`);
          onDone();
        }}
      >
        {kind === "receive" ? (
          <Field label="Units received">
            <input class="input" type="number" name="quantity" min="1" max="1000000" step="1" required />
          </Field>
        ) : (
          <Field label="Correction" hint="Positive adds, negative takes away.">
            <input
              class="input"
              type="number"
              name="quantity"
              min="-1000000"
              max="1000000"
              step="1"
              required
            />
          </Field>
        )}
        <Field
          label={kind === "receive" ? "Document or reason" : "Reason"}
          hint="Kept with the movement, so the number can be explained."
        >
          <input class="input" name="reason" required maxLength={90} />
        </Field>
      </Form>
    </Dialog>
  );
}
