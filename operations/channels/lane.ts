/** What works for one channel: its connection, what it may be asked, and whose business it is. */
import type { ChannelConnection } from "../../ports/channel-connection.ts";
import type { ChannelAdapter } from "../../ports/channels.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import type { ChannelAccount } from "../../store/channels/accounts.ts";
import type { OperationContext } from "../context.ts";
import type { DocumentPool } from "../documents/document-pool.ts";
import type { CallBudget } from "./call-budget.ts";

export type ChannelLane = {
  readonly context: OperationContext;
  readonly adapters: ReadonlyMap<string, ChannelAdapter>;
  readonly account: ChannelAccount;
  readonly connection: ChannelConnection;
  readonly budget: CallBudget;
  /** Draws what a channel wants as a document. */
  readonly documents: Pick<DocumentPool, "invoice">;
  /** Asked between two steps; true: no more are begun. */
  readonly isEnding: () => boolean;
};

/** What goes wrong with a channel, for people; never a secret: connections put none into their faults. */
export function problemOf(error: unknown): { readonly code: string; readonly detail: string } {
  if (error instanceof ServiceFault) return { code: error.code, detail: error.message };
  throw error;
}

/** The channel does not let us in: nothing is wrong with what was to be told. */
export function isLockedOut(fault: ServiceFault): boolean {
  return fault.status === 401 || fault.status === 403 || fault.code === "unauthorized";
}

/** Doubled with each attempt up to an hour, and never the same for many at once. */
export function pauseAfter(attempts: number, fault?: ServiceFault, chance = Math.random()): number {
  const usual = Math.min(1_000 * 2 ** attempts, 3_600_000) * (0.8 + 0.4 * chance);
  return Math.round(Math.max(usual, fault?.retryAfterMs ?? 0));
}
