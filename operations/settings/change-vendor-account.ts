/**
 * Accounts at payment providers, carriers and mail servers: made, changed, given new webhook secrets,
 * removed. Before one is saved the vendor is asked whether it knows us; what changes counts in every process.
 *
 * Secrets go in and never come out: what is kept of a change says that a secret was changed, not which.
 */
import { randomBytes } from "node:crypto";
import type { SecretBox } from "../../config/secret-box.ts";
import { isSecret } from "../../config/vendor-settings.ts";
import type {
  ChangeVendorAccountBody,
  CreateVendorAccountBody,
  RotateVendorSecretBody,
} from "../../contract/settings/vendor-accounts.ts";
import type { SetAccount, VendorDesk } from "../../ports/vendor-desk.ts";
import {
  type AccountKey,
  isAccountUsed,
  readVendorAccount,
  removeVendorAccount,
  type VendorAccountRow,
  vendorAccountSubject,
  writeVendorAccount,
} from "../../store/settings/vendor-accounts.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

const HOUR_MS = 3_600_000;
const USUAL_OVERLAP_HOURS = 24;

/** What makes accounts work, and what seals their secrets. */
export type VendorTools = { readonly desk: VendorDesk; readonly box: SecretBox };

type Fields = Readonly<Record<string, unknown>>;

export async function createVendorAccount(
  context: OperationContext,
  tools: VendorTools,
  request: { readonly body: CreateVendorAccountBody; readonly companyId: string; readonly by: string },
): Promise<SettingChanged | Refusal> {
  const {
    kind,
    provider,
    account,
    name = account,
    values,
    place = 0,
    services = null,
    untried,
  } = request.body;
  const key: AccountKey = { kind, provider, account };
  const row: VendorAccountRow = {
    ...key,
    companyId: request.companyId,
    name,
    active: true,
    place,
    services,
    ...parted(tools.desk, key, values),
    former: null,
  };
  const refusal = await refusedValues(tools.desk, row, untried === true);
  if (refusal !== null) return refusal;
  return told(tools, () =>
    changeSetting<Fields>(context, {
      subject: vendorAccountSubject(key),
      version: null,
      by: request.by,
      read: async (client) =>
        (await readVendorAccount(client, tools.box, key)) === null
          ? {}
          : refuse("vendor_account_exists", `There is an account "${account}" at ${provider} already.`),
      next: () => fieldsOf(row, null, context.now()),
      write: (client) => writeVendorAccount(client, tools.box, row),
    }),
  );
}

export async function changeVendorAccount(
  context: OperationContext,
  tools: VendorTools,
  key: AccountKey,
  request: { readonly body: ChangeVendorAccountBody; readonly by: string },
): Promise<SettingChanged | Refusal> {
  const { version, untried, values, ...rest } = request.body;
  const change = (now: VendorAccountRow): VendorAccountRow => {
    const given = parted(tools.desk, key, values ?? {});
    return {
      ...now,
      ...definedOf(rest),
      plain: withoutEmpty({ ...now.plain, ...given.plain }),
      secrets: withoutEmpty({ ...now.secrets, ...given.secrets }),
    };
  };
  const seen = await readVendorAccount(context.database, tools.box, key);
  if (seen === null) return missing(key);
  if (values !== undefined) {
    const refusal = await refusedValues(tools.desk, change(seen), untried === true);
    if (refusal !== null) return refusal;
  }
  return told(tools, () => writeChange(context, tools, key, { version, by: request.by, change }));
}

/**
 * From now on the vendor may sign its webhooks with another secret; the one before counts for the overlap.
 */
export async function rotateVendorSecret(
  context: OperationContext,
  tools: VendorTools,
  key: AccountKey,
  request: { readonly body: RotateVendorSecretBody; readonly by: string },
): Promise<(SettingChanged & { readonly secret: string | null }) | Refusal> {
  const name = tools.desk.webhookSecretOf(key.provider, key.kind);
  if (name === null) return refuse("vendor_account_invalid", `${key.provider} sends no webhooks.`);
  const { secret: given, overlapHours = USUAL_OVERLAP_HOURS } = request.body;
  const secret = given ?? `whsec_${randomBytes(32).toString("base64")}`;
  const until = new Date(context.now() + overlapHours * HOUR_MS);
  const changed = await told(tools, () =>
    writeChange(context, tools, key, {
      version: null,
      by: request.by,
      change: (now) => {
        const before = now.secrets[name];
        return {
          ...now,
          secrets: { ...now.secrets, [name]: secret },
          former: before === undefined || overlapHours === 0 ? null : { secret: before, until },
        };
      },
    }),
  );
  return changed.status === "refused" ? changed : { ...changed, secret: given === undefined ? secret : null };
}

/** Removes an account at which nothing has ever begun; others are switched off. */
export async function removeAccount(
  context: OperationContext,
  tools: VendorTools,
  key: AccountKey,
  request: { readonly by: string },
): Promise<SettingChanged | Refusal> {
  return told(tools, () =>
    changeSetting<Fields>(context, {
      subject: vendorAccountSubject(key),
      version: null,
      by: request.by,
      read: async (client) => {
        const now = await readVendorAccount(client, tools.box, key);
        if (now === null) return missing(key);
        return (await isAccountUsed(client, key))
          ? refuse(
              "vendor_account_in_use",
              `Payments or parcels began at the account "${key.account}": it is needed to bring them to an end. Switch it off.`,
            )
          : { name: now.name, removed: false };
      },
      next: (now) => ({ ...now, removed: true }),
      write: (client) => removeVendorAccount(client, key),
    }),
  );
}

async function writeChange(
  context: OperationContext,
  { box }: VendorTools,
  key: AccountKey,
  request: {
    readonly version: number | null;
    readonly by: string;
    readonly change: (now: VendorAccountRow) => VendorAccountRow;
  },
): Promise<SettingChanged | Refusal> {
  let rows: { readonly now: VendorAccountRow; readonly next: VendorAccountRow } | null = null;
  return changeSetting<Fields>(context, {
    subject: vendorAccountSubject(key),
    version: request.version,
    by: request.by,
    read: async (client) => {
      const now = await readVendorAccount(client, box, key);
      if (now === null) return missing(key);
      rows = { now, next: request.change(now) };
      return fieldsOf(now, now, context.now());
    },
    next: (fields) => (rows === null ? fields : fieldsOf(rows.next, rows.now, context.now())),
    write: async (client) => {
      if (rows !== null) await writeVendorAccount(client, box, rows.next);
    },
  });
}

/**
 * What is kept of an account in its history: of a secret only that it is set, and when it became another one.
 */
function fieldsOf(row: VendorAccountRow, before: VendorAccountRow | null, nowMs: number): Fields {
  const { name, active, place, services, plain, secrets, former } = row;
  const at = new Date(nowMs).toISOString();
  return {
    name,
    active,
    place,
    services,
    ...plain,
    ...Object.fromEntries(
      Object.entries(secrets).map(([secret, value]) => [
        secret,
        before?.secrets[secret] === value ? "set" : `set ${at}`,
      ]),
    ),
    formerSecretsUntil: former === null ? null : former.until.toISOString(),
  };
}

/** The vendor's settings, by whether they are secret. */
function parted(
  desk: VendorDesk,
  { kind, provider }: AccountKey,
  values: Readonly<Record<string, string>>,
): Pick<VendorAccountRow, "plain" | "secrets"> {
  const declared = desk.kinds
    .find((each) => each.kind === kind)
    ?.vendors.find((vendor) => vendor.provider === provider);
  const isHidden = (name: string): boolean => {
    const variable = declared?.variables.find((each) => each.name === name);
    // What the vendor does not know is refused later, and shown nowhere until then.
    return variable === undefined || isSecret(variable);
  };
  const entries = Object.entries(values);
  return {
    plain: Object.fromEntries(entries.filter(([name]) => !isHidden(name))),
    secrets: Object.fromEntries(entries.filter(([name]) => isHidden(name))),
  };
}

async function refusedValues(
  desk: VendorDesk,
  row: VendorAccountRow,
  isUntried: boolean,
): Promise<Refusal | null> {
  const account = asSet(row);
  const problems = desk.problemsOf(account);
  if (problems.length > 0)
    return refuse(
      "vendor_account_invalid",
      problems.map(({ name, problem }) => `${name} ${problem}.`).join(" "),
    );
  if (isUntried) return null;
  const { works, detail } = await desk.tryConnection(account);
  return works
    ? null
    : refuse("vendor_account_not_working", `${row.provider} was asked and did not let us in: ${detail}`);
}

/** @param values that are to be tried in the place of those that are set */
export async function tryVendorAccount(
  context: OperationContext,
  { desk, box }: VendorTools,
  key: AccountKey,
  values: Readonly<Record<string, string>>,
): Promise<{ readonly status: "done"; readonly works: boolean; readonly detail: string } | Refusal> {
  const row = await readVendorAccount(context.database, box, key);
  if (row === null) return missing(key);
  const account = { ...asSet(row), values: withoutEmpty({ ...asSet(row).values, ...values }) };
  const [first] = desk.problemsOf(account);
  if (first !== undefined) return { status: "done", works: false, detail: `${first.name} ${first.problem}.` };
  return { status: "done", ...(await desk.tryConnection(account)) };
}

function asSet({ kind, provider, account, plain, secrets }: VendorAccountRow): SetAccount {
  return { kind, provider, account, values: withoutEmpty({ ...plain, ...secrets }) };
}

/** This process works with the change before its caller is answered; others are told by the database. */
async function told(
  { desk }: VendorTools,
  change: () => Promise<SettingChanged | Refusal>,
): Promise<SettingChanged | Refusal> {
  const changed = await change();
  if (changed.status === "done") await desk.follow();
  return changed;
}

function missing({ kind, provider, account }: AccountKey): Refusal {
  return refuse(
    "vendor_account_not_found",
    `Nobody has set an account "${account}" at ${provider} (${kind}).`,
  );
}

/** An empty value takes away what was set. */
function withoutEmpty(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}

function definedOf<T extends object>(fields: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
