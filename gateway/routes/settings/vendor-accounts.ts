/**
 * Accounts at payment providers, carriers and mail servers: what is set, how much is open there, and changes.
 */
import { isSecret } from "../../../config/vendor-settings.ts";
import {
  ChangeVendorAccountBody,
  CreateVendorAccountBody,
  IssuedVendorSecret,
  RotateVendorSecretBody,
  TriedView,
  TryVendorAccountBody,
  VendorAccountDetail,
  VendorDeclarationView,
} from "../../../contract/settings/vendor-accounts.ts";
import { VendorAccountView } from "../../../contract/settings.ts";
import { Done, pageOf } from "../../../contract/shapes.ts";
import {
  changeVendorAccount,
  createVendorAccount,
  removeAccount,
  rotateVendorSecret,
  tryVendorAccount,
  type VendorTools,
} from "../../../operations/settings/change-vendor-account.ts";
import { VENDOR_KINDS } from "../../../ports/vendor-desk.ts";
import { settingVersion } from "../../../store/settings/setting-changes.ts";
import {
  type AccountInUse,
  type AccountKey,
  accountsInUse,
  readVendorAccount,
  readVendorAccounts,
  vendorAccountSubject,
} from "../../../store/settings/vendor-accounts.ts";
import { type Call, callerOf, done, param, type Route, route } from "../../http/route.ts";
import { ApiError } from "../../wire/problem.ts";

const READ = { kind: "permission", permission: "settings.read" } as const;
const WRITE = { kind: "permission", permission: "accounts.write" } as const;
/** Whoever has the secret takes money, or speaks, in our name; and a new address of a vendor is sent it. */
const PROOF = { kind: "recent" } as const;

export const vendorAccountRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/vendors",
    summary: "Vendors that this program speaks to, and what has to be set for an account at each",
    access: READ,
    reply: pageOf(VendorDeclarationView),
    handle: async ({ services }) => {
      const items = VENDOR_KINDS.flatMap((kind) =>
        (services.vendorDesk?.kinds.find((each) => each.kind === kind)?.vendors ?? []).map(
          ({ provider, variables }) => ({
            kind,
            provider,
            settings: variables.map((variable) => ({
              name: variable.name,
              meaning: variable.meaning,
              standard: variable.standard,
              required: variable.requiredToServe,
              secret: isSecret(variable),
            })),
          }),
        ),
      );
      return { json: { items, next: null } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/vendor-accounts",
    summary: "Accounts at payment providers, carriers and mail services, without their secrets",
    access: READ,
    reply: pageOf(VendorAccountView),
    handle: async (call) => ({ json: { items: await vendorAccounts(call), next: null } }),
  }),
  route({
    method: "POST",
    path: "/v1/vendor-accounts",
    summary: "Makes an account at a vendor, which is asked first whether it knows us",
    access: WRITE,
    proof: PROOF,
    body: CreateVendorAccountBody,
    reply: VendorAccountDetail,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      const { body } = call;
      done(await createVendorAccount(call.services.operations, toolsOf(call), { body, companyId, by }));
      return { status: 201, json: await detailOf(call, body) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/vendor-accounts/{kind}/{provider}/{account}",
    summary: "An account that people have set, without its secrets",
    access: READ,
    reply: VendorAccountDetail,
    handle: async (call) => ({ json: await detailOf(call, keyOf(call)) }),
  }),
  route({
    method: "PATCH",
    path: "/v1/vendor-accounts/{kind}/{provider}/{account}",
    summary: "Changes an account; what is left out stays as it is, secrets too",
    access: WRITE,
    proof: PROOF,
    body: ChangeVendorAccountBody,
    reply: VendorAccountDetail,
    idempotency: "accepted",
    handle: async (call) => {
      const key = keyOf(call);
      const { by } = callerOf(call);
      done(await changeVendorAccount(call.services.operations, toolsOf(call), key, { body: call.body, by }));
      return { json: await detailOf(call, key) };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/vendor-accounts/{kind}/{provider}/{account}",
    summary: "Removes an account at which nothing has ever begun",
    access: WRITE,
    proof: PROOF,
    reply: Done,
    handle: async (call) => {
      const { by } = callerOf(call);
      done(await removeAccount(call.services.operations, toolsOf(call), keyOf(call), { by }));
      return { json: { status: "done" as const } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/vendor-accounts/{kind}/{provider}/{account}/try",
    waitsForOthers: true,
    summary: "Asks the vendor whether it knows us, by a call that changes nothing",
    access: WRITE,
    proof: PROOF,
    body: TryVendorAccountBody,
    reply: TriedView,
    handle: async (call) => {
      const { operations } = call.services;
      const { values = {} } = call.body;
      const { works, detail } = done(await tryVendorAccount(operations, toolsOf(call), keyOf(call), values));
      return { json: { works, detail } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/vendor-accounts/{kind}/{provider}/{account}/rotate-secret",
    summary: "Gives the account's webhooks another secret; the one before counts on for the overlap",
    access: WRITE,
    proof: PROOF,
    body: RotateVendorSecretBody,
    reply: IssuedVendorSecret,
    idempotency: "accepted",
    kept: (issued) => ({ ...issued, secret: null }),
    handle: async (call) => {
      const key = keyOf(call);
      const { by } = callerOf(call);
      const { operations } = call.services;
      const { secret } = done(
        await rotateVendorSecret(operations, toolsOf(call), key, { body: call.body, by }),
      );
      return { json: { account: await detailOf(call, key), secret } };
    },
  }),
];

function toolsOf({ services }: Call<unknown, unknown>): VendorTools {
  const { vendorDesk: desk, secrets: box } = services;
  if (desk === null)
    throw new ApiError("not_found", "This gateway works with the accounts that it was given.");
  return { desk, box };
}

function keyOf(call: Call<unknown, unknown>): AccountKey {
  const kind = VENDOR_KINDS.find((each) => each === param(call, "kind"));
  if (kind === undefined) throw new ApiError("not_found", "There is no such kind of vendor.");
  return { kind, provider: param(call, "provider"), account: param(call, "account") };
}

async function detailOf({ services }: Call<unknown, unknown>, key: AccountKey): Promise<VendorAccountDetail> {
  const { database, secrets: box, publicUrl, vendorDesk, operations } = services;
  const row = await readVendorAccount(database, box, key);
  if (row === null)
    throw new ApiError("vendor_account_not_found", `Nobody has set an account "${key.account}" there.`);
  const { kind, provider, account, name, active, place, services: bought, plain, secrets, former } = row;
  const until = former !== null && former.until.getTime() > operations.now() ? former.until : null;
  return {
    kind,
    provider,
    account,
    version: await settingVersion(database, vendorAccountSubject(key)),
    name,
    active,
    place,
    services: bought === null ? null : [...bought],
    values: plain,
    secrets: Object.keys(secrets),
    webhook:
      vendorDesk?.webhookSecretOf(provider, kind) == null
        ? null
        : {
            url: `${publicUrl}/v1/webhooks/${kind}/${encodeURIComponent(provider)}/${encodeURIComponent(account)}`,
            formerSecretCountsUntil: until?.toISOString() ?? null,
          },
    open: openAt(await accountsInUse(database), key),
  };
}

function openAt(inUse: readonly AccountInUse[], key: AccountKey): number | null {
  if (key.kind === "notifications") return null;
  return inUse.find((one) => isSame(one, key))?.open ?? 0;
}

function isSame(one: AccountKey, other: AccountKey): boolean {
  return one.kind === other.kind && one.provider === other.provider && one.account === other.account;
}

/** As they are used; behind them those that nothing names any more and that are still needed. */
async function vendorAccounts({ services }: Call<unknown, unknown>): Promise<readonly VendorAccountView[]> {
  const { database, secrets: box } = services;
  const [inUse, set] = await Promise.all([accountsInUse(database), readVendorAccounts(database, box)]);
  const listed = services.vendors.flatMap(({ kind, vendors, all }) =>
    all.map(({ provider, account }, index): VendorAccountView => {
      const key: AccountKey = { kind: kind as VendorAccountView["kind"], provider, account };
      const own = set.find((one) => isSame(one, key));
      return {
        ...key,
        name: own?.name ?? account,
        from: own === undefined ? "environment" : "page",
        state: index === 0 && vendors.length > 0 ? "first" : index < vendors.length ? "listed" : "off",
        open: openAt(inUse, key),
      };
    }),
  );
  const missing = inUse.flatMap((one): readonly VendorAccountView[] =>
    one.open === 0 || listed.some((each) => isSame(each, one))
      ? []
      : [{ ...one, name: one.account, from: "environment", state: "missing" }],
  );
  return [...listed, ...missing];
}
