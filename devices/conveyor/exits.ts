/**
 * Which exits a conveyor has, and which one a tote takes. A portal of the conveyor's site is an exit by its
 * registered id; the others are in the conveyor's settings.
 */
import type { Logger } from "pino";
import type { DeviceRow } from "../../store/floor/devices.ts";
import type { ToteOnTheFloor } from "../../store/floor/floor-tasks.ts";
import type { Device, DeviceRegistry } from "../mqtt/device-registry.ts";
import { CONVEYOR_DEFAULTS, type ConveyorSettings, readConveyorSettings } from "./conveyor-settings.ts";

const BEFORE_PACKING: ReadonlySet<string> = new Set([
  "waiting",
  "picking",
  "picked",
  "conveying",
  "verifying",
]);

export type ExitChoice = {
  readonly exit: string;
  /** The tote has gone round too often for the exit that it would have had. */
  readonly wentRound: boolean;
};

export class Exits {
  private readonly registry: DeviceRegistry;
  private readonly logger: Logger;
  /** Of each row as it was read: a change is a new row. */
  private readonly settings = new WeakMap<DeviceRow, ConveyorSettings>();

  constructor(registry: DeviceRegistry, logger: Logger) {
    this.registry = registry;
    this.logger = logger;
  }

  /** A portal, there or not, reads the tags at a guarded exit; `unknown`: the conveyor has no such exit. */
  kindOf(conveyor: Device, exit: string): "guarded" | "manned" | "unknown" {
    if (this.registry.isAt(exit, conveyor.row.locationId, "rfid_portal")) return "guarded";
    const { lanes, manualLane, exceptionLane, roundsLane } = this.settingsOf(conveyor);
    return [manualLane, exceptionLane, roundsLane, ...lanes].includes(exit) ? "manned" : "unknown";
  }

  exceptionLane(conveyor: Device): string {
    return this.settingsOf(conveyor).exceptionLane;
  }

  /** Spreads totes over the portals by their number; one that comes round again tries the next portal. */
  choose(conveyor: Device, tote: ToteOnTheFloor | undefined, rounds: number): ExitChoice {
    const { manualLane, exceptionLane, roundsLane, mostRounds } = this.settingsOf(conveyor);
    const expected =
      tote !== undefined &&
      tote.locationId === conveyor.row.locationId &&
      (tote.status === "open" || tote.status === "in_progress") &&
      BEFORE_PACKING.has(tote.stage);
    if (!expected) return { exit: exceptionLane, wentRound: false };
    if (rounds > mostRounds) return { exit: roundsLane, wentRound: true };
    const portals = this.registry.online(tote.locationId, "rfid_portal");
    const serial = Number(tote.handlingUnit.slice(8, 17)) || 0;
    const portal = portals[(serial + Math.max(0, rounds - 1)) % Math.max(1, portals.length)];
    return { exit: portal?.row.id ?? manualLane, wentRound: false };
  }

  private settingsOf({ row }: Device): ConveyorSettings {
    const known = this.settings.get(row);
    if (known !== undefined) return known;
    const settings = this.readSettings(row);
    this.settings.set(row, settings);
    return settings;
  }

  private readSettings(row: DeviceRow): ConveyorSettings {
    try {
      return readConveyorSettings(row.settings);
    } catch (error) {
      this.logger.error(
        { err: error, conveyor: row.id },
        "conveyor settings not understood: the usual ones apply",
      );
      return CONVEYOR_DEFAULTS;
    }
  }
}
