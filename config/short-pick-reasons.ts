/**
 * What a short pick's reason means: for the stock, and for where the missing units are looked for. Read by
 * operations/floor/confirm-pick.ts and operations/shortage/; edit it to suit your warehouse.
 *
 * `none`: the units are still there and may be sold (the picker could not reach them). `write-off`: they are
 * not there. `quarantine`: they are there but must not be sold; they are set apart under the reason until
 * somebody has looked at them.
 *
 * `othersAreGood`: only these units are at fault, so another unit or lot of the same place will do. Otherwise
 * the place is passed over for this order.
 */
type ShortPickReason = {
  readonly effect: "none" | "write-off" | "quarantine";
  readonly othersAreGood: boolean;
};

const SHORT_PICK_REASONS: Readonly<Record<string, ShortPickReason>> = {
  not_found: { effect: "write-off", othersAreGood: false },
  damaged: { effect: "quarantine", othersAreGood: true },
  expired: { effect: "quarantine", othersAreGood: true },
  wrong_item: { effect: "quarantine", othersAreGood: true },
  unreadable_label: { effect: "quarantine", othersAreGood: true },
  location_blocked: { effect: "none", othersAreGood: false },
  out_of_reach: { effect: "none", othersAreGood: false },
  robot_fault: { effect: "none", othersAreGood: false },
};

/** For any other reason: what the picker did not find is not promised again before a count has found it. */
const OTHER_REASON: ShortPickReason = { effect: "write-off", othersAreGood: false };

export function shortPickReason(reason: string): ShortPickReason {
  return Object.hasOwn(SHORT_PICK_REASONS, reason)
    ? (SHORT_PICK_REASONS[reason] ?? OTHER_REASON)
    : OTHER_REASON;
}
