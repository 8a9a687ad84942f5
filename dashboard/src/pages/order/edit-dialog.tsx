import type { OrderEditBody } from "../../../../contract/order-changes.ts";
import type { OrderView } from "../../../../contract/orders.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { changeOrder } from "./change-order.ts";

type Address = NonNullable<OrderView["document"]["shippingAddress"]>;

const ADDRESS_FIELDS = [
  ["name", "Name", true],
  ["company", "Company", false],
  ["line1", "Street", true],
  ["line2", "Apartment, floor", false],
  ["postalCode", "Postal code", false],
  ["city", "City", true],
  ["region", "State or region", false],
  ["country", "Country", true],
  ["phone", "Phone at the door", false],
] as const satisfies readonly (readonly [keyof Address, string, boolean])[];

/** Where it goes, whom we write to, how and when it is sent, note and tags. Only what was changed is sent. */
export function EditDialog({
  view,
  onClose,
  onDone,
}: {
  readonly view: OrderView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { document } = view;
  const isCollected = document.delivery?.method === "pickup" || document.delivery?.method === "curbside";
  return (
    <Dialog title={`Edit ${view.summary.externalNumber}`} onClose={onClose}>
      <Form
        submit="Save the changes"
        onSubmit={async (fields, key) => {
          const edits = editsOf(view, fields, isCollected);
          if (edits.length > 0) {
            await changeOrder(view, edits, key);
            toast("good", "Changed. What is on its way through the house follows.");
          }
          onDone();
        }}
      >
        {!isCollected && (
          <fieldset class="fieldset">
            <legend>Ship to</legend>
            {ADDRESS_FIELDS.map(([name, label, required]) => (
              <Field key={name} label={label}>
                <input
                  class="input"
                  name={`address.${name}`}
                  required={required}
                  maxLength={200}
                  defaultValue={document.shippingAddress?.[name] ?? ""}
                />
              </Field>
            ))}
          </fieldset>
        )}
        <fieldset class="fieldset">
          <legend>Customer</legend>
          <Field label="Email">
            <input
              class="input"
              name="email"
              type="email"
              maxLength={320}
              defaultValue={document.customer.email ?? ""}
            />
          </Field>
          <Field label="Phone">
            <input class="input" name="phone" maxLength={60} defaultValue={document.customer.phone ?? ""} />
          </Field>
        </fieldset>
        <fieldset class="fieldset">
          <legend>Order</legend>
          <Field label="Shipping service">
            <input class="input" name="service" maxLength={200} defaultValue={document.shippingService} />
          </Field>
          <Field label="Deliver on" hint="The day that the customer asks for.">
            <input class="input" name="deliverOn" type="date" defaultValue={document.deliverOn ?? ""} />
          </Field>
          <Field label="Note">
            <textarea class="textarea" name="note" maxLength={5000} defaultValue={document.note ?? ""} />
          </Field>
          <Field label="Tags" hint="Separated by commas.">
            <input
              class="input"
              name="tags"
              maxLength={1000}
              defaultValue={(document.tags ?? []).join(", ")}
            />
          </Field>
        </fieldset>
      </Form>
    </Dialog>
  );
}

function editsOf(view: OrderView, fields: FormData, isCollected: boolean): readonly OrderEditBody[] {
  const { document } = view;
  const edits: OrderEditBody[] = [];
  const address = Object.fromEntries(
    ADDRESS_FIELDS.map(([name]) => [name, textOf(fields, `address.${name}`)] as const).filter(
      ([, text]) => text !== "",
    ),
  );
  const isOther = ADDRESS_FIELDS.some(
    ([name]) => (address[name] ?? "") !== (document.shippingAddress?.[name] ?? ""),
  );
  if (!isCollected && isOther) {
    edits.push({
      kind: "address",
      address: { ...address, name: "", line1: "", city: "", country: "", ...address },
    });
  }
  const email = textOf(fields, "email");
  const phone = textOf(fields, "phone");
  if (email !== (document.customer.email ?? "") || phone !== (document.customer.phone ?? "")) {
    edits.push({ kind: "contact", email: email || null, phone: phone || null });
  }
  const service = textOf(fields, "service");
  if (service !== document.shippingService && service !== "")
    edits.push({ kind: "shipping_service", service });
  const deliverOn = textOf(fields, "deliverOn");
  if (deliverOn !== (document.deliverOn ?? "")) {
    edits.push({ kind: "deliver_on", deliverOn: deliverOn || null });
  }
  const note = textOf(fields, "note");
  if (note !== (document.note ?? "")) edits.push({ kind: "note", note: note || null });
  const tags = textOf(fields, "tags")
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  if (tags.join("\n") !== (document.tags ?? []).join("\n")) edits.push({ kind: "tags", tags });
  return edits;
}
