/**
 * Zebra IoT Connector (FX7500, FX9600, ATR7000, FXR90): tag data and management events as JSON.
 *
 * Readers in the field send one object, an array, or several objects run together without a delimiter (`}{`);
 * their times end in `+0000`. Only `format` and `idHex` come in every mode; the reads here need RSSI as well,
 * so that a tag without it counts as read strongly.
 */
import {
  asObject,
  integerField,
  isObject,
  type JsonObject,
  MalformedMessage,
  numberField,
  optionalText,
  parseJsonRun,
  timeField,
} from "../mqtt/json-reader.ts";
import { LIGHT_BARRIER_PIN, MOST_EVENTS, type ReaderEvent } from "./tag-events.ts";

const STRONG_DBM = -30;

export function parseZebra(payload: Buffer): readonly ReaderEvent[] {
  const events: ReaderEvent[] = [];
  for (const value of parseJsonRun(payload)) {
    const event = parseOne(asObject(value, "event"));
    if (event !== undefined) events.push(event);
    if (events.length > MOST_EVENTS) throw new MalformedMessage("invalid_message", "too many events");
  }
  return events;
}

function parseOne(message: JsonObject): ReaderEvent | undefined {
  const type = optionalText(message, "type", 32) ?? "";
  const data = message["data"];
  if (!isObject(data)) throw new MalformedMessage("invalid_message", "data is not an object");
  if (type.toLowerCase() === "gpi") {
    const pin = integerField(data, "pin", 0, 64);
    if (pin !== LIGHT_BARRIER_PIN) return undefined;
    const high = optionalText(data, "state", 8)?.toUpperCase() === "HIGH";
    return { kind: high ? "tote-entered" : "tote-left", atMs: timeField(message, "timestamp") };
  }
  const hex = optionalText(data, "idHex", 128);
  // Heartbeats, warnings and other management events have no tag.
  if (hex === undefined) return undefined;
  if (!/^(?:[0-9A-Fa-f]{2}){1,62}$/.test(hex)) {
    throw new MalformedMessage("invalid_message", "idHex is not hexadecimal");
  }
  const rssi = data["peakRssi"] ?? data["rssi"];
  return {
    kind: "tag",
    epc: hex.toUpperCase(),
    antenna: data["antenna"] === undefined ? 0 : integerField(data, "antenna", 0, 64),
    rssiDbm: rssi === undefined ? STRONG_DBM : numberField({ rssi }, "rssi"),
    atMs: timeField(message, "timestamp"),
  };
}
