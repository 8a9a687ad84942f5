/**
 * The conveyor's own JSON: scans and divert results in, decisions and acknowledgements out. There is no open
 * standard; the fields follow what sorters and their hosts exchange. What the wire calls a lane is called an
 * exit here.
 *
 * Every event carries `bootId`, `seq` (goes up by one; may wrap to 0 or 1, may begin anew) and `from`, the
 * lowest `seq` still in the device's outbox. The device repeats an event until its `ack`, which is sent after
 * the commit of its effect, or names the refusal. A repeat says the same, but for `from`. So QoS 0 is enough
 * for events and their answers. The retained status and what we ask for by ourselves have QoS 1.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { plateInScan } from "../../orders/licence-plate.ts";
import type { Sequenced } from "../mqtt/arrival-order.ts";
import {
  asArray,
  asObject,
  integerField,
  type JsonObject,
  MalformedMessage,
  optionalText,
  parseJson,
  textField,
  timeField,
} from "../mqtt/json-reader.ts";
import type { MessageHead } from "./message-head.ts";

const DIVERT_RESULTS = [
  "DIVERTED",
  "MISSED",
  "LANE_FULL",
  "NO_READ",
  "MULTI_READ",
  "NO_DATA",
  "JAM",
  "RECIRC",
] as const;

type DivertResult = (typeof DIVERT_RESULTS)[number];

export type ConveyorEvent = Sequenced & { readonly atMs: number } & (
    | { readonly kind: "scan"; readonly scanPointId: string; readonly barcodes: readonly string[] }
    | {
        readonly kind: "divert";
        readonly cmdId: string;
        readonly lpn: string;
        readonly exit: string;
        readonly result: DivertResult;
      }
    | {
        readonly kind: "recirculation";
        readonly cmdId: string;
        readonly lpn: string;
        readonly result: "ACCEPTED" | "UNKNOWN_LPN";
      }
  );

/**
 * Where a scanned tote is to go. After `deadlineMs` (epoch) the conveyor sends it round its loop without us.
 */
export type DivertCommand = {
  readonly cmdId: string;
  readonly lpn: string;
  /** The exit; `lane` is the wire's word. */
  readonly lane: string;
  readonly deadlineMs: number;
};

/** Takes a tote back to the scanner, wherever behind the scanner it stands. */
export type RecirculateCommand = { readonly cmdId: string; readonly lpn: string };

/** The event is done with: its effect is there, or it was refused and will never have one. */
export type Acknowledgement = MessageHead & {
  readonly refused?: { readonly code: string; readonly detail: string };
};

/** Retained; the last will says `BROKEN`. */
export type DeviceStatus = { readonly bootId: string; readonly connection: "ONLINE" | "OFFLINE" | "BROKEN" };

/** A tunnel of cameras reads what is on all sides of a tote and of the goods in it. */
const MOST_BARCODES = 256;
/** What the densest symbol, a QR code of version 40, holds at the most. */
const LONGEST_BARCODE = 7_089;

export function parseConveyorEvent(payload: Buffer, kind: ConveyorEvent["kind"]): ConveyorEvent {
  // Read as something else, its boot id would be another one, and its device would never hear of it.
  if (!isUtf8(payload)) throw new MalformedMessage("invalid_json", "the message is not UTF-8");
  const message = asObject(parseJson(payload), kind);
  const head = parseHead(message);
  switch (kind) {
    case "scan": {
      const barcodes = asArray(message["barcodes"], "barcodes", MOST_BARCODES).map(parseBarcode);
      return { ...head, kind, scanPointId: textField(message, "scanPointId", 64), barcodes };
    }
    case "divert":
      return {
        ...head,
        kind,
        cmdId: textField(message, "cmdId", 128),
        lpn: textField(message, "lpn", 64),
        exit: textField(message, "lane", 64),
        result: oneOf(message, "result", DIVERT_RESULTS),
      };
    case "recirculation":
      return {
        ...head,
        kind,
        cmdId: textField(message, "cmdId", 128),
        lpn: textField(message, "lpn", 64),
        result: oneOf(message, "result", ["ACCEPTED", "UNKNOWN_LPN"] as const),
      };
    default: {
      const unreachable: never = kind;
      return unreachable;
    }
  }
}

export function parseStatus(payload: Buffer): "online" | "offline" | "broken" {
  const message = asObject(parseJson(payload), "status");
  const connection = oneOf(message, "connection", ["ONLINE", "OFFLINE", "BROKEN"] as const);
  return connection === "ONLINE" ? "online" : connection === "OFFLINE" ? "offline" : "broken";
}

/** What an event says, as far as it tells a repeat from another event: all but `from`. Hexadecimal. */
export function eventDigest({ from: _, ...said }: ConveyorEvent): string {
  return createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 32);
}

function parseHead(message: JsonObject): Sequenced & { readonly atMs: number } {
  const seq = integerField(message, "seq", 0, Number.MAX_SAFE_INTEGER);
  // Above `seq` where the counter has wrapped between the two.
  const from =
    message["from"] === undefined ? seq : integerField(message, "from", 0, Number.MAX_SAFE_INTEGER);
  return {
    bootId: textField(message, "bootId", 64),
    seq,
    from,
    atMs: timeField(message, "ts"),
  };
}

function oneOf<T extends string>(message: JsonObject, key: string, values: readonly T[]): T {
  const text = optionalText(message, key, 32);
  const value = values.find((each) => each === text);
  if (value === undefined) throw new MalformedMessage("invalid_message", `${key} is ${text}`);
  return value;
}

/** As it was scanned, with FNC1: a barcode is read and never kept. */
function parseBarcode(barcode: unknown): string {
  if (typeof barcode !== "string" || barcode.length > LONGEST_BARCODE) {
    throw new MalformedMessage(
      "invalid_message",
      `a barcode is no text of up to ${LONGEST_BARCODE} characters`,
    );
  }
  return barcode;
}

/** The plate in an event's `lpn`: what we have told, or what the conveyor has read. */
export function plateOf(lpn: string): string {
  return plateInScan(lpn) ?? lpn;
}

/** The licence plate among a scan's barcodes. `no_read`: there is none. `multi_read`: two totes at once. */
export function licencePlate(
  barcodes: readonly string[],
): { readonly lpn: string } | "no_read" | "multi_read" {
  const plates = new Set(barcodes.flatMap((barcode) => plateInScan(barcode) ?? []));
  const [lpn] = plates;
  if (lpn === undefined) return "no_read";
  return plates.size === 1 ? { lpn } : "multi_read";
}
