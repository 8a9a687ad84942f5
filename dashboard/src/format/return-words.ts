/** Why something is sent back, in the customer's words. */
export const RETURN_REASONS = {
  too_small: "Too small",
  too_large: "Too large",
  not_as_described: "Not as described",
  defective: "Defective",
  wrong_item: "Wrong item",
  changed_mind: "Changed my mind",
} as const;

/** How goods come back, in the words of staff. */
export const RETURN_METHODS = {
  label: "Our label, by mail",
  qr_code: "A code for the counter",
  none: "The customer's own way",
  store: "Brought to a store",
} as const;
