/** The bytes of a `lane.apply` message as operations, and whose lane it is. */
import { LANE_BYTES, MAX_LANE_OPERATIONS } from "../../actors/lanes/lane-operations.ts";
import { ApiError } from "../wire/problem.ts";

/**
 * Copied once, out of the frame and aligned to words. The engine answers each operation with a code of its
 * own.
 *
 * @throws ApiError `malformed_message`
 */
export function readLaneOperations(bytes: unknown): Uint32Array {
  if (!(bytes instanceof Uint8Array)) {
    throw new ApiError("malformed_message", "lane.apply/operations is not a byte string.");
  }
  const count = bytes.byteLength / LANE_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > MAX_LANE_OPERATIONS) {
    throw new ApiError(
      "malformed_message",
      `lane.apply/operations holds 1 to ${MAX_LANE_OPERATIONS} operations of ${LANE_BYTES} bytes each.`,
    );
  }
  const operations = new Uint32Array(bytes.byteLength / Uint32Array.BYTES_PER_ELEMENT);
  new Uint8Array(operations.buffer).set(bytes);
  return operations;
}

/** No client can name another's lane: the key comes first, and the first dot ends it. */
export function laneOf(by: string, lane: string): string {
  return `${by.slice(by.indexOf(":") + 1)}.${lane}`;
}
