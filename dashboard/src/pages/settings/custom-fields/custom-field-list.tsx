/** The company's own fields: defined, changed, retired and taken up again. */
import { useState } from "preact/hooks";
import type {
  ChangeCustomFieldBody,
  CustomFieldView,
} from "../../../../../contract/settings/custom-fields.ts";
import type { Page } from "../../../../../contract/shapes.ts";
import { get, patch, pathOf } from "../../../api/client.ts";
import { may } from "../../../api/session.ts";
import { ActionButton } from "../../../components/action-button.tsx";
import { Badge } from "../../../components/badge.tsx";
import { Dialog } from "../../../components/dialog.tsx";
import { Empty } from "../../../components/empty.tsx";
import { Loaded } from "../../../components/loaded.tsx";
import { NotYours } from "../../../components/not-yours.tsx";
import { Panel } from "../../../components/panel.tsx";
import { SkeletonRows } from "../../../components/skeleton.tsx";
import { toast } from "../../../components/toast.tsx";
import { useResource } from "../../../live/resource.ts";
import { SettingForm } from "../setting-form.tsx";
import { AddCustomFieldDialog } from "./add-custom-field-dialog.tsx";
import { ChangeableFields, changesIn, SUBJECTS, TYPES } from "./custom-field-fields.tsx";

export function CustomFieldList() {
  const fields = useResource<Page<CustomFieldView>>("custom fields", (signal) =>
    get("/custom-fields", {}, signal),
  );
  const [isAdding, setAdding] = useState(false);
  const [chosen, setChosen] = useState<CustomFieldView | null>(null);
  const canWrite = may("custom-fields.write");
  const done = () => {
    setAdding(false);
    setChosen(null);
    fields.reload();
  };
  return (
    <>
      <Panel
        title="Custom fields"
        flush
        aside={
          canWrite && (
            <button type="button" class="button small" onClick={() => setAdding(true)}>
              Add a field
            </button>
          )
        }
      >
        <Loaded resource={fields} skeleton={<SkeletonRows rows={4} />}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="settings" title="No fields of your own yet">
                Orders, their lines, products, locations and returns can bear more than Holdfast knows of.
              </Empty>
            ) : (
              <table class="table stack">
                <thead>
                  <tr>
                    <th scope="col">Field</th>
                    <th scope="col">Of</th>
                    <th scope="col">Takes</th>
                    <th scope="col">State</th>
                    <th scope="col">
                      <span class="visually-hidden">What can be done</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((field) => (
                    <Row
                      key={`${field.subject} ${field.key}`}
                      field={field}
                      canWrite={canWrite}
                      onEdit={() => setChosen(field)}
                      onDone={done}
                    />
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
        {!canWrite && <NotYours action="define fields" />}
      </Panel>
      {isAdding && <AddCustomFieldDialog onClose={() => setAdding(false)} onDone={done} />}
      {chosen !== null && (
        <Dialog title={chosen.label} onClose={() => setChosen(null)}>
          <SettingForm
            needs="custom-fields.write"
            submit="Save the field"
            onReload={done}
            save={async (form, key) => {
              const body: ChangeCustomFieldBody = { version: chosen.version, ...changesIn(form, chosen) };
              await patch<CustomFieldView>(pathOf("custom-fields", chosen.subject, chosen.key), body, key);
              done();
            }}
          >
            <ChangeableFields subject={chosen.subject} type={chosen.type} now={chosen} />
          </SettingForm>
        </Dialog>
      )}
    </>
  );
}

function Row({
  field,
  canWrite,
  onEdit,
  onDone,
}: {
  readonly field: CustomFieldView;
  readonly canWrite: boolean;
  readonly onEdit: () => void;
  readonly onDone: () => void;
}) {
  const { subject, key, label, type, choices, required, personal, attribute, active, version } = field;
  return (
    <tr>
      <td class="full">
        <div>
          <div class="cell-title">{label}</div>
          <div class="cell-sub">
            <code>{key}</code>
            {required && " · required"}
            {personal && " · personal data"}
            {attribute !== null && ` · from ${attribute}`}
          </div>
        </div>
      </td>
      <td data-label="Of">{SUBJECTS[subject]}</td>
      <td data-label="Takes">{type === "choice" ? choices.join(", ") : TYPES[type]}</td>
      <td data-label="State">
        <Badge
          status={active ? "on" : "off"}
          label={active ? "In use" : "Retired"}
          tone={active ? "good" : "plain"}
        />
      </td>
      <td>
        {canWrite && (
          <div class="row wrap">
            <button type="button" class="button quiet small" onClick={onEdit}>
              Edit<span class="visually-hidden"> {label}</span>
            </button>
            <ActionButton
              class="button quiet small"
              run={async () => {
                const body: ChangeCustomFieldBody = { version, active: !active };
                await patch<CustomFieldView>(pathOf("custom-fields", subject, key), body);
                toast("good", active ? "Retired. Its values stay to be seen." : "In use again.");
                onDone();
              }}
            >
              {active ? "Retire" : "Use again"}
              <span class="visually-hidden"> {label}</span>
            </ActionButton>
          </div>
        )}
      </td>
    </tr>
  );
}
