/**
 * How fast work leaves the engine, measured while there is work: what a caller who is refused is told to wait follows
 * from it, and so does how much may wait at all.
 *
 * Time in which nothing was pending does not count: an engine that had nothing to do is not slow.
 */

/** The past counts for less and less; after three times this long it hardly counts. */
const MEMORY_MS = 2_000;

/** With less than this observed, the rate is not known. */
const KNOWN_AFTER_MS = 250;

export class DrainRate {
  private settledUnits = 0;
  private busyMs = 0;
  private busySinceMs: number | null = null;

  /** Something is pending from now on. */
  busy(nowMs: number): void {
    this.busySinceMs ??= nowMs;
  }

  /** @param isIdle nothing is pending any more. */
  settled(units: number, nowMs: number, isIdle: boolean): void {
    this.advance(nowMs);
    this.settledUnits += units;
    if (isIdle) this.busySinceMs = null;
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
    // A wall clock that jumps is no slow disk for longer than memory lasts.
    this.busyMs = Math.min(MEMORY_MS, this.busyMs * kept + elapsedMs);
    this.busySinceMs = nowMs;
  }
}
