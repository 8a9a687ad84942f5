/**
 * Reservation lanes at the engine's door: the fast way to reserve, release and extend by the thousand.
 *
 * The operations themselves are described in `actors/lanes/lane-operations.ts`. What the engine promises is
 * the same as for every other command: an answer is given only after the commit of what it speaks of.
 */
import type { PositionAddress } from "../actors/commands.ts";

export type LaneCall = {
  /** 1 to 128 characters; a client's lanes are its own, so the gateway puts the key before the name. */
  readonly lane: string;
  /**
   * Operations of four words each, with handles of `openPositions`; 1 to 4,096 of
   * them. The engine may change it.
   */
  readonly operations: Uint32Array;
  /** When the client's edge received them, for the ledger. Reservations expire by the engine's own clock. */
  readonly atMs: number;
};

export interface LaneClient {
  /**
   * Handles of committed positions, in order; `null` where there is no such committed position. A handle is
   * valid as long as this engine runs.
   */
  openPositions(addresses: readonly PositionAddress[]): Promise<readonly (number | null)[]>;

  /**
   * Runs the operations, those of one position in the order given. Resolves once all of them are committed,
   * to one code of `LANE_CODES` for each of them, or to `null` where all of them were applied.
   *
   * Rejects like every command of the engine: `engine_overloaded`, `shard_unavailable` and `invalid_request`
   * with nothing of it done in the shards concerned, `commit_outcome_unknown`; repeating it is safe then.
   */
  applyLane(call: LaneCall): Promise<Uint8Array | null>;
}
