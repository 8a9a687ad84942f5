/**
 * What TikTok Shop lets the seller begin of an order just now (Get Aftersale Eligibility, 202512): which units, and
 * for which reasons. Reasons differ by country and by where the parcel is, and a word for another is refused
 * (25001021, "Reason not match order status"), so that they are asked for and not known.
 *
 * Whether a unit is eligible is in `eligible` alone: TikTok's own example has a code of ineligibility beside `true`.
 */
import { at, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import type { Ask } from "./api.ts";

export type Eligibility = {
  /** Reasons by the ids of the units that are eligible. */
  readonly units: ReadonlyMap<string, readonly string[]>;
  /** Why the others are not, in TikTok's words; empty: it says nothing. */
  readonly problem: string;
};

/** @returns null: TikTok does not answer this for the shop @throws ServiceFault */
export async function askEligibility(
  ask: Ask,
  orderId: string,
  type: "CANCEL" | "REFUND",
): Promise<Eligibility | null> {
  const answer = await ask({
    path: `/return_refund/202512/orders/${encodeURIComponent(orderId)}/aftersale_eligibility`,
    query: { initiate_aftersale_user: "SELLER", request_types: type },
  });
  if (answer.status === "refused") return null;
  const entries = listAt(answer.data, "sku_eligibility")
    .flatMap((sku) => listAt(sku, "line_item_eligibility"))
    .filter((entry) => textAt(entry, "request_type") === type);
  const units = new Map<string, readonly string[]>();
  const problems = new Set<string>();
  for (const entry of entries) {
    if (textAt(entry, "eligible") !== "true") {
      problems.add(textAt(entry, "ineligible_reason"));
      continue;
    }
    const reasons = reasonsOf(entry);
    for (const id of textsAt(entry, "order_line_items_ids")) units.set(id, reasons);
  }
  return { units, problem: [...problems].filter((text) => text !== "").join("; ") };
}

/** A list by its description, one text in its example. */
function reasonsOf(entry: unknown): readonly string[] {
  const names = at(entry, "available_reason_names");
  const texts = Array.isArray(names)
    ? textsAt(entry, "available_reason_names")
    : [textAt(entry, "available_reason_names")];
  return texts.filter((text) => text !== "");
}

function textsAt(holder: unknown, name: string): readonly string[] {
  return listAt(holder, name).map((text) => textAt({ text }, "text"));
}

/**
 * The reason that comes nearest among those that all of the units allow.
 *
 * @param nearest the first that one of them has wins; where none has, the first of them is taken
 * @returns empty: there is no reason for all of them
 */
export function reasonFor(
  { units }: Eligibility,
  ids: readonly string[],
  nearest: readonly RegExp[],
): string {
  const [first = [], ...others] = ids.map((id) => units.get(id) ?? []);
  const common = first.filter((reason) => others.every((reasons) => reasons.includes(reason)));
  const found = nearest.map((pattern) => common.find((reason) => pattern.test(reason)) ?? "");
  return firstText(...found, common[0] ?? "");
}
