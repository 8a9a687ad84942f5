/**
 * The company and its channels, as they are set up.
 *
 * A database holds one company at most, and the table itself refuses a second one (ADR 0050). So no query has
 * to keep companies apart: what names a company beside other conditions finds what it finds without.
 */
import type { Queryable } from "../sql/database.ts";

type NewCompany = {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  /** IANA name; absent: UTC. */
  readonly timeZone?: string;
};

export async function insertCompany(client: Queryable, company: NewCompany): Promise<void> {
  await client.query("insert into company (id, name, currency, time_zone) values ($1, $2, $3, $4)", [
    company.id,
    company.name,
    company.currency,
    company.timeZone ?? "UTC",
  ]);
}

type Company = Required<NewCompany> & {
  /** Of GS1; null: it has none. */
  readonly gs1Prefix: string | null;
};

export async function readCompany(client: Queryable, id: string): Promise<Company | null> {
  const { rows } = await client.query<Company>(
    'select id, name, currency, time_zone as "timeZone", gs1_prefix as "gs1Prefix" from company where id = $1',
    [id],
  );
  return rows[0] ?? null;
}

export async function updateCompany(client: Queryable, id: string, next: Omit<Company, "id">): Promise<void> {
  await client.query(
    "update company set name = $2, currency = $3, time_zone = $4, gs1_prefix = $5 where id = $1",
    [id, next.name, next.currency, next.timeZone, next.gs1Prefix],
  );
}

/** By which servers that several companies share tell this one from the others. */
export type CompanyIdentity = { readonly identity: string; readonly name: string };

/** @returns null where nobody has set the system up */
export async function readCompanyIdentity(client: Queryable): Promise<CompanyIdentity | null> {
  const { rows } = await client.query<CompanyIdentity>("select identity, name from company");
  return rows[0] ?? null;
}

/** Whether something of the company has a price or an amount already. */
export async function hasAmounts(client: Queryable, id: string): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>(
    `select exists (select from product where company_id = $1)
         or exists (select from orders where company_id = $1) as has`,
    [id],
  );
  return rows[0]?.has ?? false;
}

/** Until this transaction ends, nobody else makes a company. */
export async function lockCompanies(client: Queryable): Promise<void> {
  await client.query("lock table company in share row exclusive mode");
}

/** Whether the company has such a channel, switched on or off. */
export async function hasChannel(client: Queryable, companyId: string, id: string): Promise<boolean> {
  const { rowCount } = await client.query("select from channel where company_id = $1 and id = $2", [
    companyId,
    id,
  ]);
  return rowCount === 1;
}

/** @returns undefined where nobody has set the system up */
export async function companyId(client: Queryable): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>("select id from company");
  return rows[0]?.id;
}

/** ISO 4217. */
export async function companyCurrency(client: Queryable, companyId: string): Promise<string> {
  const { rows } = await client.query<{ currency: string }>("select currency from company where id = $1", [
    companyId,
  ]);
  const [company] = rows;
  if (company === undefined) throw new Error(`there is no company ${companyId}`);
  return company.currency;
}

type NewChannel = {
  readonly id: string;
  readonly companyId: string;
  readonly name: string;
  /** Which adapter reads its orders. */
  readonly kind: string;
  readonly onShortage: "hold" | "refuse";
  readonly chargedBy: "channel" | "merchant" | "order";
  /** Default false. */
  readonly payOnDelivery?: boolean;
};

/** Adds a channel; its further rules are the usual ones, and it has no webhook secret yet. */
export async function insertChannel(client: Queryable, channel: NewChannel): Promise<void> {
  await client.query(
    `insert into channel (id, company_id, name, kind, on_shortage, charged_by, pay_on_delivery)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      channel.id,
      channel.companyId,
      channel.name,
      channel.kind,
      channel.onShortage,
      channel.chargedBy,
      channel.payOnDelivery ?? false,
    ],
  );
}
