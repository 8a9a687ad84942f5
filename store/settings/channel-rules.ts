/** The rules of a channel that people may change: columns of its row. */
import type { ChannelRules } from "../../contract/settings.ts";
import type { Queryable } from "../sql/database.ts";
import { settingVersion } from "./setting-changes.ts";

export const channelSubject = (channelId: string): string => `channel:${channelId}`;

/** What can be changed of a channel, and what decides which changes make sense. */
export type StoredChannel = { readonly kind: string; readonly rules: ChannelRules };

const RULES = `jsonb_build_object('name', name, 'active', active, 'chargedBy', charged_by, 'payOnDelivery', pay_on_delivery, 'onShortage', on_shortage,
  'allocation', allocation, 'shortRest', short_rest, 'shopperChangesMinutes', shopper_changes_minutes,
  'combineMinutes', combine_minutes, 'stockPool', stock_pool, 'stockBuffer', stock_buffer, 'allowSubstitutes', allow_substitutes) as rules`;

/** @returns undefined where there is no such channel */
export async function readChannelRules(
  client: Queryable,
  channelId: string,
): Promise<StoredChannel | undefined> {
  const { rows } = await client.query<StoredChannel>(`select kind, ${RULES} from channel where id = $1`, [
    channelId,
  ]);
  return rows[0];
}

export async function writeChannelRules(
  client: Queryable,
  channelId: string,
  rules: ChannelRules,
): Promise<void> {
  await client.query(
    `update channel set active = $2, charged_by = $3, on_shortage = $4, allocation = $5, short_rest = $6,
       shopper_changes_minutes = $7, combine_minutes = $8, stock_pool = $9, allow_substitutes = $10, name = $11, pay_on_delivery = $12,
       stock_buffer = $13
     where id = $1`,
    [
      channelId,
      rules.active,
      rules.chargedBy,
      rules.onShortage,
      rules.allocation,
      rules.shortRest,
      rules.shopperChangesMinutes,
      rules.combineMinutes,
      rules.stockPool,
      rules.allowSubstitutes,
      rules.name,
      rules.payOnDelivery,
      rules.stockBuffer,
    ],
  );
}

/** @returns null where there is no such channel */
export async function findChannelSettings(client: Queryable, channelId: string) {
  const stored = await readChannelRules(client, channelId);
  if (stored === undefined) return null;
  const version = await settingVersion(client, channelSubject(channelId));
  return { ...stored.rules, channel: channelId, version };
}
