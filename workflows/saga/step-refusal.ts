import type { HoldCode } from "../../orders/order.ts";

/** A business refusal that a person has to look at: which hold it puts the order on, and why. */
export type StepRefusal = {
  readonly status: "refused";
  readonly holdCode: HoldCode;
  readonly detail: string;
};
