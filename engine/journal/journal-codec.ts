/**
 * The bytes of the journal.
 *
 * A journal row's `entries` is one version byte followed by blobs. A blob is what one shard made of one
 * batch: the batch's time, its events and its lane records, in MessagePack arrays. The fields of an event are
 * written by position, so a field may be appended but never moved. A reader uses defaults for fields that an
 * older writer did not know.
 */
import { Packr, RESET_BUFFER_MODE, Unpackr } from "msgpackr";
import {
  type EventDetail,
  type LotChange,
  type SerialChange,
  STOCK_EVENT_TYPES,
  type StockEvent,
} from "../../actors/position/events.ts";
import { NO_LOTS, NO_SERIALS } from "../../actors/position/make-event.ts";
import type { LaneBlob } from "./lane-journal.ts";
import { lanesOfVersion1 } from "./lane-journal-v1.ts";

const JOURNAL_VERSION = 2;
/** The version before, in which only lane records had another form. */
const FIXED_RECORDS_VERSION = 1;

/** The events that one batch caused in one shard, with the shard's time then. */
export type JournalBlob = {
  readonly nowMs: number;
  readonly events: readonly StockEvent[];
  /** The batch's lane records (`lane-journal.ts`); `null`: none. */
  readonly lanes: LaneBlob | null;
};

// Records off: the bytes of an array then do not depend on what was packed before, which the hash chain
// needs.
const packer = new Packr({ useRecords: false, bundleStrings: false });
const unpacker = new Unpackr({ useRecords: false, bundleStrings: false, int64AsType: "number" });

const HOLD_ACTIONS = ["none", "opened", "changed"] as const;
const SERIAL_PLACES = ["stocked", "set-apart", "picked", "in-transit", "gone"] as const;

type WireLot = readonly [
  lot: string,
  expiresAtMs: number,
  onHand: number,
  reserved: number,
  allocated: number,
  picked: number,
  unavailable: number,
  incoming: number,
];

type WireDetail = readonly [
  reference: string,
  variant: string,
  units: number,
  discrepancy: number,
  priority: number,
  dueAtMs: number,
  otherLocationId: string,
  unavailableReason: string,
  lots: readonly WireLot[],
  serials: readonly (readonly [serial: string, to: number])[],
];

type WireEvent = readonly [
  type: number,
  sku: string,
  locationId: string,
  commandId: string,
  fingerprint: number,
  atMs: number,
  cause: string,
  onHand: number,
  reserved: number,
  allocated: number,
  picked: number,
  unavailable: number,
  safetyStock: number,
  hold: number,
  holdId: string,
  orderId: string,
  lineId: string,
  expiresAtMs: number,
  reason?: string,
  detail?: string,
  incoming?: number,
  fenced?: number,
  pool?: string,
  more?: WireDetail | null,
];

type WireBlob = readonly [
  nowMs: number,
  events: readonly WireEvent[],
  lanes?: readonly [names: readonly string[], records: Uint8Array],
];

export function encodeBlob(nowMs: number, events: readonly StockEvent[], lanes: LaneBlob | null): Uint8Array {
  const wire: WireBlob =
    lanes === null ? [nowMs, events.map(toWire)] : [nowMs, events.map(toWire), [lanes.names, lanes.records]];
  return packed(wire);
}

/** One row's `entries` from the blobs of its batches, in order. */
export function encodeEntries(blobs: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Uint8Array.of(JOURNAL_VERSION), ...blobs]);
}

/** Throws on bytes that are not a journal row of a version that this program knows. */
export function decodeEntries(entries: Uint8Array): readonly JournalBlob[] {
  const version = entries[0];
  if (version !== JOURNAL_VERSION && version !== FIXED_RECORDS_VERSION) {
    throw new Error(`journal version ${version} is not known, ${JOURNAL_VERSION} is`);
  }
  if (entries.length === 1) return [];
  const blobs = unpacker.unpackMultiple(entries.subarray(1)) as readonly WireBlob[];
  return blobs.map(([nowMs, events, lanes]) => ({
    nowMs,
    events: events.map(fromWire),
    lanes: lanes === undefined ? null : lanesFromWire(version, lanes),
  }));
}

function lanesFromWire(version: number, [names, records]: NonNullable<WireBlob[2]>): LaneBlob {
  const lanes = { names, records };
  return version === FIXED_RECORDS_VERSION ? lanesOfVersion1(lanes) : lanes;
}

/**
 * MessagePack in a buffer of its own: posting or keeping a view of the packer's
 * shared pool would copy the pool.
 */
export function packed(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(packer.pack(value, RESET_BUFFER_MODE));
}

/** Each of several values that stand one behind the other. */
export function unpackedEach(bytes: Uint8Array, each: (value: unknown) => void): void {
  unpacker.unpackMultiple(bytes, (value) => each(value));
}

/** The fields that every event writes. Later fields are left out, from the end on, while they are empty. */
const FIELDS_ALWAYS = 18;

function toWire(event: StockEvent): WireEvent {
  const wire = [
    STOCK_EVENT_TYPES.indexOf(event.type),
    event.sku,
    event.locationId,
    event.commandId,
    event.fingerprint,
    event.atMs,
    event.cause,
    event.onHand,
    event.reserved,
    event.allocated,
    event.picked,
    event.unavailable,
    event.safetyStock,
    HOLD_ACTIONS.indexOf(event.hold),
    event.holdId,
    event.orderId,
    event.lineId,
    event.expiresAtMs,
    event.reason,
    event.detail,
    event.incoming,
    event.fenced,
    event.pool,
    event.more === null ? null : detailToWire(event.more),
  ];
  let length = wire.length;
  while (length > FIELDS_ALWAYS && !wire[length - 1]) length -= 1;
  wire.length = length;
  return wire as unknown as WireEvent;
}

function fromWire(wire: WireEvent): StockEvent {
  const type = STOCK_EVENT_TYPES[wire[0]];
  const hold = HOLD_ACTIONS[wire[13]];
  if (type === undefined || hold === undefined) throw new Error(`event type ${wire[0]} is not known`);
  const more = wire[23] ?? null;
  return {
    type,
    sku: wire[1],
    locationId: wire[2],
    commandId: wire[3],
    fingerprint: wire[4],
    atMs: wire[5],
    cause: wire[6],
    onHand: wire[7],
    reserved: wire[8],
    allocated: wire[9],
    picked: wire[10],
    unavailable: wire[11],
    safetyStock: wire[12],
    hold,
    holdId: wire[14],
    orderId: wire[15],
    lineId: wire[16],
    expiresAtMs: wire[17],
    reason: wire[18] ?? "",
    detail: wire[19] ?? "",
    incoming: wire[20] ?? 0,
    fenced: wire[21] ?? 0,
    pool: wire[22] ?? "",
    more: more === null ? null : detailFromWire(more),
  };
}

function detailToWire(detail: EventDetail): WireDetail {
  return [
    detail.reference,
    detail.variant,
    detail.units,
    detail.discrepancy,
    detail.priority,
    detail.dueAtMs,
    detail.otherLocationId,
    detail.unavailableReason,
    detail.lots.map(lotToWire),
    detail.serials.map(({ serial, to }) => [serial, SERIAL_PLACES.indexOf(to)]),
  ];
}

function detailFromWire(wire: WireDetail): EventDetail {
  return {
    reference: wire[0],
    variant: wire[1],
    units: wire[2],
    discrepancy: wire[3],
    priority: wire[4],
    dueAtMs: wire[5],
    otherLocationId: wire[6],
    unavailableReason: wire[7],
    lots: wire[8].length === 0 ? NO_LOTS : wire[8].map(lotFromWire),
    serials: wire[9].length === 0 ? NO_SERIALS : wire[9].map(serialFromWire),
  };
}

function lotToWire(lot: LotChange): WireLot {
  return [
    lot.lot,
    lot.expiresAtMs,
    lot.onHand,
    lot.reserved,
    lot.allocated,
    lot.picked,
    lot.unavailable,
    lot.incoming,
  ];
}

function lotFromWire(wire: WireLot): LotChange {
  return {
    lot: wire[0],
    expiresAtMs: wire[1],
    onHand: wire[2],
    reserved: wire[3],
    allocated: wire[4],
    picked: wire[5],
    unavailable: wire[6],
    incoming: wire[7],
  };
}

function serialFromWire([serial, place]: WireDetail[9][number]): SerialChange {
  const to = SERIAL_PLACES[place];
  if (to === undefined) throw new Error(`serial ${serial} went to ${place}, which is not known`);
  return { serial, to };
}
