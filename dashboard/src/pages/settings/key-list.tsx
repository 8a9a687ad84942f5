import { useState } from "preact/hooks";
import type { ChannelView } from "../../../../contract/catalog.ts";
import type { ApiScope, IssuedKey, KeyView } from "../../../../contract/keys.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { fullTime } from "../../format/time.ts";
import { useResource } from "../../live/resource.ts";
import { Choice } from "./setting-form.tsx";

const SCOPES: Readonly<Record<ApiScope, string>> = {
  "orders:write": "Send, change and cancel orders",
  "orders:read": "Read orders",
  "stock:read": "Read stock and products",
  "stock:write": "Change stock and products",
  "returns:write": "Handle returns",
  "refunds:write": "Refunds, claims, store credit",
  admin: "Everything, people and keys too",
};

const OVERLAPS = { "0": "Not at all", "60": "An hour", "1440": "A day", "10080": "A week" } as const;
const DAY_MS = 24 * 60 * 60_000;
const STATES = { active: "Active", expired: "Expired", disabled: "Disabled" } as const;
const TONES = { active: "good", expired: "warn", disabled: "plain" } as const;

/** API keys: new ones, new secrets, disabled. A secret is to be seen once. */
export function KeyList() {
  const keys = useResource<Page<KeyView>>("keys", (signal) => get("/keys", {}, signal));
  const [issued, setIssued] = useState<IssuedKey | null>(null);
  const [rotated, setRotated] = useState<KeyView | null>(null);
  const [ended, setEnded] = useState<KeyView | null>(null);
  const show = (answer: IssuedKey): void => {
    setRotated(null);
    setIssued(answer);
    keys.reload();
  };
  return (
    <>
      <p>
        <a href="/docs" target="_self">
          Reference of the API
        </a>
        , with a first order in five calls
      </p>
      {may("keys.write") && (
        <Panel title="Make a key">
          <MakeKey onDone={show} />
        </Panel>
      )}
      <Panel title="Keys" flush>
        <Loaded resource={keys} skeleton={<SkeletonRows rows={3} />}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="settings" title="No keys" />
            ) : (
              <table class="table stack">
                <thead>
                  <tr>
                    <th scope="col">Key</th>
                    <th scope="col">May</th>
                    <th scope="col">State</th>
                    <th scope="col">Used</th>
                    <th scope="col">
                      <span class="visually-hidden">What can be done</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((key) => (
                    <KeyRow
                      key={key.id}
                      row={key}
                      onRotate={() => setRotated(key)}
                      onDisable={() => setEnded(key)}
                    />
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Panel>
      {issued !== null && <SecretDialog issued={issued} onClose={() => setIssued(null)} />}
      {rotated !== null && <RotateDialog of={rotated} onClose={() => setRotated(null)} onDone={show} />}
      {ended !== null && (
        <Dialog title={`Disable ${ended.name}`} onClose={() => setEnded(null)}>
          <Form
            submit="Disable it"
            danger
            onSubmit={async (_fields, key) => {
              await post<KeyView>(`${pathOf("keys", ended.id)}/disable`, {}, key);
              setEnded(null);
              keys.reload();
            }}
          >
            <p>From now on it is refused, with all of its secrets, and that is for good.</p>
          </Form>
        </Dialog>
      )}
    </>
  );
}

function MakeKey({ onDone }: { readonly onDone: (issued: IssuedKey) => void }) {
  const channels = useResource<Page<ChannelView>>("channels", (signal) => get("/channels", {}, signal));
  const [made, setMade] = useState(0);
  const names = Object.fromEntries((channels.data?.items ?? []).map(({ id, name }) => [id, name]));
  return (
    <Form
      key={made}
      submit="Make the key"
      onSubmit={async (fields, key) => {
        const days = textOf(fields, "days");
        const channel = textOf(fields, "channel");
        const body = {
          name: textOf(fields, "name"),
          scopes: fields.getAll("scope").map(String),
          ...(channel === "" ? {} : { channel }),
          ...(days === "" ? {} : { expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString() }),
        };
        if (body.scopes.length === 0) throw new Error("Choose what the key may do.");
        onDone(await post<IssuedKey>("/keys", body, key));
        setMade(made + 1);
      }}
    >
      <Field label="Name" hint="What it is for, such as the connector that gets it.">
        <input class="input" name="name" required maxLength={100} autocomplete="off" />
      </Field>
      <fieldset class="fieldset">
        <legend class="field-label">It may</legend>
        {Object.entries(SCOPES).map(([scope, label]) => (
          <label key={scope} class="check">
            <input type="checkbox" name="scope" value={scope} />
            <span>
              {label} <code class="muted">{scope}</code>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="form-pair">
        <Field label="Channel" hint="Whose orders alone it sends and reads.">
          <Choice name="channel" words={{ "": "Every channel", ...names }} value="" />
        </Field>
        <Field label="Counts for, days" hint="Empty: until it is disabled.">
          <input class="input" type="number" name="days" min="1" max="3650" />
        </Field>
      </div>
    </Form>
  );
}

function KeyRow({
  row,
  onRotate,
  onDisable,
}: {
  readonly row: KeyView;
  readonly onRotate: () => void;
  readonly onDisable: () => void;
}) {
  const { id, name, scopes, channel, state, expiresAt, lastUsedAt, previous } = row;
  return (
    <tr>
      <td class="full">
        <div>
          <div class="cell-title">{name}</div>
          <div class="cell-sub">
            <code>{id}</code>
            {channel !== null && `, channel ${channel}`}
          </div>
        </div>
      </td>
      <td data-label="May">{scopes.join(", ")}</td>
      <td data-label="State">
        <Badge status={state} label={STATES[state]} tone={TONES[state]} />
        {state === "active" && expiresAt !== null && (
          <div class="cell-sub">
            expires <Time at={expiresAt} />
          </div>
        )}
      </td>
      <td data-label="Used">
        {lastUsedAt === null ? "never" : <Time at={lastUsedAt} />}
        {previous !== null && (
          <div class="cell-sub">
            old secret until {fullTime(previous.countsUntil)}
            {previous.lastUsedAt === null ? ", not used since" : ", still used"}
          </div>
        )}
      </td>
      <td>
        {may("keys.write") && state === "active" && (
          <>
            <button type="button" class="button quiet small" onClick={onRotate}>
              New secret<span class="visually-hidden"> for {name}</span>
            </button>
            <button type="button" class="button quiet small" onClick={onDisable}>
              Disable<span class="visually-hidden"> {name}</span>
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

function RotateDialog({
  of,
  onClose,
  onDone,
}: {
  readonly of: KeyView;
  readonly onClose: () => void;
  readonly onDone: (issued: IssuedKey) => void;
}) {
  return (
    <Dialog title={`A new secret for ${of.name}`} onClose={onClose}>
      <Form
        submit="Make the secret"
        onSubmit={async (fields, key) => {
          const body = { overlapMinutes: Number(textOf(fields, "overlap")) };
          onDone(await post<IssuedKey>(`${pathOf("keys", of.id)}/rotate`, body, key));
        }}
      >
        <Field
          label="The secret of now counts on for"
          hint="Until then both count: change its client meanwhile."
        >
          <Choice name="overlap" words={OVERLAPS} value="1440" />
        </Field>
      </Form>
    </Dialog>
  );
}

/** The one time that a secret is to be seen. */
function SecretDialog({ issued, onClose }: { readonly issued: IssuedKey; readonly onClose: () => void }) {
  const { key, secret } = issued;
  return (
    <Dialog title={`The key ${key.name}`} onClose={onClose}>
      <p>It is shown this once: nothing keeps it. Its client sends it as a bearer token.</p>
      {secret !== null && <pre class="break">{secret}</pre>}
    </Dialog>
  );
}
