/**
 * After the measurement the books are held against each other: each order that a vendor has is here once, and
 * nothing else is; every shop shows what is left of what it sold, to the unit; and engine, movements and
 * orders agree.
 */
import { setTimeout as delay } from "node:timers/promises";
import { auditStock } from "../../cli/simulated-day/audit.ts";
import { orderIdOf } from "../../orders/order-identity.ts";
import type { ShopBook } from "./messages.ts";
import type { Stage } from "./stage.ts";

export type ChannelsAudit = {
  /** That the vendors have. */
  readonly orders: number;
  /** That they have and we do not. */
  readonly lost: number;
  /** That we have twice, or they not at all. */
  readonly doubled: number;
  readonly oversold: number;
  /** One sentence each; empty where all is well. */
  readonly findings: readonly string[];
};

const LOOK_MS = 500;
/** Of findings of one kind, so many are told one by one. */
const MOST_TOLD = 5;

/** @param withinMs how long what was refused or lost on the way may take to come by the next poll */
export async function auditChannels(stage: Stage, withinMs: number): Promise<ChannelsAudit> {
  const until = Date.now() + withinMs;
  for (;;) {
    const audit = await auditOnce(stage);
    if (audit.findings.length === 0 || Date.now() > until) return audit;
    await delay(LOOK_MS);
  }
}

async function auditOnce(stage: Stage): Promise<ChannelsAudit> {
  const shops = await stage.vendorsBooks();
  const theirs = new Set(
    shops.flatMap(({ channelId, orders }) =>
      orders.map(({ externalId }) => orderIdOf(channelId, externalId) ?? `${channelId} ${externalId}`),
    ),
  );
  const { rows } = await stage.database.query<{ id: string; times: number; units: number }>(
    `select o.id, count(*) over (partition by o.channel_id, o.external_id)::integer as times,
            (select coalesce(sum(l.ordered - l.cancelled), 0)::integer from order_line l where l.order_id = o.id) as units
       from orders o where o.channel_id = any($1)`,
    [shops.map(({ channelId }) => channelId)],
  );
  const ours = new Set(rows.map(({ id }) => id));
  const lost = [...theirs].filter((id) => !ours.has(id));
  const doubled = rows.filter(({ id, times }) => times > 1 || !theirs.has(id)).map(({ id }) => id);
  const wrong = rows.filter(({ units }) => units !== 1).map(({ id }) => id);
  const { before, now } = await stage.stockBooks();
  const stock = auditStock(before, now);
  return {
    orders: theirs.size,
    lost: lost.length,
    doubled: doubled.length,
    oversold: stock.oversold,
    findings: [
      ...some(lost, (id) => `${id} is at its vendor and not here.`),
      ...some(doubled, (id) => `${id} is here twice, or not at its vendor.`),
      ...some(wrong, (id) => `${id} has other units here than at its vendor.`),
      ...some(wrongLevels(shops, stage.shownBefore), (text) => text),
      ...some(stock.findings, (text) => text),
    ],
  };
}

/** Every unit that any shop has sold is one less at all of them. */
function wrongLevels(shops: readonly ShopBook[], before: ReadonlyMap<string, number>): readonly string[] {
  const sold = new Map<string, number>();
  for (const { orders } of shops)
    for (const { sku, units } of orders) sold.set(sku, (sold.get(sku) ?? 0) + units);
  return shops.flatMap(({ channelId, levels }) =>
    Object.entries(levels).flatMap(([sku, level]) => {
      const expected = (before.get(sku) ?? 0) - (sold.get(sku) ?? 0);
      return level === expected ? [] : [`${channelId} shows ${level} of ${sku}; there are ${expected}.`];
    }),
  );
}

function some<T>(all: readonly T[], text: (each: T) => string): readonly string[] {
  const told = all.slice(0, MOST_TOLD).map(text);
  return all.length > MOST_TOLD ? [...told, `… and ${all.length - MOST_TOLD} more such.`] : told;
}
