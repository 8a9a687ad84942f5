/** Why something is sent back, in the customer's words. */
export const RETURN_REASONS = {
  too_small: "Too small",
  too_large: "Too large",
  not_as_described: "Not as described",
  defective: "Defective",
  wrong_item: "Wrong item",
  changed_mind: "Changed my mind",
} as const;
