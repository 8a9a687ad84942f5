/** Companies and their channels, as they are set up. */
import type { Queryable } from "../sql/database.ts";

type NewCompany = { readonly id: string; readonly name: string; readonly currency: string };

export async function insertCompany(client: Queryable, company: NewCompany): Promise<void> {
  await client.query("insert into company (id, name, currency) values ($1, $2, $3)", [
    company.id,
    company.name,
    company.currency,
  ]);
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
