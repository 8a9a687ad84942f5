/** The company's own reasons to put an order on hold: made, changed, switched off and on. */
import { useState } from "preact/hooks";
import type {
  ChangeHoldReasonBody,
  CreateHoldReasonBody,
  HoldReasonView,
} from "../../../../../contract/settings/hold-reasons.ts";
import type { Page } from "../../../../../contract/shapes.ts";
import { get, patch, pathOf, post } from "../../../api/client.ts";
import { may } from "../../../api/session.ts";
import { ActionButton } from "../../../components/action-button.tsx";
import { Badge } from "../../../components/badge.tsx";
import { Dialog } from "../../../components/dialog.tsx";
import { Empty } from "../../../components/empty.tsx";
import { Field } from "../../../components/field.tsx";
import { Form, textOf } from "../../../components/form.tsx";
import { Loaded } from "../../../components/loaded.tsx";
import { NotYours } from "../../../components/not-yours.tsx";
import { Panel } from "../../../components/panel.tsx";
import { SkeletonRows } from "../../../components/skeleton.tsx";
import { toast } from "../../../components/toast.tsx";
import { useResource } from "../../../live/resource.ts";
import { SettingForm } from "../setting-form.tsx";

export function HoldReasonList() {
  const reasons = useResource<Page<HoldReasonView>>("hold reasons", (signal) =>
    get("/hold-reasons", {}, signal),
  );
  const [isAdding, setAdding] = useState(false);
  const [chosen, setChosen] = useState<HoldReasonView | null>(null);
  const canWrite = may("hold-reasons.write");
  const done = () => {
    setAdding(false);
    setChosen(null);
    reasons.reload();
  };
  return (
    <>
      <Panel
        title="Hold reasons"
        flush
        aside={
          canWrite && (
            <button type="button" class="button small" onClick={() => setAdding(true)}>
              Add a reason
            </button>
          )
        }
      >
        <Loaded resource={reasons} skeleton={<SkeletonRows rows={4} />}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="settings" title="No reasons of your own yet">
                Orders are put on hold for the built-in reasons, and for what somebody writes.
              </Empty>
            ) : (
              <table class="table stack">
                <thead>
                  <tr>
                    <th scope="col">Reason</th>
                    <th scope="col">Released by</th>
                    <th scope="col">Stock</th>
                    <th scope="col">State</th>
                    <th scope="col">
                      <span class="visually-hidden">What can be done</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((reason) => (
                    <Row
                      key={reason.code}
                      reason={reason}
                      canWrite={canWrite}
                      onEdit={() => setChosen(reason)}
                      onDone={done}
                    />
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
        {!canWrite && <NotYours action="set hold reasons" />}
      </Panel>
      {isAdding && (
        <Dialog title="Add a hold reason" onClose={() => setAdding(false)}>
          <Form
            submit="Add the reason"
            onSubmit={async (form, key) => {
              const body: CreateHoldReasonBody = { code: textOf(form, "code"), ...settingsIn(form) };
              await post<HoldReasonView>("/hold-reasons", body, key);
              done();
            }}
          >
            <Field label="Code" hint="a-z, 0-9 and _, such as fraud_check. It stays.">
              <input class="input" name="code" required pattern="[a-z][a-z0-9_]{0,49}" autocomplete="off" />
            </Field>
            <Fields now={null} />
          </Form>
        </Dialog>
      )}
      {chosen !== null && (
        <Dialog title={chosen.label} onClose={() => setChosen(null)}>
          <SettingForm
            needs="hold-reasons.write"
            submit="Save the reason"
            onReload={done}
            save={async (form, key) => {
              const body: ChangeHoldReasonBody = { version: chosen.version, ...settingsIn(form) };
              await patch<HoldReasonView>(pathOf("hold-reasons", chosen.code), body, key);
              done();
            }}
          >
            <Fields now={chosen} />
          </SettingForm>
        </Dialog>
      )}
    </>
  );
}

function Fields({ now }: { readonly now: HoldReasonView | null }) {
  return (
    <>
      <Field label="Label" hint="What people call it.">
        <input class="input" name="label" required maxLength={100} defaultValue={now?.label ?? ""} />
      </Field>
      <Field label="Guidance" hint="What whoever finds such an order is to do.">
        <textarea class="textarea" name="guidance" maxLength={500} defaultValue={now?.guidance ?? ""} />
      </Field>
      <Field
        label="Released by"
        hint="Ids of roles with commas between them, beside administrators. Empty: everybody who may release orders."
      >
        <input
          class="input"
          name="releasedBy"
          autocomplete="off"
          defaultValue={(now?.releasedBy ?? []).join(", ")}
        />
      </Field>
      <label class="check">
        <input type="checkbox" name="keepsStock" defaultChecked={now?.keepsStock !== false} /> Such orders
        keep their stock; else what nobody has begun to pick goes back until they go on
      </label>
    </>
  );
}

function settingsIn(form: FormData): Omit<ChangeHoldReasonBody, "version" | "active" | "label"> & {
  readonly label: string;
} {
  const roles = textOf(form, "releasedBy")
    .split(",")
    .map((role) => role.trim())
    .filter((role) => role !== "");
  return {
    label: textOf(form, "label"),
    // A text of one line: what is shown beside an order is short.
    guidance: textOf(form, "guidance").replaceAll(/\s+/g, " "),
    releasedBy: roles.length === 0 ? null : roles,
    keepsStock: form.has("keepsStock"),
  };
}

function Row({
  reason,
  canWrite,
  onEdit,
  onDone,
}: {
  readonly reason: HoldReasonView;
  readonly canWrite: boolean;
  readonly onEdit: () => void;
  readonly onDone: () => void;
}) {
  const { code, label, guidance, releasedBy, keepsStock, active, version } = reason;
  return (
    <tr>
      <td class="full">
        <div>
          <div class="cell-title">{label}</div>
          <div class="cell-sub">
            <code>{code}</code>
          </div>
          {guidance !== "" && <div class="cell-sub">{guidance}</div>}
        </div>
      </td>
      <td data-label="Released by">{releasedBy?.join(", ") ?? "Everybody who may"}</td>
      <td data-label="Stock">{keepsStock ? "Kept" : "Given back"}</td>
      <td data-label="State">
        <Badge
          status={active ? "on" : "off"}
          label={active ? "On" : "Off"}
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
                const body: ChangeHoldReasonBody = { version, active: !active };
                await patch<HoldReasonView>(pathOf("hold-reasons", code), body);
                toast("good", active ? "It is put on no more orders." : "It can be used again.");
                onDone();
              }}
            >
              {active ? "Switch off" : "Switch on"}
              <span class="visually-hidden"> {label}</span>
            </ActionButton>
          </div>
        )}
      </td>
    </tr>
  );
}
