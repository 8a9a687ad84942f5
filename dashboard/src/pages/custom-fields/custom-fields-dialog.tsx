import type { CustomFieldView } from "../../../../contract/settings/custom-fields.ts";
import { Dialog } from "../../components/dialog.tsx";
import type { CustomValues } from "./custom-fields.tsx";
import { CustomFieldsForm } from "./custom-fields-form.tsx";

/** The company's own fields of a product or a return. */
export function CustomFieldsDialog({
  what,
  onClose,
  ...form
}: {
  /** Of what has them. */
  readonly path: string;
  readonly what: string;
  readonly fields: readonly CustomFieldView[];
  readonly values: CustomValues;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title={`Custom fields of ${what}`} onClose={onClose}>
      <CustomFieldsForm {...form} />
    </Dialog>
  );
}
