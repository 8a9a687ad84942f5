/**
 * The operations of a reservation lane, 16 bytes each: for clients that reserve by the hundred thousand.
 *
 * A lane is a named sequence of numbered soft reservations of one client. A lane operation is four
 * little-endian unsigned 32-bit words: `number` (names the reservation within the lane, and is its
 * idempotency id), `position` (a handle), `kind << 28 | quantity`, and `expiresInMs` (0: never). As text a
 * reservation is `<lane>/<number>`.
 *
 * Numbers of a lane go up. A number that a client used and closed is remembered for the window (24 hours, or
 * the last 131,072 of a shard). After that the lane's low mark rises, and an unknown number at or below the
 * low mark is refused. So nothing is ever executed twice, however late it is repeated.
 */

/** The words of a lane operation, and where each of them stands. */
export const LANE_WORDS = 4;
export const LANE_BYTES = 16;

/** One call or message carries at most this many. */
export const MAX_LANE_OPERATIONS = 4096;

export const MAX_LANE_NAME_LENGTH = 128;

export const LANE_KIND = {
  /** Takes `quantity` units (1 or more), all of them or none, until the time is up. */
  reserve: 0,
  /**
   * Gives the reservation's units back. `quantity` and `expiresInMs` are 0. Succeeds also
   * where it is closed already.
   */
  release: 1,
  /** Lets an open reservation expire `expiresInMs` from now (0: never). `quantity` is 0. */
  extend: 2,
} as const;

/** The answers to a lane operation, by code. Everything but `applied` changed nothing. */
export const LANE_CODES = [
  /** Done, now or earlier by the very same lane operation. */
  "applied",
  /** Fewer units are free. Not remembered: the same number may be used again. */
  "insufficient_stock",
  /** The number was used for another position, quantity or time. */
  "command_id_reused",
  /**
   * The number lies at or below the lane's low mark and is not known any more: it may have been executed long
   * ago.
   */
  "reservation_too_old",
  /** There is no such reservation to release or extend. */
  "hold_not_found",
  /** The reservation that was to be extended has been released, has expired or was claimed. */
  "hold_not_reserved",
  /** An unknown kind, a quantity of 0, a quantity or time where none belongs, or a time that is too long. */
  "invalid_command",
  /** The handle names no position. */
  "unknown_position",
  /** The position's units are told apart by lot or serial number; reserve them by `stock.execute`. */
  "tracked_position",
  /** Too many lanes are in use in the position's shard. */
  "lane_limit",
] as const;

type LaneCodeName = (typeof LANE_CODES)[number];

export const LANE_CODE = Object.fromEntries(LANE_CODES.map((name, code) => [name, code])) as {
  readonly [N in LaneCodeName]: number;
};

/** Printable ASCII, like every id of a client. */
export function isLaneName(name: unknown): name is string {
  return typeof name === "string" && name.length <= MAX_LANE_NAME_LENGTH && /^[\x20-\x7e]+$/.test(name);
}

/** Writes one lane operation at `index` of `operations`. */
export function writeLaneOperation(
  operations: Uint32Array,
  index: number,
  operation: {
    readonly number: number;
    readonly position: number;
    readonly kind: number;
    /** 28 bits. */
    readonly quantity: number;
    /** At most 2,147,483,647 (24.8 days). */
    readonly expiresInMs: number;
  },
): void {
  const at = index * LANE_WORDS;
  operations[at] = operation.number;
  operations[at + 1] = operation.position;
  operations[at + 2] = (operation.kind << 28) | operation.quantity;
  operations[at + 3] = operation.expiresInMs;
}
