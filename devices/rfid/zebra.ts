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
  MAX_MESSAGE_BYTES,
  MalformedMessage,
  numberField,
  optionalText,
  timeField,
} from "../mqtt/json-reader.ts";
import { LIGHT_BARRIER_PIN, MOST_EVENTS, type ReaderEvent } from "./tag-events.ts";

const STRONG_DBM = -30;

export function parseZebra(payload: Buffer): readonly ReaderEvent[] {
  if (payload.length > MAX_MESSAGE_BYTES) {
    throw new MalformedMessage("message_too_large", `${payload.length} bytes`);
  }
  const events: ReaderEvent[] = [];
  for (const value of splitObjects(payload.toString("utf8"))) {
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

/** One value, an array, or objects run together. */
function splitObjects(text: string): readonly unknown[] {
  const whole = tryParse(text);
  if (whole !== undefined) return Array.isArray(whole) ? whole : [whole];
  const values: unknown[] = [];
  let depth = 0;
  let start = -1;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') {
      inString = true;
    } else if (character === "{") {
      if (depth === 0) start = index;
      depth += 1;
    } else if (character === "}") {
      depth -= 1;
      if (depth < 0) break;
      if (depth === 0) {
        const value = tryParse(text.slice(start, index + 1));
        if (value === undefined) break;
        values.push(value);
        start = -1;
      }
    } else if (depth === 0 && character !== undefined && !/[\s,]/.test(character)) {
      depth = -1;
      break;
    }
  }
  if (depth !== 0 || start !== -1 || values.length === 0) {
    throw new MalformedMessage("invalid_json", "neither JSON nor JSON objects run together");
  }
  return values;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
