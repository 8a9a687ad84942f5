import type { Product } from "../../../../contract/catalog.ts";
import { patch, pathOf, post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { ProductFields, productIn } from "./product-fields.tsx";

type Props = { readonly onClose: () => void; readonly onDone: () => void };

/** Changes what the catalog says of a product. */
export function EditProductDialog({ product, onClose, onDone }: Props & { readonly product: Product }) {
  const { sku, currency } = product;
  return (
    <Dialog title={`Edit ${sku}`} onClose={onClose}>
      <p class="muted">It holds from now on. What an order costs stays as the order has it.</p>
      <Form
        submit="Save"
        onSubmit={async (fields, key) => {
          await patch(pathOf("products", sku), productIn(fields, currency), key);
          toast("good", `${sku} is changed.`);
          onDone();
        }}
      >
        <ProductFields product={product} currency={currency} />
      </Form>
    </Dialog>
  );
}

/** Adds a product that no channel has sent yet. */
export function AddProductDialog({ currency, onClose, onDone }: Props & { readonly currency: string }) {
  return (
    <Dialog title="Add a product" onClose={onClose}>
      <Form
        submit="Add"
        onSubmit={async (fields, key) => {
          const sku = textOf(fields, "sku");
          await post(
            "/products",
            { sku, ...productIn(fields, currency), tagged: fields.has("tagged"), substitutes: [] },
            key,
          );
          toast("good", `${sku} is in the catalog. It has no stock yet.`);
          onDone();
        }}
      >
        <Field label="SKU">
          <input class="input" name="sku" required maxLength={64} />
        </Field>
        <ProductFields product={{}} currency={currency} />
        <label class="check">
          <input type="checkbox" name="tagged" defaultChecked /> Units bear RFID tags
        </label>
      </Form>
    </Dialog>
  );
}
