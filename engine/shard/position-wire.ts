/**
 * How a position with its holds looks in a snapshot: arrays of fixed fields, appended to and never reordered.
 */

import type { PoolKind } from "../../actors/commands.ts";
import type { LotChange, SerialChange } from "../../actors/position/events.ts";
import type { Hold } from "../../actors/position/hold-book.ts";
import { HoldBook } from "../../actors/position/hold-book.ts";
import type { Incoming } from "../../actors/position/incoming-stock.ts";
import type { HeldLot, Lot, LotUnits } from "../../actors/position/lots.ts";
import { SerialBook, type SerialState } from "../../actors/position/serials.ts";
import type {
  PendingCount,
  Pool,
  PositionDetails,
  StockPosition,
} from "../../actors/position/stock-position.ts";
import type { SharedTexts } from "./shared-texts.ts";

type WireHold = readonly [
  holdId: string,
  orderId: string,
  lineId: string,
  cause: string,
  reserved: number,
  allocated: number,
  picked: number,
  expiresAtMs: number,
  pool: string,
  lots: readonly (readonly [lot: string, reserved: number, allocated: number, picked: number])[],
];

type WireDetails = readonly [
  unavailable: readonly (readonly [reason: string, units: number])[],
  pools: readonly (readonly [pool: string, kind: PoolKind, units: number, held: number])[],
  incoming: readonly (readonly [
    reference: string,
    kind: Incoming["kind"],
    quantity: number,
    dueAtMs: number,
    fromLocationId: string,
    lots: readonly LotUnits[],
    serials: readonly string[],
  ])[],
  lots: readonly (readonly [
    lot: string,
    expiresAtMs: number,
    expired: boolean,
    onHand: number,
    reserved: number,
    allocated: number,
    picked: number,
    unavailable: number,
  ])[],
  serials: readonly (readonly [serial: string, state: SerialState, holdId: string])[],
  count:
    | readonly [
        countId: string,
        counted: number,
        discrepancy: number,
        reason: string,
        lots: readonly LotChange[],
        serials: readonly SerialChange[],
      ]
    | null,
];

export type WirePosition = readonly [
  sku: string,
  locationId: string,
  onHand: number,
  reserved: number,
  allocated: number,
  picked: number,
  unavailable: number,
  safetyStock: number,
  holds: readonly WireHold[],
  incoming: number,
  fenced: number,
  details: WireDetails | null,
];

export function positionToWire(position: StockPosition): WirePosition {
  const holds: WireHold[] = [];
  for (const hold of position.holds?.values() ?? []) holds.push(holdToWire(hold));
  return [
    position.sku,
    position.locationId,
    position.onHand,
    position.reserved,
    position.allocated,
    position.picked,
    position.unavailable,
    position.safetyStock,
    holds,
    position.incoming,
    position.fenced,
    position.details === null ? null : detailsToWire(position.details),
  ];
}

/** Fills a new position of the SKU and location of `wire`. */
export function fillFromWire(position: StockPosition, wire: WirePosition, texts: SharedTexts): void {
  position.onHand = wire[2];
  position.reserved = wire[3];
  position.allocated = wire[4];
  position.picked = wire[5];
  position.unavailable = wire[6];
  position.safetyStock = wire[7];
  // Asked first: most positions hold nothing, and there may be a million of them.
  if (wire[8].length > 0) position.holds = HoldBook.of(wire[8].map((hold) => holdFromWire(hold, texts)));
  position.incoming = wire[9];
  position.fenced = wire[10];
  position.details = wire[11] === null ? null : detailsFromWire(wire[11]);
}

function holdToWire(hold: Hold): WireHold {
  return [
    hold.holdId,
    hold.orderId,
    hold.lineId,
    hold.cause,
    hold.reserved,
    hold.allocated,
    hold.picked,
    hold.expiresAtMs,
    hold.pool,
    hold.lots === null
      ? []
      : [...hold.lots.values()].map((held) => [held.lot, held.reserved, held.allocated, held.picked]),
  ];
}

function holdFromWire(wire: WireHold, texts: SharedTexts): Hold {
  const [holdId, orderId, lineId, cause, reserved, allocated, picked, expiresAtMs, pool, lots] = wire;
  return {
    holdId,
    orderId,
    lineId: texts.share(lineId),
    cause: texts.share(cause),
    pool: texts.share(pool),
    reserved,
    allocated,
    picked,
    expiresAtMs,
    lots: orNull(
      lots,
      (held): HeldLot => ({ lot: held[0], reserved: held[1], allocated: held[2], picked: held[3] }),
    ),
  };
}

function detailsToWire(details: PositionDetails): WireDetails {
  const { count } = details;
  return [
    [...(details.unavailable ?? [])],
    [...(details.pools?.values() ?? [])].map((pool) => [pool.pool, pool.kind, pool.units, pool.held]),
    [...(details.incoming?.values() ?? [])].map((entry) => [
      entry.reference,
      entry.kind,
      entry.quantity,
      entry.dueAtMs,
      entry.fromLocationId,
      entry.lots,
      entry.serials,
    ]),
    [...(details.lots?.values() ?? [])].map((lot) => [
      lot.lot,
      lot.expiresAtMs,
      lot.expired,
      lot.onHand,
      lot.reserved,
      lot.allocated,
      lot.picked,
      lot.unavailable,
    ]),
    [...(details.serials?.entries() ?? [])].map(([serial, unit]) => [serial, unit.state, unit.holdId]),
    count === null
      ? null
      : [count.countId, count.counted, count.discrepancy, count.reason, count.lots, count.serials],
  ];
}

function detailsFromWire(wire: WireDetails): PositionDetails {
  const [unavailable, pools, incoming, lots, serials, count] = wire;
  return {
    unavailable: unavailable.length === 0 ? null : new Map(unavailable),
    pools: orNull(pools, (pool): Pool => ({ pool: pool[0], kind: pool[1], units: pool[2], held: pool[3] })),
    incoming: orNull(
      incoming,
      (entry): Incoming => ({
        reference: entry[0],
        kind: entry[1],
        quantity: entry[2],
        dueAtMs: entry[3],
        fromLocationId: entry[4],
        lots: entry[5],
        serials: entry[6],
      }),
    ),
    lots: orNull(
      lots,
      (lot): Lot => ({
        lot: lot[0],
        expiresAtMs: lot[1],
        expired: lot[2],
        onHand: lot[3],
        reserved: lot[4],
        allocated: lot[5],
        picked: lot[6],
        unavailable: lot[7],
      }),
    ),
    serials: serials.length === 0 ? null : serialsFromWire(serials),
    count: count === null ? null : countFromWire(count),
  };
}

function serialsFromWire(wire: WireDetails[4]): SerialBook {
  const book = new SerialBook();
  for (const [serial, to, holdId] of wire) book.apply({ serial, to }, holdId);
  return book;
}

function countFromWire(wire: NonNullable<WireDetails[5]>): PendingCount {
  const [countId, counted, discrepancy, reason, lots, serials] = wire;
  return { countId, counted, discrepancy, reason, lots, serials };
}

/** The entries by their first field; `null` where there are none, as the fold leaves it. */
function orNull<W extends readonly [string, ...unknown[]], T>(
  wire: readonly W[],
  read: (entry: W) => T,
): Map<string, T> | null {
  return wire.length === 0 ? null : new Map(wire.map((entry) => [entry[0], read(entry)]));
}
