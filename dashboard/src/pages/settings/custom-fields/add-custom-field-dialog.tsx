import { useState } from "preact/hooks";
import type {
  CreateCustomFieldBody,
  CustomFieldView,
} from "../../../../../contract/settings/custom-fields.ts";
import { post } from "../../../api/client.ts";
import { Dialog } from "../../../components/dialog.tsx";
import { Field } from "../../../components/field.tsx";
import { Form, textOf } from "../../../components/form.tsx";
import { ChangeableFields, changesIn, isOfOrders, SUBJECTS, TYPES } from "./custom-field-fields.tsx";

/** A field that counts from now on. Some of it is said once. */
export function AddCustomFieldDialog({
  onClose,
  onDone,
}: {
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [subject, setSubject] = useState<CustomFieldView["subject"]>("order");
  const [type, setType] = useState<CustomFieldView["type"]>("text");
  return (
    <Dialog title="Add a field" onClose={onClose}>
      <Form
        submit="Add the field"
        onSubmit={async (form, key) => {
          const body: CreateCustomFieldBody = {
            subject,
            key: textOf(form, "key"),
            type,
            personal: form.has("personal"),
            ...changesIn(form, { subject, type }),
          };
          await post<CustomFieldView>("/custom-fields", body, key);
          onDone();
        }}
      >
        <fieldset class="fieldset">
          <legend>For good</legend>
          <Field label="Of">
            <select
              class="select"
              value={subject}
              onChange={(event) => setSubject(event.currentTarget.value as CustomFieldView["subject"])}
            >
              {Object.entries(SUBJECTS).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Key" hint="a-z, 0-9 and _, such as po_number. Programs know it by that.">
            <input class="input" name="key" required pattern="[a-z][a-z0-9_]{0,49}" autocomplete="off" />
          </Field>
          <Field label="Takes">
            <select
              class="select"
              value={type}
              onChange={(event) => setType(event.currentTarget.value as CustomFieldView["type"])}
            >
              {Object.entries(TYPES).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </Field>
          {isOfOrders(subject) && (
            <label class="check">
              <input type="checkbox" name="personal" /> It is personal data: sealed, and erased with the
              shopper
            </label>
          )}
        </fieldset>
        <ChangeableFields key={`${subject} ${type}`} subject={subject} type={type} now={null} />
      </Form>
    </Dialog>
  );
}
