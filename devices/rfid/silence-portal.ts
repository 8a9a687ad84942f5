/**
 * Passages at a portal without a light barrier: strong tags that follow each other, by the reader's clock,
 * with less than `silenceMs` between them. Pure: the caller brings the time.
 *
 * S1 a passage is given out once: when nothing has arrived for `silenceMs` + `graceMs`, or `longestMs` after
 *    its first read arrived, so that a tag that stands in the field does not delay the totes behind it
 * S2 reads of a passage that was given out open no new passage when they come late or again
 * S3 memory is bounded as in `portal.ts`
 */
import { MOST_READS, type Passage, type Portal } from "./portal.ts";
import type { PortalSettings } from "./portal-settings.ts";
import type { ReaderEvent, TagRead } from "./tag-events.ts";

type Span = { readonly fromMs: number; readonly toMs: number; readonly givenOutAtMs: number };

export class SilencePortal implements Portal {
  private readonly settings: PortalSettings;
  private reads: TagRead[] = [];
  private firstArrivalMs = 0;
  private lastArrivalMs = 0;
  private givenOut: Span[] = [];

  constructor(settings: PortalSettings) {
    this.settings = settings;
  }

  add(event: ReaderEvent, nowMs: number): void {
    if (event.kind !== "tag" || event.rssiDbm < this.settings.weakestDbm) return;
    if (this.givenOut.some(({ fromMs, toMs }) => event.atMs >= fromMs && event.atMs <= toMs)) return;
    if (this.reads.length >= MOST_READS) return;
    if (this.reads.length === 0) this.firstArrivalMs = nowMs;
    this.lastArrivalMs = nowMs;
    this.reads.push(event);
  }

  take(nowMs: number): readonly Passage[] {
    const { silenceMs, graceMs, longestMs } = this.settings;
    // A repeat comes within this time or not at all. A reader's clock may be set back and must then still be
    // heard.
    this.givenOut = this.givenOut.filter(({ givenOutAtMs }) => nowMs - givenOutAtMs < longestMs);
    const isOver =
      this.reads.length > 0 &&
      (nowMs - this.lastArrivalMs >= silenceMs + graceMs || nowMs - this.firstArrivalMs >= longestMs);
    if (!isOver) return [];
    const passages = this.passages();
    this.reads = [];
    this.givenOut.push(
      ...passages.map(({ enteredAtMs: fromMs, toMs }) => ({ fromMs, toMs, givenOutAtMs: nowMs })),
    );
    return passages.map(({ enteredAtMs, epcs }) => ({ enteredAtMs, epcs }));
  }

  get open(): boolean {
    return this.reads.length > 0;
  }

  private passages(): readonly (Passage & { readonly toMs: number })[] {
    const passages: { enteredAtMs: number; toMs: number; epcs: Set<string> }[] = [];
    for (const { epc, atMs } of [...this.reads].sort((a, b) => a.atMs - b.atMs)) {
      const current = passages.at(-1);
      if (current === undefined || atMs - current.toMs >= this.settings.silenceMs) {
        passages.push({ enteredAtMs: atMs, toMs: atMs, epcs: new Set([epc]) });
      } else {
        current.toMs = atMs;
        current.epcs.add(epc);
      }
    }
    return passages.map((passage) => ({ ...passage, epcs: [...passage.epcs] }));
  }
}
