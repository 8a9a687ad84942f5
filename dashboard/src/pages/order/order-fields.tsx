/** The company's own fields of an order and of its lines: shown, and changed as edits of the order. */
import { useState } from "preact/hooks";
import type { OrderEditBody } from "../../../../contract/order-changes.ts";
import type { OrderView } from "../../../../contract/orders.ts";
import type { CustomFieldView } from "../../../../contract/settings/custom-fields.ts";
import { may } from "../../api/session.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Facts } from "../../components/facts.tsx";
import { Form } from "../../components/form.tsx";
import { Panel } from "../../components/panel.tsx";
import { toast } from "../../components/toast.tsx";
import {
  CustomFieldInputs,
  type CustomValues,
  changedValues,
  type ShownField,
  shownFields,
  useCustomFields,
  valueText,
} from "../custom-fields/custom-fields.tsx";
import { changeOrder } from "./change-order.ts";

type Own = Pick<OrderView["document"], "customFields" | "personalFields">;

/** Of both kinds together: a key is in one of them. */
export function valuesOf({ customFields, personalFields }: Own): CustomValues {
  return { ...customFields, ...personalFields };
}

export function OrderFields({ view, onChange }: { readonly view: OrderView; readonly onChange: () => void }) {
  const { document, supportedActions } = view;
  const [isEditing, setEditing] = useState(false);
  const fields = useCustomFields("order");
  const shown = shownFields(fields, valuesOf(document));
  const canChange =
    supportedActions.includes("cancel") && may("orders.change") && fields.some(({ active }) => active);
  if (shown.length === 0 && !canChange) return null;
  return (
    <Panel
      title="Custom fields"
      aside={
        canChange && (
          <button type="button" class="button quiet small" onClick={() => setEditing(true)}>
            Change<span class="visually-hidden"> the custom fields</span>
          </button>
        )
      }
    >
      {shown.length === 0 ? (
        <p class="muted">None is set.</p>
      ) : (
        <Facts
          facts={shown.map((one) => [one.field.label, <Value key={one.field.key} of={one} />] as const)}
        />
      )}
      {isEditing && (
        <Dialog title={`Custom fields of ${view.summary.externalNumber}`} onClose={() => setEditing(false)}>
          <Form
            submit="Save the fields"
            onSubmit={async (form, key) => {
              const edits = fieldEdits(form, fields, document);
              if (edits.length > 0) {
                await changeOrder(view, edits, key);
                toast("good", "Changed.");
              }
              setEditing(false);
              onChange();
            }}
          >
            <CustomFieldInputs fields={fields} values={valuesOf(document)} />
          </Form>
        </Dialog>
      )}
    </Panel>
  );
}

/** Leads to the orders with the same, where lists go by it. */
function Value({ of }: { readonly of: ShownField }) {
  const { key, personal } = of.field;
  if (personal) return <>{valueText(of)}</>;
  return (
    <a class="inline-link" href={`/orders?field=${encodeURIComponent(`${key}:${of.value}`)}`}>
      {valueText(of)}
    </a>
  );
}

/** What a form of these fields changes. @param lineId absent: of the order */
export function fieldEdits(
  form: FormData,
  fields: readonly CustomFieldView[],
  own: Own,
  lineId?: string,
): readonly OrderEditBody[] {
  return Object.entries(changedValues(form, fields, valuesOf(own))).map(([key, value]) => ({
    kind: "custom_field",
    key,
    value,
    ...(lineId === undefined ? {} : { lineId }),
  }));
}
