/** By which of a channel's new orders a person looks first: a column of its row. */
import { type HoldRules, holdRules } from "../../orders/incoming/hold-rules.ts";
import type { Queryable } from "../sql/database.ts";

export const holdRulesSubject = (channelId: string): string => `hold-rules:${channelId}`;

/** @returns undefined where there is no such channel */
export async function readHoldRules(client: Queryable, channelId: string): Promise<HoldRules | undefined> {
  const { rows } = await client.query<{ own: Partial<HoldRules> }>(
    "select hold_rules as own from channel where id = $1",
    [channelId],
  );
  return rows[0] && holdRules(rows[0].own);
}

export async function writeHoldRules(client: Queryable, channelId: string, rules: HoldRules): Promise<void> {
  await client.query("update channel set hold_rules = $2 where id = $1", [channelId, JSON.stringify(rules)]);
}
