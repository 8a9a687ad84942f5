/** After which silence a device counts as offline: its kind's time, or that of its settings. */
import type { DeviceKind } from "../../store/floor/devices.ts";
import { type JsonObject, MalformedMessage } from "./json-reader.ts";

/**
 * Milliseconds. A conveyor or reader that has nothing to tell sends its status or its vendor's heartbeat
 * meanwhile; a robot its state, every 30 s by its standard, which may be some seconds on the way.
 */
export const OFFLINE_AFTER_MS: Readonly<Record<DeviceKind, number>> = {
  robot: 35_000,
  conveyor: 90_000,
  rfid_portal: 90_000,
};

/**
 * `offlineAfterMs` of a device's settings; `null`: silence is no sign. Throws `MalformedMessage` where it is
 * given and is not valid.
 */
export function readOfflineAfter(kind: DeviceKind, row: JsonObject): number | null {
  const value = row["offlineAfterMs"];
  if (value === undefined) return OFFLINE_AFTER_MS[kind];
  if (value === null || (typeof value === "number" && value >= 1_000 && value <= 86_400_000)) return value;
  throw new MalformedMessage("invalid_message", "offlineAfterMs is neither null nor from 1000 to 86400000");
}

/** The same of a row that may hold anything. */
export function offlineAfter(kind: DeviceKind, row: JsonObject): number | null {
  try {
    return readOfflineAfter(kind, row);
  } catch {
    return OFFLINE_AFTER_MS[kind];
  }
}
