/** What sagas can be searched by in Temporal, beside Temporal's own attributes. */
import { defineSearchAttributeKey } from "@temporalio/common";

/** The sales channel's id. */
export const HOLDFAST_CHANNEL = defineSearchAttributeKey("HoldfastChannel", "KEYWORD");

/** Where the saga stands; one of `SagaStatus` or a return's status. */
export const HOLDFAST_STATUS = defineSearchAttributeKey("HoldfastStatus", "KEYWORD");

export type SagaStatus = "open" | "on_hold" | "in_progress" | "shipped" | "completed" | "cancelled";
