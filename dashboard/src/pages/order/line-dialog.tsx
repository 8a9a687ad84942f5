import type { OrderLineView, OrderView } from "../../../../contract/orders.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { counted } from "../../format/words.ts";
import { changeOrder } from "./change-order.ts";

/** More or fewer units of a line, or none. What has been handed over stays. */
export function LineDialog({
  view,
  line,
  onClose,
  onDone,
}: {
  readonly view: OrderView;
  readonly line: OrderLineView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const wanted = line.ordered - line.cancelled;
  const gone = line.shipped + line.fulfilledElsewhere;
  return (
    <Dialog title={line.title} onClose={onClose}>
      <Form
        submit="Change the line"
        onSubmit={async (fields, key) => {
          const quantity = Number(textOf(fields, "quantity"));
          if (quantity !== wanted) {
            await changeOrder(view, [{ kind: "quantity", lineId: line.lineId, quantity }], key);
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
      </Form>
    </Dialog>
  );
}
