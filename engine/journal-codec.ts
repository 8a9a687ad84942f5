/**
 * The bytes of the journal.
 *
 * A journal row's `entries` is one version byte followed by blobs; a blob is what one shard made of one batch: the
 * batch's time and its events, in MessagePack arrays. The fields of an event are written by position, so a field may
 * be appended but never moved; a reader takes the defaults for fields that an older writer did not know.
 */
import { Packr, Unpackr } from "msgpackr";
import { STOCK_EVENT_TYPES, type StockEvent } from "../actors/events.ts";

export const JOURNAL_VERSION = 1;

/** The events that one batch caused in one shard, with the shard's time then. */
export type JournalBlob = { readonly nowMs: number; readonly events: readonly StockEvent[] };

// Records off: an array has the same bytes whatever was packed before it, which the hash chain needs.
const packer = new Packr({ useRecords: false, bundleStrings: false });
const unpacker = new Unpackr({ useRecords: false, bundleStrings: false, int64AsType: "number" });

const HOLD_ACTIONS = ["none", "opened", "changed"] as const;

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
  reason: string,
  detail: string,
];

export function encodeBlob(nowMs: number, events: readonly StockEvent[]): Uint8Array {
  return packed([nowMs, events.map(toWire)]);
}

/** One row's `entries` from the blobs of its batches, in order. */
export function encodeEntries(blobs: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Uint8Array.of(JOURNAL_VERSION), ...blobs]);
}

/** Throws on bytes that are not a journal row of a version that this program knows. */
export function decodeEntries(entries: Uint8Array): readonly JournalBlob[] {
  if (entries[0] !== JOURNAL_VERSION) {
    throw new Error(`journal version ${entries[0]} is not known, ${JOURNAL_VERSION} is`);
  }
  if (entries.length === 1) return [];
  const blobs = unpacker.unpackMultiple(entries.subarray(1)) as readonly [number, readonly WireEvent[]][];
  return blobs.map(([nowMs, events]) => ({ nowMs, events: events.map(fromWire) }));
}

/** MessagePack in a buffer of its own: posting or keeping a view of the packer's shared pool would copy the pool. */
export function packed(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(packer.pack(value));
}

export function unpacked(bytes: Uint8Array): unknown {
  return unpacker.unpack(bytes);
}

function toWire(event: StockEvent): WireEvent {
  return [
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
  ];
}

function fromWire(wire: WireEvent): StockEvent {
  const type = STOCK_EVENT_TYPES[wire[0]];
  const hold = HOLD_ACTIONS[wire[13]];
  if (type === undefined || hold === undefined) throw new Error(`event type ${wire[0]} is not known`);
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
    reason: wire[18],
    detail: wire[19],
  };
}
