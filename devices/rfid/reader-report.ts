/**
 * What both makes of readers have in common. A message is one event, an array of events, or several run
 * together, with or without line breaks between them. An entry that cannot be read loses only itself, never
 * the passage that it belongs to.
 */
import { asObject, type JsonObject, MalformedMessage, parseJsonRun, timeField } from "../mqtt/json-reader.ts";
import { type ReaderEvent, type ReaderReport, STRONG_DBM } from "./tag-events.ts";

/** Four thousand reads with everything that a reader can add to them. Bytes. */
export const MOST_REPORT_BYTES = 1024 * 1024;
/** Reads of one message; a crowded portal sees hundreds. */
const MOST_EVENTS = 10_000;

/** @param readEvent throws `MalformedMessage`; `undefined`: an entry that we have no use for */
export function readReport(
  payload: Buffer,
  readEvent: (event: JsonObject) => ReaderEvent | undefined,
): ReaderReport {
  const { values, garbled } = parseJsonRun(payload, MOST_REPORT_BYTES);
  if (values.length > MOST_EVENTS) throw new MalformedMessage("invalid_message", "too many events");
  const events: ReaderEvent[] = [];
  const refused = garbled === null ? [] : [new MalformedMessage("invalid_json", garbled)];
  for (const value of values) {
    try {
      const event = readEvent(asObject(value, "event"));
      if (event !== undefined) events.push(event);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      refused.push(error);
    }
  }
  return { events, refused };
}

/** The air protocol allows a tag of no length. It identifies nothing: `undefined`. */
export function tagEvent(hex: string, rssiDbm: number | undefined, atMs: number): ReaderEvent | undefined {
  if (hex === "") return undefined;
  if (!/^(?:[0-9A-Fa-f]{2}){1,62}$/.test(hex)) {
    throw new MalformedMessage("invalid_message", "the EPC is not hexadecimal");
  }
  return { kind: "tag", epc: hex.toUpperCase(), rssiDbm: rssiDbm ?? STRONG_DBM, atMs };
}

/** The first of these fields that exists. */
export function firstTime(...places: readonly (readonly [JsonObject, string])[]): number {
  const [object, key] = places.find(([each, name]) => each[name] !== undefined && each[name] !== null) ?? [];
  if (object === undefined || key === undefined) throw new MalformedMessage("invalid_message", "no time");
  return timeField(object, key);
}
