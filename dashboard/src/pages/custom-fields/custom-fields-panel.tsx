import { useState } from "preact/hooks";
import type { CustomFieldView } from "../../../../contract/settings/custom-fields.ts";
import { Facts } from "../../components/facts.tsx";
import { Panel } from "../../components/panel.tsx";
import { type CustomValues, shownFields, useCustomFields, valueText } from "./custom-fields.tsx";
import { CustomFieldsDialog } from "./custom-fields-dialog.tsx";

/** The company's own fields of a return, as a part of its page; nothing where there are none. */
export function CustomFieldsPanel({
  subject,
  path,
  what,
  values,
  canChange,
  onChange,
}: {
  readonly subject: CustomFieldView["subject"];
  readonly path: string;
  readonly what: string;
  readonly values: CustomValues;
  readonly canChange: boolean;
  readonly onChange: () => void;
}) {
  const [isEditing, setEditing] = useState(false);
  const fields = useCustomFields(subject);
  const shown = shownFields(fields, values);
  const isOffered = canChange && fields.some(({ active }) => active);
  if (shown.length === 0 && !isOffered) return null;
  return (
    <Panel
      title="Custom fields"
      aside={
        isOffered && (
          <button type="button" class="button quiet small" onClick={() => setEditing(true)}>
            Change<span class="visually-hidden"> the custom fields</span>
          </button>
        )
      }
    >
      {shown.length === 0 ? (
        <p class="muted">None is set.</p>
      ) : (
        <Facts facts={shown.map((one) => [one.field.label, valueText(one)] as const)} />
      )}
      {isEditing && (
        <CustomFieldsDialog
          path={path}
          what={what}
          fields={fields}
          values={values}
          onClose={() => setEditing(false)}
          onDone={() => {
            setEditing(false);
            onChange();
          }}
        />
      )}
    </Panel>
  );
}
