import type { OrderView } from "../../../../contract/orders.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { ProductField } from "../../components/product-field.tsx";
import { toast } from "../../components/toast.tsx";
import { changeOrder } from "./change-order.ts";

/** One more product on the order, reserved at once; refused where there is no stock for it. */
export function AddLineDialog({
  view,
  onClose,
  onDone,
}: {
  readonly view: OrderView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title="Add a line" onClose={onClose}>
      <Form
        submit="Add it"
        onSubmit={async (fields, key) => {
          const sku = textOf(fields, "sku");
          await changeOrder(
            view,
            [
              {
                kind: "add_line",
                sku,
                title: textOf(fields, "title") || sku,
                quantity: Number(textOf(fields, "quantity")),
                unitPrice: textOf(fields, "price"),
              },
            ],
            key,
          );
          toast("good", `${sku} is on the order.`);
          onDone();
        }}
      >
        <ProductField label="SKU" />
        <Field label="Name" hint="As the customer reads it. Default: the SKU.">
          <input class="input" name="title" maxLength={200} />
        </Field>
        <Field label="Units">
          <input
            class="input"
            name="quantity"
            type="number"
            min={1}
            max={100_000}
            required
            defaultValue={1}
          />
        </Field>
        <Field label={`Price of one, ${view.document.currency}`}>
          <input class="input" name="price" required pattern="\d{1,9}(\.\d{1,4})?" placeholder="12.50" />
        </Field>
      </Form>
    </Dialog>
  );
}
