/** What the bench and its client processes say to each other, over the channel of `fork`. */
import type { Audit } from "./account.ts";
import type { LatencyResult, PeakResult } from "./load.ts";
import type { Endpoint, Variant } from "./system.ts";

export type ClientRequest =
  | {
      readonly do: "connect";
      readonly system: string;
      readonly endpoint: Endpoint;
      readonly variant: Variant;
      /** Positions of the trace; one more is filled for selling out. */
      readonly positions: number;
    }
  | { readonly do: "peak"; readonly tracePath: string; readonly milliseconds: number }
  | {
      readonly do: "rate";
      readonly tracePath: string;
      readonly rate: number;
      readonly milliseconds: number;
      readonly warmUpMs: number;
    }
  /** All workers reserve the last position until none of them gets any more. */
  | { readonly do: "sell-out" }
  | { readonly do: "audit" }
  /** Loads at peak until the connection breaks, keeping what was answered and what was not. */
  | { readonly do: "until-crash"; readonly tracePath: string }
  /** Against the server started after the crash: everything unanswered again, by the same numbers. */
  | { readonly do: "resume"; readonly endpoint: Endpoint }
  | { readonly do: "close" };

export type SellOut = { readonly stock: number; readonly sold: number; readonly remaining: number };

export type CrashReport = { readonly answered: number; readonly unanswered: number };

export type ClientReply =
  | { readonly done: "connected" }
  | { readonly done: "peak"; readonly result: PeakResult }
  | { readonly done: "rate"; readonly result: LatencyResult }
  | { readonly done: "sold-out"; readonly result: SellOut }
  | { readonly done: "audited"; readonly audit: Audit }
  | { readonly done: "crashed"; readonly report: CrashReport }
  | { readonly done: "resumed"; readonly repeated: number }
  | { readonly done: "closed" }
  | { readonly done: "failed"; readonly reason: string };
