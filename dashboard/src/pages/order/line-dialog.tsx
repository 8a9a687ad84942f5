import type { OrderEditBody } from "../../../../contract/order-changes.ts";
import type { OrderLineView, OrderView } from "../../../../contract/orders.ts";
import type { CustomFieldView } from "../../../../contract/settings/custom-fields.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { counted } from "../../format/words.ts";
import { CustomFieldInputs } from "../custom-fields/custom-fields.tsx";
import { changeOrder } from "./change-order.ts";
import { fieldEdits, valuesOf } from "./order-fields.tsx";

/** More or fewer units of a line, or none, and its own fields. What has been handed over stays. */
export function LineDialog({
  view,
  line,
  fields: own,
  onClose,
  onDone,
}: {
  readonly view: OrderView;
  readonly line: OrderLineView;
  /** The company's own of lines. */
  readonly fields: readonly CustomFieldView[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const wanted = line.ordered - line.cancelled;
  const gone = line.shipped + line.fulfilledElsewhere;
  const values = view.document.lines.find(({ lineId }) => lineId === line.lineId) ?? {};
  return (
    <Dialog title={line.title} onClose={onClose}>
      <Form
        submit="Change the line"
        onSubmit={async (fields, key) => {
          const quantity = Number(textOf(fields, "quantity"));
          const edits: OrderEditBody[] = [];
          // A line that is cancelled has no fields any more.
          if (quantity > 0) edits.push(...fieldEdits(fields, own, values, line.lineId));
          if (quantity !== wanted) edits.push({ kind: "quantity", lineId: line.lineId, quantity });
          if (edits.length > 0) {
            await changeOrder(view, edits, key);
            toast(
              "good",
              quantity === 0 ? "The line is cancelled." : `${counted(quantity, "unit")} from now on.`,
            );
          }
          onDone();
        }}
      >
        <Field
          label="Units"
          hint={
            gone > 0
              ? `${counted(gone, "unit")} ${gone === 1 ? "is" : "are"} gone already. Fewer are not possible.`
              : "0 cancels the line."
          }
        >
          <input
            class="input"
            name="quantity"
            type="number"
            min={gone}
            max={100_000}
            required
            defaultValue={wanted}
          />
        </Field>
        <CustomFieldInputs fields={own} values={valuesOf(values)} asks={false} />
      </Form>
    </Dialog>
  );
}
