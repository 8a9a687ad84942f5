import type { CustomFieldView, CustomValuesSet } from "../../../../contract/settings/custom-fields.ts";
import { post } from "../../api/client.ts";
import { Form } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { CustomFieldInputs, type CustomValues, changedValues } from "./custom-fields.tsx";

/** The company's own fields of a product, a location or a return. */
export function CustomFieldsForm({
  path,
  fields,
  values,
  onDone,
}: {
  /** Of what has them. */
  readonly path: string;
  readonly fields: readonly CustomFieldView[];
  readonly values: CustomValues;
  readonly onDone: () => void;
}) {
  return (
    <Form
      submit="Save the fields"
      onSubmit={async (form, key) => {
        const changed = changedValues(form, fields, values);
        if (Object.keys(changed).length > 0) {
          await post<CustomValuesSet>(`${path}/custom-fields`, { values: changed }, key);
          toast("good", "Saved.");
        }
        onDone();
      }}
    >
      <CustomFieldInputs fields={fields} values={values} />
    </Form>
  );
}
