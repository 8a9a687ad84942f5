import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { ChannelView, LocationView } from "../../../../contract/catalog.ts";
import type { PermissionView, RoleView } from "../../../../contract/roles.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, patch, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { toast } from "../../components/toast.tsx";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { SettingForm } from "./setting-form.tsx";

/** The administrators' role stays whole. */
const WHOLE = "admin";

type Everything = {
  readonly roles: readonly RoleView[];
  readonly permissions: readonly PermissionView[];
  readonly locations: readonly LocationView[];
  readonly channels: readonly ChannelView[];
};

async function loadEverything(signal: AbortSignal): Promise<Everything> {
  const [roles, permissions, locations, channels] = await Promise.all([
    get<Page<RoleView>>("/roles", {}, signal),
    get<Page<PermissionView>>("/permissions", {}, signal),
    get<Page<LocationView>>("/locations", {}, signal),
    get<Page<ChannelView>>("/channels", {}, signal),
  ]);
  return {
    roles: roles.items,
    permissions: permissions.items,
    locations: locations.items,
    channels: channels.items,
  };
}

/** What members of staff may do, by role, and where. Which role is shown is in the address. */
export function RoleSettings() {
  const { query, route } = useLocation();
  const all = useResource<Everything>("roles", loadEverything);
  const choose = (role: string): void => route(`/settings?view=roles&role=${encodeURIComponent(role)}`);
  return (
    <Loaded resource={all} skeleton={<SkeletonRows rows={8} />}>
      {(everything) => {
        const role = everything.roles.find(({ id }) => id === query["role"]) ?? everything.roles[0];
        return (
          <>
            <div class="toolbar">
              <Field label="Role">
                <select
                  class="select"
                  value={role?.id}
                  onChange={(event) => choose(event.currentTarget.value)}
                >
                  {everything.roles.map(({ id, name, enabled }) => (
                    <option key={id} value={id}>
                      {name}
                      {enabled ? "" : " (off)"}
                    </option>
                  ))}
                </select>
              </Field>
            </div>
            {role !== undefined && (
              <Role
                key={`${role.id} ${role.version}`}
                role={role}
                everything={everything}
                onChange={all.reload}
              />
            )}
            {may("roles.write") && (
              <NewRole
                onDone={(made) => {
                  all.reload();
                  choose(made.id);
                }}
              />
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function Role({
  role,
  everything,
  onChange,
}: {
  readonly role: RoleView;
  readonly everything: Everything;
  readonly onChange: () => void;
}) {
  const isWhole = role.id === WHOLE;
  return (
    <Panel
      title={role.name}
      aside={
        <>
          {!role.enabled && <Badge status="disabled" label="Switched off" tone="warn" />}{" "}
          {role.people === 1 ? "1 person" : `${role.people} people`}
        </>
      }
    >
      {isWhole ? (
        <>
          <p class="muted">
            Administrators may do everything, everywhere. Their role stays so: somebody has to be able to put
            right what others set.
          </p>
          <SettingForm
            needs="roles.write"
            submit="Save the role"
            onReload={onChange}
            save={async (fields, key) => {
              const secondFactorDemanded = fields.has("secondFactorDemanded");
              await patch<RoleView>(
                pathOf("roles", role.id),
                { version: role.version, secondFactorDemanded },
                key,
              );
              onChange();
            }}
          >
            <SignIn role={role} />
          </SettingForm>
        </>
      ) : (
        <>
          <Rights role={role} everything={everything} onChange={onChange} />
          {may("roles.write") && <Switches role={role} onChange={onChange} />}
        </>
      )}
    </Panel>
  );
}

function Rights({
  role,
  everything: { permissions, locations, channels },
  onChange,
}: {
  readonly role: RoleView;
  readonly everything: Everything;
  readonly onChange: () => void;
}) {
  const groupOf = ({ permission }: PermissionView): string => permission.split(".", 1)[0] ?? "";
  const groups = [...new Set(permissions.map(groupOf))];
  return (
    <SettingForm
      needs="roles.write"
      submit="Save the role"
      onReload={onChange}
      save={async (fields, key) => {
        const chosen = fields.getAll("permissions").map(String);
        const isSame =
          chosen.length === role.permissions.length && chosen.every((one) => role.permissions.includes(one));
        await patch<RoleView>(
          pathOf("roles", role.id),
          {
            version: role.version,
            name: textOf(fields, "name"),
            ...(isSame ? {} : { permissions: chosen }),
            locations: chosenOf(fields, "locations"),
            channels: chosenOf(fields, "channels"),
            secondFactorDemanded: fields.has("secondFactorDemanded"),
          },
          key,
        );
        onChange();
      }}
    >
      <Field label="Name">
        <input class="input" name="name" required maxLength={100} defaultValue={role.name} />
      </Field>
      <SignIn role={role} />
      {groups.map((group) => (
        <fieldset key={group} class="fieldset">
          <legend>{words(group)}</legend>
          <div class="checks">
            {permissions
              .filter((one) => groupOf(one) === group)
              .map(({ permission, yours }) => {
                const has = role.permissions.includes(permission);
                return (
                  <label key={permission} class="check">
                    <input
                      type="checkbox"
                      name="permissions"
                      value={permission}
                      defaultChecked={has}
                      // Nobody gives what they do not have; what is there may be taken.
                      disabled={!yours && !has}
                    />
                    {words(permission.slice(group.length + 1))}
                  </label>
                );
              })}
          </div>
        </fieldset>
      ))}
      <Bounds
        legend="Only at these places"
        hint="None chosen: at every place."
        name="locations"
        options={locations}
        chosen={role.locations}
      />
      <Bounds
        legend="Only for orders of these channels"
        hint="None chosen: of every channel."
        name="channels"
        options={channels}
        chosen={role.channels}
      />
    </SettingForm>
  );
}

function SignIn({ role }: { readonly role: RoleView }) {
  return (
    <fieldset class="fieldset">
      <legend>Signing in</legend>
      <label class="check">
        <input type="checkbox" name="secondFactorDemanded" defaultChecked={role.secondFactorDemanded} />
        Demands a second factor or a passkey
      </label>
      <p class="muted small">Whoever has none sets one before anything else, also who is signed in now.</p>
    </fieldset>
  );
}

function Bounds({
  legend,
  hint,
  name,
  options,
  chosen,
}: {
  readonly legend: string;
  readonly hint: string;
  readonly name: string;
  readonly options: readonly { readonly id: string; readonly name: string }[];
  readonly chosen: readonly string[] | null;
}) {
  return (
    <fieldset class="fieldset">
      <legend>{legend}</legend>
      <p class="muted small">{hint}</p>
      <div class="checks">
        {options.map((option) => (
          <label key={option.id} class="check">
            <input
              type="checkbox"
              name={name}
              value={option.id}
              defaultChecked={chosen?.includes(option.id) ?? false}
            />
            {option.name}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function chosenOf(fields: FormData, name: string): readonly string[] | null {
  const chosen = fields.getAll(name).map(String);
  return chosen.length === 0 ? null : chosen;
}

function Switches({ role, onChange }: { readonly role: RoleView; readonly onChange: () => void }) {
  const path = pathOf("roles", role.id);
  return (
    <div class="row">
      <ActionButton
        run={async () => {
          await post<RoleView>(`${path}/${role.enabled ? "disable" : "enable"}`, {});
          toast("good", role.enabled ? "Its members may do nothing from now on." : "It counts from now on.");
          onChange();
        }}
      >
        Switch the role {role.enabled ? "off" : "on"}
      </ActionButton>
      {role.builtIn && !role.asShipped && (
        <ActionButton
          run={async () => {
            await patch<RoleView>(path, { version: role.version, permissions: null });
            toast("good", "It may do what it was shipped with.");
            onChange();
          }}
        >
          Back to what it was shipped with
        </ActionButton>
      )}
    </div>
  );
}

function NewRole({ onDone }: { readonly onDone: (made: RoleView) => void }) {
  // A form that was sent is a new one.
  const [made, setMade] = useState(0);
  return (
    <Panel title="New role">
      <Form
        key={made}
        submit="Make the role"
        onSubmit={async (fields, key) => {
          const body = { id: textOf(fields, "id"), name: textOf(fields, "name"), permissions: [] };
          onDone(await post<RoleView>("/roles", body, key));
          setMade((count) => count + 1);
        }}
      >
        <div class="form-pair">
          <Field label="Id" hint="Small letters, digits and dashes. It stays.">
            <input class="input" name="id" required pattern="[a-z][a-z0-9\-]*" maxLength={63} />
          </Field>
          <Field label="What people call it">
            <input class="input" name="name" required maxLength={100} />
          </Field>
        </div>
        <p class="muted small">It begins with no rights; choose them above once it is made.</p>
      </Form>
    </Panel>
  );
}
