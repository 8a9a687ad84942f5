/**
 * Which of a robot's states is the newest. Each has a counter and a time; both may lie: counters go round and
 * begin again at a start, clocks are set back. A state that is older by both has been overtaken; what is
 * newer by either counts. Pure.
 *
 * O1 what the robot says first after it has connected counts, whatever came before
 * O2 a robot that nobody saw connect, and whose clock went back with its counter, is believed after
 *    `MOST_BEHIND` states that count up among themselves
 */
type Stamped = { readonly headerId: number; readonly atMs: number };

const MOST_BEHIND = 3;
/** States that may overtake one. */
const MOST_OVERTAKEN = 1_000;

export class ReportOrder {
  private last: Stamped | null = null;
  private lastBehind: Stamped | null = null;
  private behind = 0;

  /** The robot has connected: it may count anew. */
  beginsAnew(): void {
    this.last = null;
    this.behind = 0;
  }

  /** Whether it is newer than all before it; from then on it is the newest. */
  takes({ headerId, atMs }: Stamped): boolean {
    const report = { headerId, atMs };
    const { last } = this;
    if (last === null || isLater(report, last) || atMs > last.atMs) return this.take(report);
    // The clock stands still, or is coarse: only a counter that was never true lies so far ahead.
    if (atMs === last.atMs && (last.headerId - headerId) >>> 0 > MOST_OVERTAKEN) return this.take(report);
    const countsUp = this.behind > 0 && this.lastBehind !== null && isLater(report, this.lastBehind);
    this.behind = countsUp ? this.behind + 1 : 1;
    this.lastBehind = report;
    return this.behind >= MOST_BEHIND ? this.take(report) : false;
  }

  private take(report: Stamped): true {
    this.last = report;
    this.behind = 0;
    return true;
  }
}

/** By the counter of the topic, which goes round after 32 bits. */
function isLater(report: Pick<Stamped, "headerId">, than: Pick<Stamped, "headerId">): boolean {
  const ahead = (report.headerId - than.headerId) >>> 0;
  return ahead > 0 && ahead < 2 ** 31;
}
