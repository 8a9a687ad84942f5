import { useState } from "preact/hooks";
import type {
  CreateVendorAccountBody,
  VendorAccountDetail,
  VendorDeclarationView,
} from "../../../../../contract/settings/vendor-accounts.ts";
import type { Page } from "../../../../../contract/shapes.ts";
import { get, post } from "../../../api/client.ts";
import { Dialog } from "../../../components/dialog.tsx";
import { Field } from "../../../components/field.tsx";
import { Form, textOf } from "../../../components/form.tsx";
import { Loaded } from "../../../components/loaded.tsx";
import { SkeletonRows } from "../../../components/skeleton.tsx";
import { toast } from "../../../components/toast.tsx";
import { VENDOR_KINDS } from "../../../format/setting-words.ts";
import { words } from "../../../format/words.ts";
import { useResource } from "../../../live/resource.ts";
import { AccountFields, valuesOf } from "./account-fields.tsx";

/** Another account at a vendor. The vendor is asked before it is saved. */
export function AddAccountDialog({
  onClose,
  onDone,
}: {
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const vendors = useResource<Page<VendorDeclarationView>>("vendors", (signal) =>
    get("/vendors", {}, signal),
  );
  const [chosen, setChosen] = useState("");
  return (
    <Dialog title="Add an account" onClose={onClose}>
      <Loaded resource={vendors} skeleton={<SkeletonRows rows={4} />}>
        {({ items }) => {
          const vendor = items.find((each) => nameOf(each) === chosen) ?? items[0];
          if (vendor === undefined)
            return <p>This server works with the accounts that it was started with.</p>;
          return (
            <Form
              submit="Try and add the account"
              onSubmit={async (form, key) => {
                const name = textOf(form, "name");
                const body: CreateVendorAccountBody = {
                  kind: vendor.kind,
                  provider: vendor.provider,
                  account: textOf(form, "account"),
                  ...(name === "" ? {} : { name }),
                  values: valuesOf(form, vendor.settings),
                  ...(form.has("untried") ? { untried: true } : {}),
                };
                await post<VendorAccountDetail>("/vendor-accounts", body, key);
                toast("good", "Added. It counts from now on.");
                onDone();
              }}
            >
              <Field label="Vendor">
                <select
                  class="select"
                  value={nameOf(vendor)}
                  onChange={(event) => setChosen(event.currentTarget.value)}
                >
                  {items.map((each) => (
                    <option key={nameOf(each)} value={nameOf(each)}>
                      {words(each.provider)}, {VENDOR_KINDS[each.kind].toLowerCase()}
                    </option>
                  ))}
                </select>
              </Field>
              <Field
                label="Id"
                hint="a-z, 0-9 and _. Part of its webhooks' address, and of payments and parcels for good."
              >
                <input
                  class="input"
                  name="account"
                  required
                  pattern="[a-z][a-z0-9_]{0,31}"
                  autocomplete="off"
                />
              </Field>
              <Field label="Name" hint="What people call it. Empty: its id.">
                <input class="input" name="name" maxLength={100} autocomplete="off" />
              </Field>
              <AccountFields key={nameOf(vendor)} declared={vendor.settings} values={{}} secrets={[]} />
              <label class="check">
                <input type="checkbox" name="untried" /> Add it though the vendor does not answer
              </label>
            </Form>
          );
        }}
      </Loaded>
    </Dialog>
  );
}

function nameOf({ kind, provider }: VendorDeclarationView): string {
  return `${kind} ${provider}`;
}
