import { useState } from "preact/hooks";
import type { StockRow } from "../../../../contract/stock.ts";
import { may } from "../../api/session.ts";
import { Chips } from "../../components/chips.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { changeStock, STOCK_CHANGES, type StockChange } from "./change-stock.ts";

/**
 * Receives goods, corrects a number, or takes a count. The command's id is made once for each form, so sending
 * twice does not count twice.
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
  const options = STOCK_CHANGES.filter(({ needs }) => may(needs));
  const [kind, setKind] = useState<StockChange["kind"]>(options[0]?.value ?? "receive");
  return (
    <Dialog title={`${position.sku} at ${position.locationName}`} onClose={onClose}>
      <p class="muted">
        {position.name}: {position.onHand.toLocaleString()} on hand,{" "}
        {position.availableToPromise.toLocaleString()} available to promise.
      </p>
      <Chips
        label="What to do"
        options={options}
        value={kind}
        onChange={(value) => setKind(options.find((one) => one.value === value)?.value ?? kind)}
      />
      <Form
        key={kind}
        submit={options.find((one) => one.value === kind)?.label ?? ""}
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
        {kind === "receive" && (
          <Field label="Units received">
            <input class="input" type="number" name="quantity" min="1" max="1000000" step="1" required />
          </Field>
        )}
        {kind === "count" && (
          <Field label="Units counted" hint="A large difference waits until somebody else approves it.">
            <input class="input" type="number" name="quantity" min="0" max="1000000" step="1" required />
          </Field>
        )}
        {kind === "adjust" && (
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
