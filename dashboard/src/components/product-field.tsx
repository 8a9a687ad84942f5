import { useId, useState } from "preact/hooks";
import type { Product } from "../../../contract/catalog.ts";
import type { Page } from "../../../contract/shapes.ts";
import { get } from "../api/client.ts";
import { useResource } from "../live/resource.ts";
import { Field } from "./field.tsx";

/** The field `sku` of a form: one of our products, found by a part of its SKU or name. */
export function ProductField({ label }: { readonly label: string }) {
  const listId = useId();
  const [typed, setTyped] = useState("");
  const products = useResource<Page<Product>>(`products ${typed}`, (signal) =>
    get("/products", { q: typed, limit: 20 }, signal),
  );
  return (
    <Field label={label} hint="Type a part of the SKU or of the name.">
      <input
        class="input"
        name="sku"
        list={listId}
        autocomplete="off"
        maxLength={200}
        required
        onInput={(event) => setTyped(event.currentTarget.value.trim())}
      />
      <datalist id={listId}>
        {products.data?.items.map((product) => (
          <option key={product.sku} value={product.sku}>
            {product.name}
          </option>
        ))}
      </datalist>
    </Field>
  );
}
