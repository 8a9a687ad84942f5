/**
 * The physical side of one simulated floor: totes, the units in them, and where each tote stands. Robots,
 * conveyors and portals act on it and report over MQTT; nothing here knows of messages.
 *
 * Every unit has a serialised GTIN. Serials derive from tote, line and position, so that a floor that has
 * lost its memory fills a tote with the same units again.
 */
import { plateTag, unitTag } from "./tags.ts";

export type Tote = {
  readonly lpn: string;
  /** EPCs of the units, by the order line that they were picked for. */
  readonly units: Map<string, readonly string[]>;
  /** `robot`: carried; `moving`: on the conveyor; else the conveyor's exit where it stands. */
  place: string;
};

/** Totes that went through long ago are forgotten, the oldest first. */
const MOST_TOTES = 20_000;

export class FloorWorld {
  private readonly totes = new Map<string, Tote>();

  tote(lpn: string): Tote | undefined {
    return this.totes.get(lpn);
  }

  /** A robot fills the tote for one line up to `quantity` units; what is in there already stays. */
  pick(lpn: string, line: string, gtin: string, quantity: number): void {
    const tote = this.toteToFill(lpn);
    const epcs = Array.from({ length: quantity }, (_, index) => unitTag(gtin, `${lpn} ${line} ${index}`));
    tote.units.set(line, epcs);
  }

  /** Every tag that goes through a portal with this tote. */
  tags(tote: Tote): { readonly plate: string; readonly units: readonly string[] } {
    return { plate: plateTag(tote.lpn), units: [...tote.units.values()].flat() };
  }

  private toteToFill(lpn: string): Tote {
    const known = this.totes.get(lpn);
    if (known !== undefined) return known;
    const tote: Tote = { lpn, units: new Map(), place: "robot" };
    this.totes.set(lpn, tote);
    if (this.totes.size > MOST_TOTES) {
      const [oldest] = this.totes.keys();
      if (oldest !== undefined) this.totes.delete(oldest);
    }
    return tote;
  }
}
