/** What readers of any make say, in one form. The portal decides what it means for a tote. */
import type { MalformedMessage } from "../mqtt/json-reader.ts";

export type ReaderEvent =
  | {
      readonly kind: "tag";
      /** Upper-case hex. */
      readonly epc: string;
      readonly rssiDbm: number;
      readonly atMs: number;
    }
  /** An input pin of the reader went high or low; a light barrier may be wired to it. */
  | { readonly kind: "input"; readonly pin: number; readonly isHigh: boolean; readonly atMs: number };

export type TagRead = ReaderEvent & { readonly kind: "tag" };

/** What one message says: the entries that were understood, and why the others were not. */
export type ReaderReport = {
  readonly events: readonly ReaderEvent[];
  readonly refused: readonly MalformedMessage[];
};

/** A tag whose reader does not say how strong it was counts as strong. */
export const STRONG_DBM = -30;
