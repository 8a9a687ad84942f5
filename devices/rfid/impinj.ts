/**
 * Impinj R700 IoT Device Interface. RSSI is in hundredths of a dBm and may be left out; the EPC comes as
 * base64 (`epc`) or hex (`epcHex`), as the reader is configured.
 */
import {
  asObject,
  integerField,
  type JsonObject,
  MalformedMessage,
  numberField,
  optionalText,
  textField,
} from "../mqtt/json-reader.ts";
import { firstTime, readReport, tagEvent } from "./reader-report.ts";
import type { ReaderEvent, ReaderReport } from "./tag-events.ts";

export function parseImpinj(payload: Buffer): ReaderReport {
  return readReport(payload, parseOne);
}

function parseOne(message: JsonObject): ReaderEvent | undefined {
  switch (textField(message, "eventType", 64)) {
    case "tagInventory": {
      const tag = asObject(message["tagInventoryEvent"], "tagInventoryEvent");
      const rssi = tag["peakRssiCdbm"] ?? undefined;
      return tagEvent(
        epcHex(tag),
        rssi === undefined ? undefined : numberField({ rssi }, "rssi") / 100,
        firstTime([tag, "lastSeenTime"], [message, "timestamp"]),
      );
    }
    case "gpiTransition": {
      const transition = asObject(message["gpiTransitionEvent"], "gpiTransitionEvent");
      return {
        kind: "input",
        pin: integerField(transition, "gpi", 0, 64),
        isHigh: parseTransition(textField(transition, "transition", 32)),
        atMs: firstTime([message, "timestamp"]),
      };
    }
    default:
      return undefined;
  }
}

function parseTransition(transition: string): boolean {
  switch (transition) {
    case "low-to-high":
      return true;
    case "high-to-low":
      return false;
    default:
      throw new MalformedMessage("invalid_message", `transition is ${transition}`);
  }
}

function epcHex(tag: JsonObject): string {
  const hex = optionalText(tag, "epcHex", 128);
  if (hex !== undefined) return hex;
  const base64 = textField(tag, "epc", 128).replace(/-/g, "+").replace(/_/g, "/");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    throw new MalformedMessage("invalid_message", "epc is not base64");
  }
  return Buffer.from(base64, "base64").toString("hex");
}
