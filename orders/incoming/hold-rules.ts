/**
 * By which of a channel's new orders a person looks first: they wait under the hold `held_by_rule`. Pure.
 *
 * A rule looks at an order once, when it comes; what a person has let go does not wait for it again.
 */
import { chargeableMinor, decimalText } from "../money.ts";
import type { OrderDocument } from "../order.ts";
import { matchesSku } from "../sku-pattern.ts";

export type HoldRules = {
  /** By currency, in minor units: what costs more. */
  readonly aboveMinor: Readonly<Record<string, number>>;
  /** What sells one of these; `*` stands for any characters. */
  readonly skus: readonly string[];
  /** ISO 3166-1 alpha-2: what goes there. */
  readonly countries: readonly string[];
  /** What bears a note of the customer. */
  readonly notes: boolean;
};

/** A channel's rules: what it leaves out holds nothing. */
export function holdRules(own: Partial<HoldRules>): HoldRules {
  return { aboveMinor: {}, skus: [], countries: [], notes: false, ...own };
}

type Looked = Pick<OrderDocument, "currency" | "total" | "lines" | "shippingAddress" | "note">;

/** Why a person is to look at the order, every reason in a sentence; `null`: nobody needs to. */
export function whyHeldByRule(rules: HoldRules, order: Looked): string | null {
  const reasons = [
    whyDear(rules, order),
    ...whichSkus(rules, order).map((sku) => `${sku} is only sent after a look.`),
    ...countryOf(rules, order).map((country) => `It goes to ${country}.`),
    ...(rules.notes && (order.note ?? "").trim() !== "" ? ["It bears a note."] : []),
  ].filter((reason) => reason !== null);
  return reasons.length === 0 ? null : reasons.join(" ");
}

function whyDear({ aboveMinor }: HoldRules, { currency, total }: Looked): string | null {
  const above = aboveMinor[currency];
  if (above === undefined || chargeableMinor(total) <= above) return null;
  return `It costs ${decimalText(total)} ${currency}.`;
}

function whichSkus({ skus }: HoldRules, { lines }: Looked): readonly string[] {
  const sold = new Set(lines.flatMap(({ sku, channelSku }) => sku ?? channelSku));
  return [...sold].filter((sku) => skus.some((pattern) => matchesSku(sku, pattern)));
}

function countryOf({ countries }: HoldRules, { shippingAddress }: Looked): readonly string[] {
  return countries.filter((country) => country === shippingAddress?.country);
}
