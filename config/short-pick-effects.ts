/**
 * What a short pick's reason does to stock. Read by operations/floor/confirm-pick.ts; edit it to suit your
 * warehouse.
 *
 * `none`: the units are still there and may be sold (the picker could not reach them). `write-off`: they are
 * not there. `quarantine`: they are there but must not be sold; they are set apart under the reason until
 * somebody has looked at them.
 */
type ShortPickEffect = "none" | "write-off" | "quarantine";

const SHORT_PICK_EFFECTS: Readonly<Record<string, ShortPickEffect>> = {
  not_found: "write-off",
  damaged: "quarantine",
  expired: "quarantine",
  wrong_item: "quarantine",
  unreadable_label: "quarantine",
  location_blocked: "none",
  out_of_reach: "none",
  robot_fault: "none",
};

/** For any other reason: what the picker did not find is not promised again before a count has found it. */
const OTHER_SHORT_PICK_EFFECT: ShortPickEffect = "write-off";

export function shortPickEffect(reason: string): ShortPickEffect {
  return Object.hasOwn(SHORT_PICK_EFFECTS, reason)
    ? (SHORT_PICK_EFFECTS[reason] ?? OTHER_SHORT_PICK_EFFECT)
    : OTHER_SHORT_PICK_EFFECT;
}
