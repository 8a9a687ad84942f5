import { pathOf, post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { ProductField } from "../../components/product-field.tsx";
import { toast } from "../../components/toast.tsx";
import { minorUnits } from "../../format/money.ts";
import { parseAmount } from "../../format/parse-amount.ts";

/** What the customer gets instead of what comes back: reserved at once, or refused. */
export function ExchangeDialog({
  returnId,
  currency,
  onClose,
  onDone,
}: {
  readonly returnId: string;
  readonly currency: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title={`Exchange ${returnId}`} onClose={onClose}>
      <p>
        The new item is reserved now and ships once the return is inspected. What comes back pays for it; a
        difference is charged, or goes back to the customer.
      </p>
      <Form
        submit="Reserve and exchange"
        onSubmit={async (fields, key) => {
          const price = textOf(fields, "price");
          const { orderId } = await post<{ readonly orderId: string }>(
            `${pathOf("returns", returnId)}/exchange`,
            {
              items: [
                {
                  sku: textOf(fields, "sku"),
                  quantity: Number(textOf(fields, "quantity")),
                  ...(price === "" ? {} : { unitPriceMinor: parseAmount(price, minorUnits(currency)) }),
                },
              ],
            },
            key,
          );
          toast("good", `Order ${orderId} is reserved in exchange.`);
          onDone();
        }}
      >
        <ProductField label="New item" />
        <Field label="Quantity">
          <input class="input" name="quantity" type="number" min={1} max={1000} value={1} required />
        </Field>
        <Field label={`Price of one in ${currency}`} hint="Left empty: the catalog's price, taxes included.">
          <input class="input" name="price" inputMode="decimal" autocomplete="off" />
        </Field>
      </Form>
    </Dialog>
  );
}
