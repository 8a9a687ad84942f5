/**
 * By which of a channel's orders a person looks first: they wait under the hold `held_by_rule`. Pure.
 *
 * A rule looks at an order when it comes, and again whenever what it looks at changes. What a person has let
 * go does not wait for it again as long as that is as it was: a total that is no higher, no more units of the
 * SKU, the same country, the same note.
 */
import { chargeableMinor, decimalText } from "../money.ts";
import type { HoldReason, OrderDocument } from "../order.ts";
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
  /** The company's own reason under which they wait, by its code. */
  readonly ownReason: string | null;
};

/** A channel's rules: what it leaves out holds nothing. */
export function holdRules(own: Partial<HoldRules>): HoldRules {
  return { aboveMinor: {}, skus: [], countries: [], notes: false, ownReason: null, ...own };
}

/** The hold of what was found, under the company's own reason where the rules name one. */
export function ruleHold({ ownReason }: HoldRules, detail: string): HoldReason {
  return { code: "held_by_rule", detail, ...(ownReason === null ? {} : { ownReason }) };
}

/** What rules look at. */
export type Looked = Pick<OrderDocument, "currency" | "total" | "lines" | "shippingAddress" | "note">;

/** Something of an order that a rule holds it for. */
type Finding = {
  /** What the rule looks at: the total, a SKU, the country, the note. */
  readonly of: string;
  /** Findings of one thing: more of it, or something else, is looked at anew. */
  readonly value: number | string;
  readonly reason: string;
};

/** Why a person is to look at the order, every reason in a sentence; `null`: nobody needs to. */
export function whyHeldByRule(rules: HoldRules, order: Looked): string | null {
  return inWords(findings(rules, order));
}

/**
 * Why a person is to look at an order that has changed; `null`: no rule finds anything that it did not find
 * before.
 *
 * @param isHeld whether it still waits for such a look: then that look is at everything
 */
export function whyHeldNow(rules: HoldRules, before: Looked, after: Looked, isHeld: boolean): string | null {
  const known = new Map(findings(rules, before).map(({ of, value }) => [of, value]));
  const all = findings(rules, after);
  const fresh = all.filter(({ of, value }) => isNew(value, known.get(of)));
  return fresh.length > 0 && isHeld ? inWords(all) : inWords(fresh);
}

function isNew(value: Finding["value"], known: Finding["value"] | undefined): boolean {
  return typeof value === "number" && typeof known === "number" ? value > known : value !== known;
}

function inWords(found: readonly Finding[]): string | null {
  return found.length === 0 ? null : found.map(({ reason }) => reason).join(" ");
}

function findings(rules: HoldRules, order: Looked): readonly Finding[] {
  const note = (order.note ?? "").trim();
  return [
    ...ofTotal(rules, order),
    ...ofSkus(rules, order),
    ...countryOf(rules, order).map((country) => ({
      of: "country",
      value: country,
      reason: `It goes to ${country}.`,
    })),
    ...(rules.notes && note !== "" ? [{ of: "note", value: note, reason: "It bears a note." }] : []),
  ];
}

function ofTotal({ aboveMinor }: HoldRules, { currency, total }: Looked): readonly Finding[] {
  const above = aboveMinor[currency];
  const value = chargeableMinor(total);
  if (above === undefined || value <= above) return [];
  return [{ of: "total", value, reason: `It costs ${decimalText(total)} ${currency}.` }];
}

function ofSkus({ skus }: HoldRules, { lines }: Looked): readonly Finding[] {
  const sold = new Map<string, number>();
  for (const { sku, channelSku, quantity } of lines) {
    const name = sku ?? channelSku;
    sold.set(name, (sold.get(name) ?? 0) + quantity);
  }
  return [...sold]
    .filter(([sku]) => skus.some((pattern) => matchesSku(sku, pattern)))
    .map(([sku, value]) => ({ of: `sku ${sku}`, value, reason: `${sku} is only sent after a look.` }));
}

function countryOf({ countries }: HoldRules, { shippingAddress }: Looked): readonly string[] {
  return countries.filter((country) => country === shippingAddress?.country);
}
