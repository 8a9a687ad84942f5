/**
 * Turns what a portal reads into passages: one tote's way through it, with the set of tags that were inside.
 *
 * With a light barrier a passage is the time between its two edges by the reader's own clock, however often,
 * late or out of order the messages come. Without one it is the time between two silences
 * (`silence-portal.ts`). Within a passage a tag counts once, however often it was read. A tag that is only
 * ever weak belongs to a neighbour and is left out. Pure: the caller brings the time.
 *
 * P1 a passage is given out once, `graceMs` after its second edge arrived (or `longestMs` after its first)
 * P2 memory is bounded: reads older than `longestMs` + `graceMs`, and beyond `MOST_READS`, are dropped
 */
import type { PortalSettings } from "./portal-settings.ts";
import type { ReaderEvent, TagRead } from "./tag-events.ts";

/** The most reads that a portal keeps. */
export const MOST_READS = 20_000;

/** Makes passages of one reader's events. */
export type Portal = {
  /** @param nowMs the bridge's clock; only differences count */
  add(event: ReaderEvent, nowMs: number): void;
  /** The passages that are over by now. */
  take(nowMs: number): readonly Passage[];
  /** Whether anything waits for `take`. */
  readonly open: boolean;
};

export type Passage = {
  /** When the tote entered, by the reader's clock. */
  readonly enteredAtMs: number;
  /** Strong tags, upper-case hex, in no order. */
  readonly epcs: readonly string[];
};

type Opening = {
  readonly enteredAtMs: number;
  readonly arrivedAtMs: number;
  leftAtMs: number | null;
  leftArrivedAtMs: number;
};
type Read = { readonly epc: string; readonly atMs: number; readonly arrivedAtMs: number };

export class BarrierPortal implements Portal {
  private readonly settings: PortalSettings;
  private readonly barrier: NonNullable<PortalSettings["lightBarrier"]>;
  private openings: Opening[] = [];
  private departures: { readonly atMs: number; readonly arrivedAtMs: number }[] = [];
  private reads: Read[] = [];
  /** Edges of passages already given out, so that a repeated edge does not open a new one. */
  private givenOut: number[] = [];

  constructor(settings: PortalSettings, barrier: NonNullable<PortalSettings["lightBarrier"]>) {
    this.settings = settings;
    this.barrier = barrier;
  }

  add(event: ReaderEvent, nowMs: number): void {
    if (event.kind === "tag") this.addRead(event, nowMs);
    else if (event.pin !== this.barrier.pin) return;
    else if (event.isHigh === (this.barrier.brokenWhen === "high")) this.addOpening(event.atMs, nowMs);
    else if (!this.departures.some((departure) => departure.atMs === event.atMs)) {
      this.departures.push({ atMs: event.atMs, arrivedAtMs: nowMs });
    }
  }

  private addRead(event: TagRead, nowMs: number): void {
    if (event.rssiDbm < this.settings.weakestDbm) return;
    this.reads.push({ epc: event.epc, atMs: event.atMs, arrivedAtMs: nowMs });
    if (this.reads.length > MOST_READS) this.reads.shift();
  }

  private addOpening(enteredAtMs: number, nowMs: number): void {
    const known =
      this.givenOut.includes(enteredAtMs) ||
      this.openings.some((opening) => opening.enteredAtMs === enteredAtMs);
    if (known) return;
    this.openings.push({ enteredAtMs, arrivedAtMs: nowMs, leftAtMs: null, leftArrivedAtMs: 0 });
    this.openings.sort((a, b) => a.enteredAtMs - b.enteredAtMs);
  }

  take(nowMs: number): readonly Passage[] {
    this.closeOpenings();
    const over: Opening[] = [];
    const still: Opening[] = [];
    for (const opening of this.openings) {
      const left = opening.leftAtMs !== null && nowMs - opening.leftArrivedAtMs >= this.settings.graceMs;
      const lost = nowMs - opening.arrivedAtMs >= this.settings.longestMs;
      (left || lost ? over : still).push(opening);
    }
    this.openings = still;
    const passages = over.map((opening) => this.passage(opening));
    this.forget(nowMs);
    return passages;
  }

  get open(): boolean {
    return this.openings.length > 0;
  }

  /**
   * Each departure ends the latest tote that had entered before it. No tote is inside for longer than
   * `longestMs`: a departure from far ahead, by a clock that is wrong, ends nobody's passage.
   */
  private closeOpenings(): void {
    for (const departure of this.departures) {
      let match: Opening | undefined;
      for (const opening of this.openings) {
        const insideMs = departure.atMs - opening.enteredAtMs;
        if (insideMs >= 0 && insideMs <= this.settings.longestMs) match = opening;
      }
      if (match === undefined) continue;
      if (match.leftAtMs === null || departure.atMs < match.leftAtMs) {
        match.leftAtMs = departure.atMs;
        match.leftArrivedAtMs = Math.max(departure.arrivedAtMs, match.arrivedAtMs);
      }
    }
  }

  private passage(opening: Opening): Passage {
    this.givenOut.push(opening.enteredAtMs);
    if (this.givenOut.length > 256) this.givenOut.shift();
    const end = opening.leftAtMs ?? opening.enteredAtMs + this.settings.longestMs;
    const inside = this.reads.filter((read) => read.atMs >= opening.enteredAtMs && read.atMs <= end);
    return { enteredAtMs: opening.enteredAtMs, epcs: [...new Set(inside.map((read) => read.epc))] };
  }

  private forget(nowMs: number): void {
    const since = nowMs - this.settings.longestMs - this.settings.graceMs;
    this.reads = this.reads.filter((read) => read.arrivedAtMs > since);
    this.departures = this.departures.filter((departure) => departure.arrivedAtMs > since);
  }
}
