/**
 * Serial numbers of a position: each unit by its name.
 *
 * A unit is stocked (on hand, whatever is promised of it), set apart (known to be one of the unavailable
 * ones) or picked for a hold. Which unit a hold gets is decided by the hand that picks it, so no serial is
 * assigned before.
 *
 * Invariants of a SKU tracked by serial, asserted after every event: there are as many serials as units on
 * hand; as many are picked as there are picked units; at most as many are set apart as there are unavailable
 * units. (A unit may be set apart before anybody has read its serial.) A serial is in one place of its SKU at
 * most, transit included.
 */
import type { SerialChange } from "./events.ts";

export type SerialState = "stocked" | "set-apart" | "picked";

type SerialUnit = {
  readonly state: SerialState;
  /** The hold that it was picked for; else empty. */
  readonly holdId: string;
};

export class SerialBook {
  private readonly units = new Map<string, SerialUnit>();
  /** How many are picked, and how many set apart. */
  picked = 0;
  setApart = 0;

  get size(): number {
    return this.units.size;
  }

  get(serial: string): SerialUnit | undefined {
    return this.units.get(serial);
  }

  entries(): IterableIterator<[string, SerialUnit]> {
    return this.units.entries();
  }

  pickedFor(holdId: string): readonly string[] {
    const serials: string[] = [];
    for (const [serial, unit] of this.units) {
      if (unit.state === "picked" && unit.holdId === holdId) serials.push(serial);
    }
    return serials;
  }

  /** Folds a change of one serial; what is in transit or gone is not here. */
  apply(change: SerialChange, holdId: string): void {
    const before = this.units.get(change.serial);
    if (before?.state === "picked") this.picked -= 1;
    else if (before?.state === "set-apart") this.setApart -= 1;
    if (change.to === "in-transit" || change.to === "gone") {
      this.units.delete(change.serial);
      return;
    }
    if (change.to === "picked") this.picked += 1;
    else if (change.to === "set-apart") this.setApart += 1;
    this.units.set(change.serial, { state: change.to, holdId: change.to === "picked" ? holdId : "" });
  }
}

export function serialsTo(serials: readonly string[], to: SerialChange["to"]): readonly SerialChange[] {
  return serials.map((serial) => ({ serial, to }));
}
