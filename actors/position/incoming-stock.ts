/**
 * Units on their way to a position: expected deliveries, and transfers in transit from another location of
 * the SKU.
 *
 * A transfer's units left one position and are not yet on hand at the other; between the two they are here
 * and nowhere else, with their lots and serials.
 *
 * Invariant, asserted after every event: the entries add up to the position's incoming units, and no entry is
 * empty.
 */
import type { StockEvent } from "./events.ts";
import type { LotUnits } from "./lots.ts";

export type Incoming = {
  readonly reference: string;
  readonly kind: "delivery" | "transfer";
  quantity: number;
  /** 0: not known. */
  readonly dueAtMs: number;
  /** Of a transfer. */
  readonly fromLocationId: string;
  /** In transit; empty for a delivery, whose lots nobody knows yet. */
  lots: readonly LotUnits[];
  serials: readonly string[];
};

/**
 * Folds the incoming units of an event. Returns false where the event names something that is not on its way.
 */
export function applyIncoming(entries: Map<string, Incoming>, event: StockEvent): boolean {
  const more = event.more;
  if (more === null) return false;
  let entry = entries.get(more.reference);
  if (entry === undefined) {
    if (event.incoming <= 0) return false;
    entry = {
      reference: more.reference,
      kind: event.type === "transfer-announced" ? "transfer" : "delivery",
      quantity: 0,
      dueAtMs: more.dueAtMs,
      fromLocationId: more.otherLocationId,
      lots: [],
      serials: [],
    };
    entries.set(more.reference, entry);
  }
  entry.quantity += event.incoming;
  if (entry.quantity < 0) return false;
  if (entry.quantity === 0) entries.delete(more.reference);
  if (entry.kind === "delivery") return true;
  for (const { lot, expiresAtMs, incoming } of more.lots) {
    if (incoming !== 0) entry.lots = withUnits(entry.lots, lot, expiresAtMs, incoming);
  }
  if (more.serials.length > 0) {
    const here = new Set(entry.serials);
    for (const { serial, to } of more.serials) {
      if (to === "in-transit") here.add(serial);
      else here.delete(serial);
    }
    entry.serials = [...here];
  }
  return addsUp(entry);
}

/** Whether the entry's lots and serials, where it has any, are as many as its units. */
function addsUp(entry: Incoming): boolean {
  const ofLots = entry.lots.reduce((sum, lot) => sum + lot.units, 0);
  return (
    entry.lots.every((lot) => lot.units > 0) &&
    (entry.lots.length === 0 || ofLots === entry.quantity) &&
    (entry.serials.length === 0 || entry.serials.length === entry.quantity)
  );
}

function withUnits(
  lots: readonly LotUnits[],
  lot: string,
  expiresAtMs: number,
  units: number,
): readonly LotUnits[] {
  const known = lots.find((each) => each.lot === lot);
  const left = (known?.units ?? 0) + units;
  const others = lots.filter((each) => each.lot !== lot);
  return left === 0 ? others : [...others, { lot, expiresAtMs, units: left }];
}
