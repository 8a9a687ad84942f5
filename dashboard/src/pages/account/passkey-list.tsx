import { useState } from "preact/hooks";
import type { AccountView } from "../../../../contract/people.ts";
import type { Page } from "../../../../contract/shapes.ts";
import type { PasskeyView } from "../../../../contract/sign-in/passkeys.ts";
import { get, pathOf, remove } from "../../api/client.ts";
import { canUsePasskeys, makePasskey } from "../../api/passkeys.ts";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { toast } from "../../components/toast.tsx";
import { browserName } from "../../format/browser-name.ts";
import { useResource } from "../../live/resource.ts";
import { RecoveryCodesDialog } from "./recovery-codes-dialog.tsx";

/** Passkeys of the account: made, listed, removed. */
export function PasskeyList({
  account,
  onChange,
}: {
  readonly account: AccountView;
  readonly onChange: () => void;
}) {
  const passkeys = useResource<Page<PasskeyView>>("passkeys", (signal) =>
    get("/account/passkeys", {}, signal),
  );
  const [adding, setAdding] = useState(false);
  const [ended, setEnded] = useState<PasskeyView | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const changed = (): void => {
    passkeys.reload();
    onChange();
  };
  return (
    <Panel
      title="Passkeys"
      flush
      aside={
        canUsePasskeys() && (
          <button type="button" class="button small" onClick={() => setAdding(true)}>
            Add a passkey
          </button>
        )
      }
    >
      <p class="panel-body muted">
        A key on your device or in its password manager, which you release with finger, face or PIN. It signs
        you in alone, and no other page can ask for it.
        {!canUsePasskeys() && <Elsewhere account={account} />}
      </p>
      <Loaded resource={passkeys} skeleton={<SkeletonRows rows={2} />}>
        {({ items }) =>
          items.length === 0 ? null : (
            <table class="table stack">
              <thead>
                <tr>
                  <th scope="col">Passkey</th>
                  <th scope="col">Added</th>
                  <th scope="col">Used</th>
                  <th scope="col">
                    <span class="visually-hidden">What can be done</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {items.map((passkey) => (
                  <tr key={passkey.id}>
                    <td class="full break">
                      {passkey.name} {passkey.synced && <Badge status="synced" label="On all your devices" />}
                    </td>
                    <td data-label="Added">
                      <Time at={passkey.createdAt} />
                    </td>
                    <td data-label="Used">
                      {passkey.lastUsedAt === null ? "not yet" : <Time at={passkey.lastUsedAt} />}
                    </td>
                    <td>
                      <button type="button" class="button quiet small" onClick={() => setEnded(passkey)}>
                        Remove<span class="visually-hidden"> {passkey.name}</span>
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
      {adding && (
        <Dialog title="Add a passkey" onClose={() => setAdding(false)}>
          <Form
            submit="Add it"
            onSubmit={async (fields) => {
              const { passkey, recoveryCodes } = await makePasskey(textOf(fields, "name"));
              setAdding(false);
              setCodes(recoveryCodes);
              toast("good", `You can sign in with ${passkey.name}.`);
              changed();
            }}
          >
            <Field label="Name" hint="By which you know it in this list.">
              <input
                class="input"
                name="name"
                required
                maxLength={60}
                defaultValue={browserName(navigator.userAgent)}
              />
            </Field>
            <p class="muted small">
              From now on your password alone does not sign you in: a passkey or a code is asked for with it.
            </p>
          </Form>
        </Dialog>
      )}
      {ended !== null && (
        <Dialog title={`Remove ${ended.name}`} onClose={() => setEnded(null)}>
          <Form
            submit="Remove it"
            danger
            onSubmit={async () => {
              await remove(`/account${pathOf("passkeys", ended.id)}`);
              setEnded(null);
              changed();
            }}
          >
            <p>It signs nobody in any more. Remove it on the device as well, which does not learn of this.</p>
          </Form>
        </Dialog>
      )}
      {codes !== null && <RecoveryCodesDialog codes={codes} onClose={() => setCodes(null)} />}
    </Panel>
  );
}

/** Why this page can have none, and where they can be had. */
function Elsewhere({ account: { passkeyOrigin } }: { readonly account: AccountView }) {
  if (passkeyOrigin === null || passkeyOrigin === window.location.origin)
    return <> This browser, at this address, has none.</>;
  return (
    <>
      {" "}
      For passkeys, come by <a href={`${passkeyOrigin}/account`}>{passkeyOrigin}</a>.
    </>
  );
}
