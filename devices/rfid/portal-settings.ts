/**
 * How a portal is built, from its row's settings: with or without a light barrier, how that is wired, and how
 * strong a read must be. What is left out, or is not valid, is as most portals are.
 */
import { asObject, type JsonObject, MalformedMessage } from "../mqtt/json-reader.ts";

export type PortalSettings = {
  /**
   * Which input the light barrier is wired to, and its level while a tote breaks it; `null`: there is none.
   */
  readonly lightBarrier: { readonly pin: number; readonly brokenWhen: "high" | "low" } | null;
  /** Without a light barrier: no tag for so long ends a passage. Milliseconds. */
  readonly silenceMs: number;
  /** Weaker reads are a neighbour's tags. */
  readonly weakestDbm: number;
  /** How long after the tote has left late messages still count. Milliseconds. */
  readonly graceMs: number;
  /**
   * A tote that has not left after this time counts as having left: the edge was lost, or a tag stands in the
   * field. Milliseconds.
   */
  readonly longestMs: number;
};

export const PORTAL_DEFAULTS: PortalSettings = {
  lightBarrier: { pin: 1, brokenWhen: "high" },
  silenceMs: 1_000,
  weakestDbm: -65,
  graceMs: 150,
  longestMs: 10_000,
};

/** Throws `MalformedMessage` where a setting is given and is not valid. */
export function readPortalSettings(row: JsonObject): PortalSettings {
  const number = (key: keyof PortalSettings, least: number, most: number): number => {
    const value = row[key];
    if (value === undefined) return PORTAL_DEFAULTS[key] as number;
    if (typeof value === "number" && value >= least && value <= most) return value;
    throw new MalformedMessage("invalid_message", `${key} is not from ${least} to ${most}`);
  };
  return {
    lightBarrier: readLightBarrier(row["lightBarrier"]),
    silenceMs: number("silenceMs", 50, 60_000),
    weakestDbm: number("weakestDbm", -120, 0),
    graceMs: number("graceMs", 0, 10_000),
    longestMs: number("longestMs", 500, 120_000),
  };
}

function readLightBarrier(value: unknown): PortalSettings["lightBarrier"] {
  if (value === undefined) return PORTAL_DEFAULTS.lightBarrier;
  if (value === null) return null;
  const { pin = 1, brokenWhen = "high" } = asObject(value, "lightBarrier");
  const isPin = typeof pin === "number" && Number.isInteger(pin) && pin >= 0 && pin <= 64;
  if (!isPin || (brokenWhen !== "high" && brokenWhen !== "low")) {
    throw new MalformedMessage(
      "invalid_message",
      "lightBarrier needs a pin from 0 to 64, brokenWhen high or low",
    );
  }
  return { pin, brokenWhen };
}
