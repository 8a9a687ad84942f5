import type { Product, ProductSubstitutes } from "../../../../contract/catalog.ts";
import { pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";

/** What may be sent in the product's place, in the list of products. */
export function SubstitutesCell({
  product,
  onChange,
}: {
  readonly product: Product;
  readonly onChange: () => void;
}) {
  const { substitutes, name } = product;
  return (
    <span>
      {substitutes.length === 0 ? (
        <span class="muted">none </span>
      ) : (
        substitutes.map((sku) => (
          <div key={sku}>
            <code>{sku}</code>
          </div>
        ))
      )}
      {may("catalog.write") && (
        <button type="button" class="button quiet small" onClick={onChange}>
          Change<span class="visually-hidden"> the substitutes of {name}</span>
        </button>
      )}
    </span>
  );
}

/** The whole list, to be written anew. */
export function SubstitutesDialog({
  product,
  onClose,
  onDone,
}: {
  readonly product: Product;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title={`What may be sent instead of ${product.name}?`} onClose={onClose}>
      <Form
        submit="Save the substitutes"
        onSubmit={async (fields, key) => {
          const substitutes = textOf(fields, "substitutes")
            .split(/[\s,]+/)
            .filter((sku) => sku !== "");
          await post<ProductSubstitutes>(
            `${pathOf("products", product.sku)}/substitutes`,
            { substitutes },
            key,
          );
          toast("good", `The substitutes of ${product.sku} are saved.`);
          onDone();
        }}
      >
        <Field
          label="SKUs, the first choice first"
          hint="One a line. They are sent where no place has the product, and where the order or its channel allows it."
        >
          <textarea
            class="textarea"
            name="substitutes"
            rows={4}
            defaultValue={product.substitutes.join("\n")}
          />
        </Field>
      </Form>
    </Dialog>
  );
}
