import { useState } from "preact/hooks";
import type { IssuedLink, SessionsEnded, StaffView } from "../../../../contract/people.ts";
import type { RoleView } from "../../../../contract/roles.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, patch, pathOf, post } from "../../api/client.ts";
import { may, session } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { fullTime } from "../../format/time.ts";
import { counted, words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { Choice, SettingForm } from "./setting-form.tsx";

const ROLES = {
  admin: "Administrator: everything, people and keys too",
  operations: "Operations: everything but people, keys and limits",
  service: "Service: orders, returns and refunds",
  warehouse: "Warehouse: packing, stock, returns taken in",
  store: "Store: packing and collections",
  finance: "Finance: payments, refunds, store credit",
} as const;

type Words = Readonly<Record<string, string>>;

const STATES = { active: "Active", invited: "Invited", disabled: "Switched off" } as const;
const TONES = { active: "good", invited: "info", disabled: "warn" } as const;

/**
 * The people who sign in: new ones, changed, switched off and on, signed out, given a link for a password.
 */
export function PeopleList() {
  const people = useResource<Page<StaffView>>("people", (signal) => get("/staff", {}, signal));
  const roles = useResource<Words>("role names", loadRoles);
  const names = roles.data ?? ROLES;
  const [edited, setEdited] = useState<StaffView | null>(null);
  const [issued, setIssued] = useState<IssuedLink | null>(null);
  const show = (answer: IssuedLink): void => {
    setIssued(answer);
    people.reload();
  };
  return (
    <>
      {may("people.write") && (
        <Panel title="Add a person">
          <AddPerson roles={names} onDone={show} />
        </Panel>
      )}
      <Panel title="People" flush>
        <Loaded resource={people} skeleton={<SkeletonRows rows={4} />}>
          {({ items }) => (
            <table class="table stack">
              <thead>
                <tr>
                  <th scope="col">Person</th>
                  <th scope="col">Role</th>
                  <th scope="col">State</th>
                  <th scope="col">Seen</th>
                  <th scope="col">
                    <span class="visually-hidden">What can be done</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((person) => (
                  <PersonRow key={person.id} person={person} onEdit={() => setEdited(person)} />
                ))}
              </tbody>
            </table>
          )}
        </Loaded>
      </Panel>
      {edited !== null && (
        <PersonDialog
          person={edited}
          roles={names}
          onClose={() => setEdited(null)}
          onChanged={(now) => {
            setEdited(now);
            people.reload();
          }}
          onIssued={(answer) => {
            setEdited(null);
            show(answer);
          }}
        />
      )}
      {issued !== null && <LinkDialog issued={issued} onClose={() => setIssued(null)} />}
    </>
  );
}

function AddPerson({
  roles,
  onDone,
}: {
  readonly roles: Words;
  readonly onDone: (issued: IssuedLink) => void;
}) {
  // Another form after each person, with empty fields.
  const [added, setAdded] = useState(0);
  return (
    <Form
      key={added}
      submit="Add the person"
      onSubmit={async (fields, key) => {
        const body = {
          email: textOf(fields, "email"),
          name: textOf(fields, "name"),
          role: textOf(fields, "role"),
        };
        onDone(await post<IssuedLink>("/staff", body, key));
        setAdded(added + 1);
      }}
    >
      <Field label="Name">
        <input class="input" name="name" required maxLength={100} autocomplete="off" />
      </Field>
      <Field label="Email" hint="They sign in with it, and get a link there by which they choose a password.">
        <input class="input" type="email" name="email" required autocomplete="off" />
      </Field>
      <Field label="Role">
        <Choice name="role" words={roles} value="service" />
      </Field>
    </Form>
  );
}

function PersonRow({ person, onEdit }: { readonly person: StaffView; readonly onEdit: () => void }) {
  const { name, email, role, state, secondFactor, passkeys, lastSeenAt } = person;
  return (
    <tr>
      <td class="full">
        <div>
          <div class="cell-title">{name}</div>
          <div class="cell-sub break">{email}</div>
        </div>
      </td>
      <td data-label="Role">{words(role)}</td>
      <td data-label="State">
        <Badge status={state} label={STATES[state]} tone={TONES[state]} />
        {secondFactor && <div class="cell-sub">Second factor</div>}
        {passkeys > 0 && <div class="cell-sub">{counted(passkeys, "passkey")}</div>}
      </td>
      <td data-label="Seen">{lastSeenAt === null ? "not signed in" : <Time at={lastSeenAt} />}</td>
      <td>
        {may("people.write") && (
          <button type="button" class="button quiet small" onClick={onEdit}>
            Change<span class="visually-hidden"> {name}</span>
          </button>
        )}
      </td>
    </tr>
  );
}

/** Everything about one person. What it does counts at once, so that each action stands for itself. */
function PersonDialog({
  person,
  roles,
  onClose,
  onChanged,
  onIssued,
}: {
  readonly person: StaffView;
  readonly roles: Words;
  readonly onClose: () => void;
  readonly onChanged: (person: StaffView) => void;
  readonly onIssued: (issued: IssuedLink) => void;
}) {
  const { id, name, state, sessions } = person;
  const path = pathOf("staff", id);
  // Its own page does that, which asks for the password.
  const isOwn = session.value?.staffId === id;
  const act = async (action: string): Promise<void> =>
    onChanged(await post<StaffView>(`${path}/${action}`, {}));
  return (
    <Dialog title={name} onClose={onClose}>
      <SettingForm
        key={person.version}
        needs="people.write"
        submit="Save the person"
        onReload={() => {
          void get<StaffView>(path).then(onChanged);
        }}
        save={async (fields, key) => {
          const body = {
            version: person.version,
            name: textOf(fields, "name"),
            email: textOf(fields, "email"),
            role: textOf(fields, "role"),
          };
          onChanged(await patch<StaffView>(path, body, key));
        }}
      >
        <Field label="Name">
          <input class="input" name="name" required maxLength={100} defaultValue={name} />
        </Field>
        <Field label="Email">
          <input class="input" type="email" name="email" required defaultValue={person.email} />
        </Field>
        <Field label="Role" hint="A new address or role signs the person out everywhere.">
          <Choice name="role" words={{ ...ownRole(person.role), ...roles }} value={person.role} />
        </Field>
      </SettingForm>
      <div class="form">
        {state !== "disabled" && !isOwn && (
          <ActionButton run={async () => onIssued(await post<IssuedLink>(`${path}/reset-password`, {}))}>
            Make a link for a new password
          </ActionButton>
        )}
        {sessions > 0 && (
          <ActionButton
            run={async () => {
              const { ended } = await post<SessionsEnded>(`${path}/end-sessions`, {});
              toast("good", `${counted(ended, "session")} ended.`);
              onChanged(await get<StaffView>(path));
            }}
          >
            Sign out everywhere ({sessions})
          </ActionButton>
        )}
        {(person.secondFactor || person.passkeys > 0) && !isOwn && (
          <ActionButton run={() => act("remove-second-factor")}>
            Remove second factor and passkeys
          </ActionButton>
        )}
        <ActionButton
          class={state === "disabled" ? "button" : "button danger"}
          run={() => act(state === "disabled" ? "enable" : "disable")}
        >
          {state === "disabled" ? "Switch on" : "Switch off"}
        </ActionButton>
      </div>
    </Dialog>
  );
}

/** A role that the list does not have, because whoever looks may not read roles. */
function ownRole(role: string): Words {
  return { [role]: words(role) };
}

/** The roles that a person may be given: those that are on, the built-in ones in the words of this page. */
async function loadRoles(signal: AbortSignal): Promise<Words> {
  if (!may("roles.read")) return ROLES;
  const { items } = await get<Page<RoleView>>("/roles", {}, signal);
  const known: Words = ROLES;
  return Object.fromEntries(
    items
      .filter(({ enabled }) => enabled)
      .map(({ id, name, asShipped }) => [id, (asShipped ? known[id] : null) ?? name]),
  );
}

/** The one time that a link is to be seen. */
function LinkDialog({ issued, onClose }: { readonly issued: IssuedLink; readonly onClose: () => void }) {
  const { person, link, expiresAt, mailed } = issued;
  return (
    <Dialog title={`A link for ${person.name}`} onClose={onClose}>
      <p>
        {mailed
          ? `It was mailed to ${person.email}.`
          : `It could not be mailed: hand it to ${person.name} yourself.`}{" "}
        Whoever has it chooses the password. It counts once
        {expiresAt === null ? "" : `, until ${fullTime(expiresAt)}`}, and is shown this once.
      </p>
      {link !== null && <pre class="break">{link}</pre>}
    </Dialog>
  );
}
