/**
 * The rules by which sourcing compares two ways to serve an order.
 *
 * A rule list is lexicographic: the first step on which two plans differ decides. A step is one rule, or
 * several rules weighed against each other. Every rule gives a plan a number, never below zero, and less is
 * better:
 *
 * | rule           | number of a plan                                                                   |
 * |----------------|------------------------------------------------------------------------------------|
 * | fewest_parcels | locations that ship (one parcel each)                                              |
 * | priority       | sum of the shipping locations' priority numbers                                    |
 * | border         | parcels that cross a border                                                        |
 * | distance       | kilometers, summed over parcels                                                    |
 * | cost           | minor units of the company's currency: per parcel, per unit and for the way        |
 * | promise_date   | days until the last parcel arrives                                                 |
 * | capacity       | per mille of the locations' open capacity of that day, one parcel each             |
 * | stock          | per mille of the stock there that the order takes, over units: spares thin shelves |
 * | custom         | the locations' own number of that name, summed over parcels                        |
 */
export const SOURCING_RULES = [
  "fewest_parcels",
  "priority",
  "border",
  "distance",
  "cost",
  "promise_date",
  "capacity",
  "stock",
  "custom",
] as const;

type SourcingRuleName = (typeof SOURCING_RULES)[number];

type SourcingRule =
  | { readonly rule: Exclude<SourcingRuleName, "custom"> }
  | {
      readonly rule: "custom";
      /** Name of the number that locations carry (`attributes`); a location without it counts as 0. */
      readonly attribute: string;
      /** `high`: what a location falls short of the best candidate counts. */
      readonly prefer: "low" | "high";
    };

export type WeighedRule = SourcingRule & {
  /** How much one unit of the rule's number weighs among the rules of the step; more than 0. */
  readonly weight: number;
};

/** One step of the list: its rules are added up by weight. */
export type SourcingStep = readonly [WeighedRule, ...WeighedRule[]];

export type SourcingRuleList = readonly SourcingStep[];

/** As few parcels as can be; then the locations' order of preference, no border, and the shorter way. */
export const STANDARD_SOURCING_RULES: SourcingRuleList = [
  [{ rule: "fewest_parcels", weight: 1 }],
  [{ rule: "priority", weight: 1 }],
  [{ rule: "border", weight: 1 }],
  [{ rule: "distance", weight: 1 }],
];
