/**
 * The rules by which orders are sourced: a list of steps, of which the first that tells two plans apart
 * decides. What each rule counts is in `config/sourcing-rule.ts`.
 */
import Type from "typebox";
import { SOURCING_RULES } from "../config/sourcing-rule.ts";
import { Count, closed, oneOf, type Shape, Text, Time, Version } from "./shapes.ts";

const RULE = {
  rule: oneOf(SOURCING_RULES),
  /** Of a custom rule: the number that locations carry under this name. */
  attribute: Type.Optional(Text),
  prefer: Type.Optional(oneOf(["low", "high"])),
};

/** One rule, or several that are added up by weight; each step says why it is there. */
const SourcingStep = Type.Union([
  Type.Object({ reason: Text, ...RULE }),
  Type.Object({ reason: Text, weighted: Type.Array(Type.Object({ ...RULE, weight: Type.Number() })) }),
]);
export type SourcingStep = Shape<typeof SourcingStep>;

export const SourcingRulesView = Type.Object({
  version: Count,
  rules: Type.Array(SourcingStep),
  /** A member of staff by name, `api-key:<id>`, or `file`: what the first start found there. */
  setBy: Text,
  setAt: Time,
});
export type SourcingRulesView = Shape<typeof SourcingRulesView>;

/**
 * Steps as `SourcingStep`. Taken as they come, so that everything that is wrong with them is told at once, by
 * its place.
 */
const GivenSteps = Type.Array(Type.Unknown(), { maxItems: 100 });

export const CheckSourcingRulesBody = Type.Object({ rules: GivenSteps }, closed);

/** All steps that are to count from now on. */
export const SourcingRulesBody = Type.Object({ version: Version, rules: GivenSteps }, closed);
export type SourcingRulesBody = Shape<typeof SourcingRulesBody>;

export const SourcingRulesCheck = Type.Object({
  /** None: they can be set. */
  problems: Type.Array(
    Type.Object({
      /** Such as `rules[1].weighted[0].weight`. */
      path: Text,
      problem: Text,
    }),
  ),
});
export type SourcingRulesCheck = Shape<typeof SourcingRulesCheck>;
