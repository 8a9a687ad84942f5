/**
 * What a channel's rules say of a request to return something. Pure.
 *
 * The strictest answer counts: what must not come back is declined, whatever else speaks for it; then what a
 * person has to look at; then what is not worth sending back.
 */
import { decimalText } from "../money.ts";
import { RETURN_METHODS, type ReturnMethod, type ReturnReason } from "../return-authorization.ts";
import { matchesSku } from "../sku-pattern.ts";

export const REASON_ANSWERS = ["approve", "ask", "decline"] as const;

export type ReturnRules = {
  /** Days after the last delivery in which a return may be announced. */
  readonly windowDays: number;
  /** Days after which goods that have not come are no longer awaited. */
  readonly waitDays: number;
  /** SKUs that are not taken back; `*` stands for any characters, so that a range of SKUs is a category. */
  readonly notReturnable: readonly string[];
  /** What a reason leads to; one that is not named is approved. */
  readonly reasons: { readonly [Reason in ReturnReason]?: (typeof REASON_ANSWERS)[number] };
  /** By currency, in minor units: what is worth more is for a person to decide. */
  readonly askAboveMinor: Readonly<Record<string, number>>;
  /** By currency, in minor units: what is worth no more is refunded and not sent back. */
  readonly keepUpToMinor: Readonly<Record<string, number>>;
  /**
   * Returns of one customer within a year, this one included, from which on a person decides; null: never.
   */
  readonly askFromReturns: number | null;
  /** What a shopper may choose from. */
  readonly methods: readonly ReturnMethod[];
  /** Whether a shopper may choose store credit instead of the refund. */
  readonly offerStoreCredit: boolean;
  /** What comes on top of store credit, in whole percent of it. */
  readonly storeCreditBonusPercent: number;
};

export const DEFAULT_RETURN_RULES: ReturnRules = {
  windowDays: 30,
  waitDays: 60,
  notReturnable: [],
  reasons: {},
  askAboveMinor: { USD: 100_000, EUR: 100_000, GBP: 100_000 },
  keepUpToMinor: {},
  askFromReturns: null,
  methods: RETURN_METHODS.filter((method) => method !== "none"),
  offerStoreCredit: true,
  storeCreditBonusPercent: 0,
};

export type ReturnFacts = {
  readonly requestedAtMs: number;
  /** Of the last parcel; null where nothing was delivered yet. */
  readonly deliveredAtMs: number | null;
  readonly reason: ReturnReason;
  readonly skus: readonly string[];
  /** What the announced units are worth. */
  readonly valueMinor: number;
  readonly currency: string;
  readonly exponent: number;
  /** The customer's returns within a year, this one included. */
  readonly returnsOfCustomer: number;
};

export type ReturnDecision = {
  readonly status: "approved" | "declined" | "asked" | "kept";
  /** For staff and shopper. */
  readonly detail: string;
};

const DAY_MS = 86_400_000;

export function decideReturnRequest(rules: ReturnRules, facts: ReturnFacts): ReturnDecision {
  const declined = whyDeclined(rules, facts);
  if (declined !== null) return { status: "declined", detail: declined };
  const asked = whyAsked(rules, facts);
  if (asked !== null) return { status: "asked", detail: asked };
  const keepUpTo = rules.keepUpToMinor[facts.currency];
  if (keepUpTo !== undefined && facts.valueMinor <= keepUpTo)
    return { status: "kept", detail: `Worth ${valueText(facts)}: refunded, and not sent back.` };
  return { status: "approved", detail: "Announced in time." };
}

function whyDeclined(rules: ReturnRules, facts: ReturnFacts): string | null {
  if (facts.deliveredAtMs === null) return "Nothing of the order was delivered yet.";
  if (facts.requestedAtMs - facts.deliveredAtMs > rules.windowDays * DAY_MS)
    return `Announced more than ${rules.windowDays} days after the delivery.`;
  const excluded = facts.skus.find((sku) => rules.notReturnable.some((pattern) => matchesSku(sku, pattern)));
  if (excluded !== undefined) return `${excluded} cannot be returned.`;
  if (answerTo(rules, facts.reason) === "decline")
    return `Returns for the reason "${facts.reason.replaceAll("_", " ")}" are not taken.`;
  return null;
}

function whyAsked(rules: ReturnRules, facts: ReturnFacts): string | null {
  const askAbove = rules.askAboveMinor[facts.currency];
  if (askAbove !== undefined && facts.valueMinor > askAbove) return `It is worth ${valueText(facts)}.`;
  if (rules.askFromReturns !== null && facts.returnsOfCustomer >= rules.askFromReturns)
    return `It is the customer's return number ${facts.returnsOfCustomer} within a year.`;
  if (answerTo(rules, facts.reason) === "ask") return `The reason is "${facts.reason.replaceAll("_", " ")}".`;
  return null;
}

function answerTo(rules: ReturnRules, reason: ReturnReason) {
  return rules.reasons[reason] ?? "approve";
}

function valueText({ valueMinor, currency, exponent }: ReturnFacts): string {
  return `${decimalText({ minor: valueMinor, currency, exponent })} ${currency}`;
}

/** A channel's rules: what it leaves out is as by default. */
export function returnRules(own: Partial<ReturnRules>): ReturnRules {
  return { ...DEFAULT_RETURN_RULES, ...own };
}
