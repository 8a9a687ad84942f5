/**
 * Accounts at vendors: those that people have set, their secrets sealed; and how much business is still open
 * at each that there is or was.
 */
import type { SecretBox } from "../../config/secret-box.ts";
import type { StoredAccount, VendorKindName } from "../../ports/vendor-desk.ts";
import type { Queryable } from "../sql/database.ts";

export type AccountKey = {
  readonly kind: VendorKindName;
  readonly provider: string;
  readonly account: string;
};

/** An account as it is set, secrets in clear text. */
export type VendorAccountRow = AccountKey & {
  readonly companyId: string;
  readonly name: string;
  readonly active: boolean;
  readonly place: number;
  readonly services: readonly string[] | null;
  /** What is no secret. */
  readonly plain: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly former: { readonly secret: string; readonly until: Date } | null;
};

type SealedRow = AccountKey & {
  readonly companyId: string;
  readonly name: string;
  readonly active: boolean;
  readonly place: number;
  readonly services: readonly string[] | null;
  readonly plain: Readonly<Record<string, string>>;
  readonly sealed: string | null;
  readonly formerSealed: string | null;
  readonly formerUntil: Date | null;
};

const COLUMNS = `kind, provider, account, company_id as "companyId", name, active, place, services,
  settings as plain, sealed, former_webhook_secret as "formerSealed", former_until as "formerUntil"`;

export const vendorAccountSubject = ({ kind, provider, account }: AccountKey): string =>
  `vendor-account:${kind}:${provider}:${account}`;

const purposeOf = ({ kind, provider, account }: AccountKey): string =>
  `secrets of the account ${kind}/${provider}/${account}`;
const formerPurposeOf = (key: AccountKey): string => `former webhook secret, ${purposeOf(key)}`;

function opened(box: SecretBox, row: SealedRow): VendorAccountRow {
  const { sealed, formerSealed, formerUntil, ...rest } = row;
  return {
    ...rest,
    secrets: sealed === null ? {} : (JSON.parse(box.open(sealed, purposeOf(row))) as Record<string, string>),
    former:
      formerSealed === null || formerUntil === null
        ? null
        : { secret: box.open(formerSealed, formerPurposeOf(row)), until: formerUntil },
  };
}

/** Every account that people have set, in the order in which those of a kind are used. */
export async function readVendorAccounts(
  client: Queryable,
  box: SecretBox,
): Promise<readonly VendorAccountRow[]> {
  const { rows } = await client.query<SealedRow>(
    `select ${COLUMNS} from vendor_account order by kind, place, created_at, provider, account`,
  );
  return rows.map((row) => opened(box, row));
}

/** As those who make the accounts work take them. */
export async function readStoredAccounts(
  client: Queryable,
  box: SecretBox,
): Promise<readonly StoredAccount[]> {
  const rows = await readVendorAccounts(client, box);
  return rows.map(({ kind, provider, account, active, services, plain, secrets, former }) => ({
    kind,
    provider,
    account,
    active,
    services,
    values: { ...plain, ...secrets },
    former,
  }));
}

/** @returns null where nobody has set it */
export async function readVendorAccount(
  client: Queryable,
  box: SecretBox,
  { kind, provider, account }: AccountKey,
): Promise<VendorAccountRow | null> {
  const { rows } = await client.query<SealedRow>(
    `select ${COLUMNS} from vendor_account where kind = $1 and provider = $2 and account = $3`,
    [kind, provider, account],
  );
  const [row] = rows;
  return row === undefined ? null : opened(box, row);
}

export async function writeVendorAccount(
  client: Queryable,
  box: SecretBox,
  row: VendorAccountRow,
): Promise<void> {
  const { kind, provider, account, companyId, name, active, place, services, plain, secrets, former } = row;
  const isSecret = Object.keys(secrets).length > 0;
  await client.query(
    `insert into vendor_account (kind, provider, account, company_id, name, active, place, services, settings, sealed,
                                 former_webhook_secret, former_until)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (kind, provider, account) do update
       set name = excluded.name, active = excluded.active, place = excluded.place, services = excluded.services,
           settings = excluded.settings, sealed = excluded.sealed,
           former_webhook_secret = excluded.former_webhook_secret, former_until = excluded.former_until`,
    [
      kind,
      provider,
      account,
      companyId,
      name,
      active,
      place,
      services,
      JSON.stringify(plain),
      isSecret ? box.seal(JSON.stringify(secrets), purposeOf(row)) : null,
      former === null ? null : box.seal(former.secret, formerPurposeOf(row)),
      former === null ? null : former.until,
    ],
  );
}

export async function removeVendorAccount(client: Queryable, key: AccountKey): Promise<void> {
  await client.query("delete from vendor_account where kind = $1 and provider = $2 and account = $3", [
    key.kind,
    key.provider,
    key.account,
  ]);
}

/**
 * Seals anew what is sealed under a key that is to go. Each is opened, also those that stay.
 *
 * @returns how many were sealed
 * @throws SealedSecretError where one cannot be opened
 */
export async function sealVendorAccounts(client: Queryable, box: SecretBox): Promise<number> {
  const { rows } = await client.query<SealedRow>(`select ${COLUMNS} from vendor_account`);
  let sealed = 0;
  for (const row of rows) {
    const account = opened(box, row);
    const isCurrent = [row.sealed, row.formerSealed].every((text) => text === null || box.isCurrent(text));
    if (isCurrent) continue;
    await writeVendorAccount(client, box, account);
    sealed += 1;
  }
  return sealed;
}

export type AccountInUse = {
  readonly kind: "payments" | "carriers";
  readonly provider: string;
  readonly account: string;
  /** Authorisations that can still be captured; parcels that have not arrived. */
  readonly open: number;
};

/** Every account at which a payment or a parcel began, ended or not. */
export async function accountsInUse(client: Queryable): Promise<readonly AccountInUse[]> {
  const { rows } = await client.query<AccountInUse>(
    `select 'payments' as kind, provider, account, (count(*) filter (where state = 'open'))::integer as open
       from payment_authorization group by provider, account
     union all
     select 'carriers', carrier_provider, carrier_account,
            (count(*) filter (where delivered_at is null and tracking_status not in ('return_to_sender', 'failure')))::integer
       from shipment group by carrier_provider, carrier_account`,
  );
  return rows;
}

const USED_AT: Readonly<Record<VendorKindName, string | null>> = {
  payments: `select exists (select from payment_authorization where provider = $1 and account = $2)
                 or exists (select from payment_transaction where provider = $1 and account = $2) as used`,
  carriers: `select exists (select from shipment where carrier_provider = $1 and carrier_account = $2)
                 or exists (select from label_purchase where carrier_provider = $1 and carrier_account = $2) as used`,
  notifications: null,
};

/** Whether anything has ever begun at an account, also a call of which nobody knows yet how it ended. */
export async function isAccountUsed(
  client: Queryable,
  { kind, provider, account }: AccountKey,
): Promise<boolean> {
  const used = USED_AT[kind];
  if (used === null) return false;
  const { rows } = await client.query<{ used: boolean }>(used, [provider, account]);
  return rows[0]?.used === true;
}
