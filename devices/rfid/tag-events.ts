/** What readers of any make say, in one form: tags seen, and a tote entering and leaving the portal. */
export type ReaderEvent =
  | {
      readonly kind: "tag";
      /** Upper-case hex. */
      readonly epc: string;
      readonly antenna: number;
      readonly rssiDbm: number;
      readonly atMs: number;
    }
  /** The light barrier at the portal, wired to the reader's input. */
  | { readonly kind: "tote-entered" | "tote-left"; readonly atMs: number };

/** Light barrier broken: the input goes high. Readers' first input pin. */
export const LIGHT_BARRIER_PIN = 1;

/** Tags of one message; a crowded portal sees hundreds. */
export const MOST_EVENTS = 2000;
