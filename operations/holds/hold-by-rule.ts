/**
 * Asks a channel's hold rules about an order that changes, and holds it in the commit that changes it: the
 * same hold as at capture, with every reason in one sentence.
 */
import { holdRules, type Looked, ruleHold, whyHeldNow } from "../../orders/incoming/hold-rules.ts";
import type { HoldReason, OrderDocument } from "../../orders/order.ts";
import { readHoldRules } from "../../store/settings/hold-rules.ts";
import type { Queryable } from "../../store/sql/database.ts";

type Mapped = readonly { readonly lineId: string; readonly sku: string | null }[];

/** What rules look at, with the SKUs that lines were mapped to since. */
export function lookedAt(document: OrderDocument, mapped: Mapped): Looked {
  const lines = document.lines.map((line) => ({
    ...line,
    sku: line.sku ?? mapped.find(({ lineId }) => lineId === line.lineId)?.sku ?? null,
  }));
  return { ...document, lines };
}

/** The hold that a change makes necessary; `null`: none that was not there before. */
export async function heldByRule(
  client: Queryable,
  order: { readonly channelId: string; readonly holdReasons: readonly HoldReason[] },
  before: Looked,
  after: Looked,
): Promise<HoldReason | null> {
  const rules = (await readHoldRules(client, order.channelId)) ?? holdRules({});
  const isHeld = order.holdReasons.some(isByRule);
  const detail = whyHeldNow(rules, before, after, isHeld);
  return detail === null ? null : ruleHold(rules, detail);
}

export function isByRule({ code }: HoldReason): boolean {
  return code === "held_by_rule";
}
