/** Companies and their channels, as they are set up. */
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

type Company = Required<NewCompany>;

export async function readCompany(client: Queryable, id: string): Promise<Company | null> {
  const { rows } = await client.query<Company>(
    'select id, name, currency, time_zone as "timeZone" from company where id = $1',
    [id],
  );
  return rows[0] ?? null;
}

export async function updateCompany(client: Queryable, id: string, next: Omit<Company, "id">): Promise<void> {
  await client.query("update company set name = $2, currency = $3, time_zone = $4 where id = $1", [
    id,
    next.name,
    next.currency,
    next.timeZone,
  ]);
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

export async function companyIds(client: Queryable): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>("select id from company order by id");
  return rows.map((row) => row.id);
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
