/**
 * How a reservation lies in the table: eight words. These are constants because the index and the table look
 * at them some dozen times in each lane operation.
 */

export const STRIDE_BITS = 3;
export const STRIDE = 1 << STRIDE_BITS;

export const NUMBER = 0;
/** Lane in the lower 24 bits, state above. */
export const LANE_AND_STATE = 1;
export const POSITION = 2;
export const QUANTITY = 3;
/** What was asked for, to tell a repeat from another body. */
export const EXPIRES_IN = 4;
/** Open: the deadline's lower 32 bits in milliseconds. Closed: when, in seconds. */
export const WHEN = 5;
/**
 * Open with a deadline: links of the wheel. Closed: the next in the queue of closed ones. Free: the next free
 * one.
 */
export const NEXT = 6;
export const PREVIOUS = 7;

export const LANE_MASK = 0x00ff_ffff;
