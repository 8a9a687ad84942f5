/**
 * Makes passages of what a portal reads: one tote's way through it, with the set of tags that were inside.
 *
 * A passage is what lies between the light barrier's two edges by the reader's own clock, however often, late
 * or out of order the messages come. Within it a tag is one tag however often it was read, at its strongest;
 * a tag that is only ever weak belongs to a neighbour and is left out. Pure: the caller brings the time.
 *
 * P1 a passage is given out once, `graceMs` after its second edge arrived (or `longestMs` after its first)
 * P2 memory is bounded: reads older than `longestMs` + `graceMs`, and beyond `mostReads`, are dropped
 */
import type { ReaderEvent } from "./tag-events.ts";

type PortalOptions = {
  /** Weaker reads are a neighbour's tags. */
  readonly weakestDbm: number;
  /** How long after the tote has left late messages still count. Milliseconds. */
  readonly graceMs: number;
  /** A tote that has not left after this long has: the edge was lost. Milliseconds. */
  readonly longestMs: number;
  readonly mostReads: number;
};

export const PORTAL_DEFAULTS: PortalOptions = {
  weakestDbm: -65,
  graceMs: 150,
  longestMs: 10_000,
  mostReads: 20_000,
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

export class Portal {
  private readonly options: PortalOptions;
  private openings: Opening[] = [];
  private departures: { readonly atMs: number; readonly arrivedAtMs: number }[] = [];
  private reads: Read[] = [];
  /** Edges of passages already given out, so that a repeated edge opens none anew. */
  private givenOut: number[] = [];

  constructor(options: PortalOptions = PORTAL_DEFAULTS) {
    this.options = options;
  }

  /** @param nowMs the bridge's clock; only differences count */
  add(event: ReaderEvent, nowMs: number): void {
    if (event.kind === "tag") this.addRead(event, nowMs);
    else if (event.kind === "tote-entered") this.addOpening(event.atMs, nowMs);
    else if (!this.departures.some((departure) => departure.atMs === event.atMs)) {
      this.departures.push({ atMs: event.atMs, arrivedAtMs: nowMs });
    }
  }

  private addRead(event: ReaderEvent & { readonly kind: "tag" }, nowMs: number): void {
    if (event.rssiDbm < this.options.weakestDbm) return;
    this.reads.push({ epc: event.epc, atMs: event.atMs, arrivedAtMs: nowMs });
    if (this.reads.length > this.options.mostReads) this.reads.shift();
  }

  private addOpening(enteredAtMs: number, nowMs: number): void {
    const known =
      this.givenOut.includes(enteredAtMs) ||
      this.openings.some((opening) => opening.enteredAtMs === enteredAtMs);
    if (known) return;
    this.openings.push({ enteredAtMs, arrivedAtMs: nowMs, leftAtMs: null, leftArrivedAtMs: 0 });
    this.openings.sort((a, b) => a.enteredAtMs - b.enteredAtMs);
  }

  /** The passages that are over by now. */
  take(nowMs: number): readonly Passage[] {
    this.closeOpenings();
    const over: Opening[] = [];
    const still: Opening[] = [];
    for (const opening of this.openings) {
      const left = opening.leftAtMs !== null && nowMs - opening.leftArrivedAtMs >= this.options.graceMs;
      const lost = nowMs - opening.arrivedAtMs >= this.options.longestMs;
      (left || lost ? over : still).push(opening);
    }
    this.openings = still;
    const passages = over.map((opening) => this.passage(opening));
    this.forget(nowMs);
    return passages;
  }

  /** Whether anything waits for `take`. */
  get open(): boolean {
    return this.openings.length > 0;
  }

  /** Each departure ends the latest tote that had entered before it. */
  private closeOpenings(): void {
    for (const departure of this.departures) {
      let match: Opening | undefined;
      for (const opening of this.openings) {
        if (opening.enteredAtMs <= departure.atMs) match = opening;
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
    const end = opening.leftAtMs ?? opening.enteredAtMs + this.options.longestMs;
    const inside = this.reads.filter((read) => read.atMs >= opening.enteredAtMs && read.atMs <= end);
    return { enteredAtMs: opening.enteredAtMs, epcs: [...new Set(inside.map((read) => read.epc))] };
  }

  private forget(nowMs: number): void {
    const since = nowMs - this.options.longestMs - this.options.graceMs;
    this.reads = this.reads.filter((read) => read.arrivedAtMs > since);
    this.departures = this.departures.filter((departure) => departure.arrivedAtMs > since);
  }
}
