/** What is set of a field of the company's own, as inputs. */
import type { CustomFieldView } from "../../../../../contract/settings/custom-fields.ts";
import { Field } from "../../../components/field.tsx";
import { textOf } from "../../../components/form.tsx";

export const SUBJECTS: Readonly<Record<CustomFieldView["subject"], string>> = {
  order: "Orders",
  order_line: "Order lines",
  product: "Products",
  location: "Locations",
  return: "Returns",
};

export const TYPES: Readonly<Record<CustomFieldView["type"], string>> = {
  text: "Text",
  number: "Number",
  boolean: "Yes or no",
  date: "Day",
  choice: "One of several",
};

/** Whether fields of it may be personal data and come from channels' attributes. */
export function isOfOrders(subject: CustomFieldView["subject"]): boolean {
  return subject === "order" || subject === "order_line";
}

/** What may be changed later on as well. */
export function ChangeableFields({
  subject,
  type,
  now,
}: {
  readonly subject: CustomFieldView["subject"];
  readonly type: CustomFieldView["type"];
  readonly now: CustomFieldView | null;
}) {
  return (
    <>
      <Field label="Label" hint="What people call it.">
        <input class="input" name="label" required maxLength={100} defaultValue={now?.label ?? ""} />
      </Field>
      {type === "choice" && (
        <Field label="Choices" hint="One a line. One that is taken away stays where it was chosen.">
          <textarea
            class="textarea"
            name="choices"
            rows={5}
            required
            defaultValue={(now?.choices ?? []).join("\n")}
          />
        </Field>
      )}
      {isOfOrders(subject) && (
        <Field
          label="Attribute of the channel"
          hint="Its name where channels send it, such as a note attribute. Empty: none is taken for it."
        >
          <input
            class="input"
            name="attribute"
            maxLength={200}
            autocomplete="off"
            defaultValue={now?.attribute ?? ""}
          />
        </Field>
      )}
      <label class="check">
        <input type="checkbox" name="required" defaultChecked={now?.required === true} /> Required
        {isOfOrders(subject) && ": an order that comes without it is put on hold, from every channel"}
      </label>
    </>
  );
}

export function changesIn(
  form: FormData,
  { subject, type }: Pick<CustomFieldView, "subject" | "type">,
): Pick<CustomFieldView, "label" | "required"> & Partial<Pick<CustomFieldView, "choices" | "attribute">> {
  const choices = textOf(form, "choices")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const attribute = textOf(form, "attribute");
  return {
    label: textOf(form, "label"),
    required: form.has("required"),
    ...(type === "choice" ? { choices } : {}),
    ...(isOfOrders(subject) ? { attribute: attribute === "" ? null : attribute } : {}),
  };
}
