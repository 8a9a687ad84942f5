import { useState } from "preact/hooks";
import type { Product } from "../../../../contract/catalog.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { minorUnits } from "../../format/money.ts";
import { parseAmount } from "../../format/parse-amount.ts";
import { useResource } from "../../live/resource.ts";

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
  const [typed, setTyped] = useState("");
  const products = useResource<Page<Product>>(`products ${typed}`, (signal) =>
    get("/products", { q: typed, limit: 20 }, signal),
  );
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
        <Field label="New item" hint="Type a part of the SKU or of the name.">
          <input
            class="input"
            name="sku"
            list="exchange-products"
            autocomplete="off"
            required
            onInput={(event) => setTyped(event.currentTarget.value.trim())}
          />
          <datalist id="exchange-products">
            {products.data?.items.map((product) => (
              <option key={product.sku} value={product.sku}>
                {product.name}
              </option>
            ))}
          </datalist>
        </Field>
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
