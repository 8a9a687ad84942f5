/**
 * Zebra IoT Connector (FX7500, FX9600, ATR7000, FXR90): tag data and management events as JSON.
 *
 * Times end in `+0000`. Only `format` and `idHex` come in every mode.
 */
import {
  integerField,
  isObject,
  type JsonObject,
  MalformedMessage,
  numberField,
  optionalText,
  textField,
} from "../mqtt/json-reader.ts";
import { firstTime, readReport, tagEvent } from "./reader-report.ts";
import type { ReaderEvent, ReaderReport } from "./tag-events.ts";

export function parseZebra(payload: Buffer): ReaderReport {
  return readReport(payload, parseOne);
}

function parseOne(message: JsonObject): ReaderEvent | undefined {
  const data = message["data"];
  if (optionalText(message, "type", 64)?.toLowerCase() === "gpi") {
    if (!isObject(data)) throw new MalformedMessage("invalid_message", "data is not an object");
    return {
      kind: "input",
      pin: integerField(data, "pin", 0, 64),
      isHigh: parseLevel(textField(data, "state", 16)),
      atMs: firstTime([message, "timestamp"]),
    };
  }
  // Heartbeats, warnings and other management events have no tag.
  if (!isObject(data) || data["idHex"] === undefined) return undefined;
  const rssi = data["peakRssi"] ?? data["rssi"];
  return tagEvent(
    textField(data, "idHex", 128),
    rssi === undefined || rssi === null ? undefined : numberField({ rssi }, "rssi"),
    firstTime([message, "timestamp"]),
  );
}

function parseLevel(state: string): boolean {
  switch (state.toUpperCase()) {
    case "HIGH":
      return true;
    case "LOW":
      return false;
    default:
      throw new MalformedMessage("invalid_message", `state is ${state}`);
  }
}
