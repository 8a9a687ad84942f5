/**
 * Impinj R700 IoT Device Interface: one event or an array of them. RSSI is in hundredths of a dBm; the EPC
 * comes as base64 (`epc`) or hex (`epcHex`), as the reader is configured.
 */
import {
  asObject,
  integerField,
  type JsonObject,
  MalformedMessage,
  numberField,
  optionalText,
  parseJson,
  textField,
  timeField,
} from "../mqtt/json-reader.ts";
import { LIGHT_BARRIER_PIN, MOST_EVENTS, type ReaderEvent } from "./tag-events.ts";

export function parseImpinj(payload: Buffer): readonly ReaderEvent[] {
  const message = parseJson(payload);
  const values = Array.isArray(message) ? message : [message];
  if (values.length > MOST_EVENTS) throw new MalformedMessage("invalid_message", "too many events");
  return values.map((value) => parseOne(asObject(value, "event"))).filter((event) => event !== undefined);
}

function parseOne(message: JsonObject): ReaderEvent | undefined {
  const atMs = timeField(message, "timestamp");
  switch (textField(message, "eventType", 64)) {
    case "tagInventory": {
      const tag = asObject(message["tagInventoryEvent"], "tagInventoryEvent");
      return {
        kind: "tag",
        epc: epcHex(tag),
        antenna: tag["antennaPort"] === undefined ? 0 : integerField(tag, "antennaPort", 0, 64),
        rssiDbm: numberField(tag, "peakRssiCdbm") / 100,
        atMs: tag["lastSeenTime"] === undefined ? atMs : timeField(tag, "lastSeenTime"),
      };
    }
    case "gpiTransition": {
      const transition = asObject(message["gpiTransitionEvent"], "gpiTransitionEvent");
      if (integerField(transition, "gpi", 0, 64) !== LIGHT_BARRIER_PIN) return undefined;
      const high = textField(transition, "transition", 32) === "low-to-high";
      return { kind: high ? "tote-entered" : "tote-left", atMs };
    }
    default:
      return undefined;
  }
}

function epcHex(tag: JsonObject): string {
  const hex = optionalText(tag, "epcHex", 128);
  const text =
    hex ??
    Buffer.from(textField(tag, "epc", 128).replace(/-/g, "+").replace(/_/g, "/"), "base64").toString("hex");
  if (!/^(?:[0-9A-Fa-f]{2}){1,62}$/.test(text)) {
    throw new MalformedMessage("invalid_message", "epc is neither hexadecimal nor base64");
  }
  return text.toUpperCase();
}
