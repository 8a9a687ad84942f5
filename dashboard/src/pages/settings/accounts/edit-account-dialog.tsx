import { useState } from "preact/hooks";
import type {
  ChangeVendorAccountBody,
  IssuedVendorSecret,
  TriedView,
  VendorAccountDetail,
  VendorDeclarationView,
} from "../../../../../contract/settings/vendor-accounts.ts";
import type { VendorAccountView } from "../../../../../contract/settings.ts";
import type { Page } from "../../../../../contract/shapes.ts";
import { get, patch, pathOf, post, remove } from "../../../api/client.ts";
import { may } from "../../../api/session.ts";
import { ActionButton } from "../../../components/action-button.tsx";
import { Dialog } from "../../../components/dialog.tsx";
import { Field } from "../../../components/field.tsx";
import { textOf } from "../../../components/form.tsx";
import { Loaded } from "../../../components/loaded.tsx";
import { Notice } from "../../../components/notice.tsx";
import { SkeletonRows } from "../../../components/skeleton.tsx";
import { Time } from "../../../components/time.tsx";
import { toast } from "../../../components/toast.tsx";
import { useResource } from "../../../live/resource.ts";
import { SettingForm } from "../setting-form.tsx";
import { AccountFields, valuesOf } from "./account-fields.tsx";

type Loads = { readonly now: VendorAccountDetail; readonly declared: VendorDeclarationView["settings"] };

/**
 * An account that is set here: its values, whether the vendor lets us in, its webhooks, whether it is used.
 */
export function EditAccountDialog({
  account,
  onClose,
  onChange,
}: {
  readonly account: VendorAccountView;
  readonly onClose: () => void;
  readonly onChange: () => void;
}) {
  const path = pathOf("vendor-accounts", account.kind, account.provider, account.account);
  const [tried, setTried] = useState<TriedView | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const loads = useResource<Loads>(path, async (signal) => {
    const [now, { items }] = await Promise.all([
      get<VendorAccountDetail>(path, {}, signal),
      get<Page<VendorDeclarationView>>("/vendors", {}, signal),
    ]);
    const vendor = items.find(({ kind, provider }) => kind === now.kind && provider === now.provider);
    return { now, declared: vendor?.settings ?? [] };
  });
  const saved = (now: VendorAccountDetail): void => {
    loads.replace((before) => ({ ...before, now }));
    onChange();
  };
  return (
    <Dialog title={`${account.provider}, ${account.account}`} onClose={onClose}>
      <Loaded resource={loads} skeleton={<SkeletonRows rows={4} />}>
        {({ now, declared }) => (
          <>
            <SettingForm
              key={now.version}
              needs="accounts.write"
              submit="Try and save the account"
              onReload={loads.reload}
              save={async (form, key) => {
                const services = linesOf(form, "services");
                const body: ChangeVendorAccountBody = {
                  version: now.version,
                  name: textOf(form, "name"),
                  active: form.has("active"),
                  place: Number(textOf(form, "place")),
                  values: valuesOf(form, declared),
                  ...(now.kind === "carriers" ? { services: services.length === 0 ? null : services } : {}),
                  ...(form.has("untried") ? { untried: true } : {}),
                };
                saved(await patch<VendorAccountDetail>(path, body, key));
              }}
            >
              <Field label="Name">
                <input class="input" name="name" required maxLength={100} defaultValue={now.name} />
              </Field>
              <label class="check">
                <input type="checkbox" name="active" defaultChecked={now.active} /> New business begins here
              </label>
              <Field label="Place" hint="Those with the lower number come first.">
                <input
                  class="input"
                  name="place"
                  type="number"
                  min="0"
                  max="1000"
                  required
                  defaultValue={String(now.place)}
                />
              </Field>
              <AccountFields declared={declared} values={now.values} secrets={now.secrets} />
              {now.kind === "carriers" && (
                <Field label="Service levels" hint="One a line, as UPS Ground. Empty: all that it offers.">
                  <textarea
                    class="textarea"
                    name="services"
                    rows={3}
                    defaultValue={(now.services ?? []).join("\n")}
                  />
                </Field>
              )}
              <label class="check">
                <input type="checkbox" name="untried" /> Save it though the vendor does not answer
              </label>
            </SettingForm>
            {now.webhook !== null && (
              <>
                <p>The vendor sends its webhooks to:</p>
                <pre>{now.webhook.url}</pre>
                {now.webhook.formerSecretCountsUntil !== null && (
                  <p class="muted">
                    The secret before counts until <Time at={now.webhook.formerSecretCountsUntil} />.
                  </p>
                )}
              </>
            )}
            {secret !== null && (
              <>
                <p>They are signed with this secret, which is shown this once:</p>
                <pre>{secret}</pre>
              </>
            )}
            {tried !== null && <Notice tone={tried.works ? "good" : "bad"}>{tried.detail}</Notice>}
            {may("accounts.write") && (
              <div class="form-actions">
                <ActionButton run={async () => setTried(await post<TriedView>(`${path}/try`, {}))}>
                  Try the connection
                </ActionButton>
                {now.webhook !== null && (
                  <ActionButton
                    run={async () => {
                      const issued = await post<IssuedVendorSecret>(`${path}/rotate-secret`, {});
                      setSecret(issued.secret);
                      saved(issued.account);
                    }}
                  >
                    New webhook secret
                  </ActionButton>
                )}
                <ActionButton
                  class="button danger"
                  run={async () => {
                    await remove(path);
                    toast("good", "Removed.");
                    onChange();
                    onClose();
                  }}
                >
                  Remove
                </ActionButton>
              </div>
            )}
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

function linesOf(form: FormData, name: string): readonly string[] {
  return textOf(form, name)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
