/** How patient the bridge is. All in milliseconds. */
export type BridgeTimings = {
  /** Between two checks of what no message moves on. */
  readonly sweepMs: number;
  /** An order that the robot does not show in its state is sent again after this. */
  readonly resendMs: number;
  /** A robot that is away for so long loses its task to another robot, if its picks are not confirmed. */
  readonly requeueMs: number;
  /** A robot that is away for so long with picked goods has failed, and a person has to look. */
  readonly abandonMs: number;
  /** A tote behind the robot that has not moved for so long is sent round again. */
  readonly stallMs: number;
  /** How long a conveyor may wait for a divert decision before it sends the tote round its loop. */
  readonly divertDeadlineMs: number;
};

export const BRIDGE_TIMINGS: BridgeTimings = {
  sweepMs: 2_000,
  resendMs: 3_000,
  requeueMs: 10_000,
  abandonMs: 60_000,
  stallMs: 20_000,
  divertDeadlineMs: 5_000,
};

/** A pick is given to robots so often at most. Then a person has to look. */
export const MOST_ATTEMPTS = 4;
