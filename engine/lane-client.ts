/**
 * Reservation lanes at the engine's door: the fast way to reserve, release and extend by the thousand.
 *
 * The lane operations themselves are described in `actors/lanes/lane-operations.ts`. The engine's promise is
 * the same as for every other command: an answer is given only after the commit of its effects.
 */
import type { PositionAddress } from "../actors/commands.ts";

export type LaneCall = {
  /** 1 to 128 characters. Each client has its own lanes, so the gateway puts the API key before the name. */
  readonly lane: string;
  /**
   * Lane operations of four words each, with handles of `openPositions`; 1 to 4,096 of them. The engine may
   * overwrite them.
   */
  readonly operations: Uint32Array;
  /**
   * When the client's edge received them, for the movements. Reservations expire by the engine's own clock.
   */
  readonly atMs: number;
};

export interface LaneClient {
  /**
   * Handles of committed positions, in order; `null` where there is no such committed position. A handle is
   * valid as long as this engine runs.
   */
  openPositions(addresses: readonly PositionAddress[]): Promise<readonly (number | null)[]>;

  /**
   * Runs the lane operations; those of one position run in the order given. Resolves once all of them are
   * committed, to one code of `LANE_CODES` for each of them, or to `null` where all of them were applied.
   *
   * Rejects like every command of the engine; with `handles_void` for good, where the engine is another
   * process and that has been started anew. With `engine_overloaded`, `shard_unavailable` and
   * `invalid_request` the shards concerned did nothing of it. With `commit_outcome_unknown` repeating it is
   * safe.
   */
  applyLane(call: LaneCall): Promise<Uint8Array | null>;
}
