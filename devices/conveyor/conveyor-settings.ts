/**
 * How a conveyor is built, from its row's settings: its exits beside the portals of its site, and how often a
 * tote may go round. What is left out is as most conveyors are.
 */
import { asArray, integerField, type JsonObject, MalformedMessage } from "../mqtt/json-reader.ts";
import { readOfflineAfter } from "../mqtt/offline-after.ts";

export type ConveyorSettings = {
  /** Exits where people work, beside the manual and the exception exit. Portals are exits by their ids. */
  readonly lanes: readonly string[];
  /** Where totes go while no portal is there: people pack at it. */
  readonly manualLane: string;
  /** Where totes go that nobody expects: people look at them. */
  readonly exceptionLane: string;
  /** So often a tote comes to a scanner without having left; then it goes to `roundsLane`. */
  readonly mostRounds: number;
  readonly roundsLane: string;
};

export const CONVEYOR_DEFAULTS: ConveyorSettings = {
  lanes: [],
  manualLane: "manual",
  exceptionLane: "exception",
  mostRounds: 8,
  roundsLane: "exception",
};

const MOST_LANES = 256;

/** Throws `MalformedMessage` where a setting is given and is not valid. */
export function readConveyorSettings(row: JsonObject): ConveyorSettings {
  readOfflineAfter("conveyor", row);
  const lane = (key: keyof ConveyorSettings, otherwise: string): string =>
    row[key] === undefined ? otherwise : asLane(row[key], key);
  const exceptionLane = lane("exceptionLane", CONVEYOR_DEFAULTS.exceptionLane);
  return {
    lanes:
      row["lanes"] === undefined
        ? CONVEYOR_DEFAULTS.lanes
        : asArray(row["lanes"], "lanes", MOST_LANES).map((each) => asLane(each, "lanes")),
    manualLane: lane("manualLane", CONVEYOR_DEFAULTS.manualLane),
    exceptionLane,
    mostRounds:
      row["mostRounds"] === undefined
        ? CONVEYOR_DEFAULTS.mostRounds
        : integerField(row, "mostRounds", 1, 1_000),
    roundsLane: lane("roundsLane", exceptionLane),
  };
}

function asLane(value: unknown, key: string): string {
  if (typeof value === "string" && /^[A-Za-z0-9_.:-]{1,64}$/.test(value)) return value;
  throw new MalformedMessage(
    "invalid_message",
    `${key} needs names of 1 to 64 letters, digits and any of _ . : -`,
  );
}
