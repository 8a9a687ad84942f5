/** The clock of a device that nobody sets: it jumps, forwards and back, and at times it stands still. */
import type { Random } from "../../../config/seeded-random.ts";
import type { Tally } from "./tally.ts";

const JUMP = 0.002;
const HOUR_MS = 3_600_000;
/** Offsets that devices in the field have: hours, a time zone, a battery that is dead. */
const OFFSETS_MS = [0, HOUR_MS, -HOUR_MS, 9 * HOUR_MS, -26 * 365 * 24 * HOUR_MS, 24 * HOUR_MS] as const;

export class JumpingClock {
  private readonly random: Random;
  private readonly tally: Tally;
  private offsetMs = 0;
  private stoodAt: number | null = null;

  constructor(random: Random, tally: Tally) {
    this.random = random;
    this.tally = tally;
  }

  now(): Date {
    if (this.random.chance(JUMP)) {
      this.tally.clockJumps += 1;
      this.offsetMs = this.random.pick(OFFSETS_MS);
      this.stoodAt = this.random.chance(0.2) ? Date.now() + this.offsetMs : null;
    }
    return new Date(this.stoodAt ?? Date.now() + this.offsetMs);
  }
}
