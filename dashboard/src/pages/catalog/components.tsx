import type { Product, ProductComponents, ProductComponentsBody } from "../../../../contract/catalog.ts";
import { pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";

/** What one of a kit is picked as, in the list of products. */
export function ComponentsCell({
  product,
  onChange,
}: {
  readonly product: Product;
  readonly onChange: () => void;
}) {
  const { components = [], name } = product;
  return (
    <span>
      {components.length === 0 ? (
        <span class="muted">itself </span>
      ) : (
        components.map(({ sku, quantity }) => (
          <div key={sku}>
            {quantity} × <code>{sku}</code>
          </div>
        ))
      )}
      {may("catalog.write") && (
        <button type="button" class="button quiet small" onClick={onChange}>
          Change<span class="visually-hidden"> what {name} is picked as</span>
        </button>
      )}
    </span>
  );
}

/** The whole list, to be written anew. */
export function ComponentsDialog({
  product: { sku, name, components = [] },
  onClose,
  onDone,
}: {
  readonly product: Product;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title={`What is ${name} picked as?`} onClose={onClose}>
      <Form
        submit="Save the parts"
        onSubmit={async (fields, key) => {
          const body: ProductComponentsBody = { components: componentsIn(textOf(fields, "components")) };
          await post<ProductComponents>(`${pathOf("products", sku)}/components`, body, key);
          toast(
            "good",
            body.components.length === 0 ? `${sku} is no kit.` : `The parts of ${sku} are saved.`,
          );
          onDone();
        }}
      >
        <Field
          label="Parts of one kit"
          hint="One a line, as 2 SKU. Empty: it is no kit and has stock of its own. It counts for orders that are reserved from then on."
        >
          <textarea
            class="textarea"
            name="components"
            rows={4}
            placeholder="1 TENT-2P"
            defaultValue={components.map((part) => `${part.quantity} ${part.sku}`).join("\n")}
          />
        </Field>
      </Form>
    </Dialog>
  );
}

/** @throws Error with the line that cannot be read */
function componentsIn(text: string): ProductComponentsBody["components"] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const [, quantity = "", sku = ""] = /^(?:(\d{1,5})\s*[×x*]?\s+)?(\S+)$/.exec(line) ?? [];
      if (sku === "") throw new Error(`"${line}" is no part: write how many, and a SKU.`);
      return { sku, quantity: quantity === "" ? 1 : Number(quantity) };
    });
}
