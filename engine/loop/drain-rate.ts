/**
 * How fast work leaves the engine, measured while there is work. It decides how long a refused caller is told
 * to wait, and how much may wait at all.
 *
 * Time in which nothing was pending does not count: an engine that had nothing to do is not slow. A busy time
 * of small commits only does not count either: how long a commit takes says little of how much would fit into
 * it.
 */

/** The past counts for less and less; after three times this long it hardly counts. */
const MEMORY_MS = 2_000;

/**
 * With less than this observed, the rate is not known: the first burst after a start runs code that is not
 * warm.
 */
const KNOWN_AFTER_MS = 500;

/** A busy time with only smaller commits says nothing of the rate. */
const TELLING_UNITS = 256;

/** A measured rate is not used any more once the engine has kept up with its work for this long. */
const FORGOTTEN_AFTER_MS = 10_000;

export class DrainRate {
  private settledUnits = 0;
  private busyMs = 0;
  private busySinceMs: number | null = null;
  /** What was known when the busy time began. */
  private before = { settledUnits: 0, busyMs: 0 };
  private largest = 0;
  private toldAtMs = 0;

  /** Something is pending from now on. */
  busy(nowMs: number): void {
    if (this.busySinceMs !== null) return;
    this.busySinceMs = nowMs;
    this.largest = 0;
    if (nowMs - this.toldAtMs > FORGOTTEN_AFTER_MS) {
      this.settledUnits = 0;
      this.busyMs = 0;
    }
    this.before = { settledUnits: this.settledUnits, busyMs: this.busyMs };
  }

  /**
   * @param units that one commit settled.
   * @param isIdle nothing is pending any more.
   */
  settled(units: number, nowMs: number, isIdle: boolean): void {
    this.advance(nowMs);
    this.settledUnits += units;
    this.largest = Math.max(this.largest, units);
    if (!isIdle) return;
    this.busySinceMs = null;
    if (this.largest < TELLING_UNITS) Object.assign(this, this.before);
    else this.toldAtMs = nowMs;
  }

  /** Units a millisecond; `null`: not known yet. */
  perMs(nowMs: number): number | null {
    this.advance(nowMs);
    return this.busyMs < KNOWN_AFTER_MS ? null : this.settledUnits / this.busyMs;
  }

  private advance(nowMs: number): void {
    if (this.busySinceMs === null) return;
    const elapsedMs = Math.max(0, nowMs - this.busySinceMs);
    const kept = Math.exp(-elapsedMs / MEMORY_MS);
    this.settledUnits *= kept;
    // A wall clock that jumps looks like a slow disk, but only until the past hardly counts.
    this.busyMs = Math.min(MEMORY_MS, this.busyMs * kept + elapsedMs);
    this.busySinceMs = nowMs;
  }
}
