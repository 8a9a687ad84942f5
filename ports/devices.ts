/**
 * What the edge needs to know of devices and does not know itself: which protocols and settings there are,
 * which topics a device speaks on, and how the bridge is. The folder of the devices provides it; whoever
 * composes the process hands it over.
 */
import type { DistributionFigures } from "../config/distribution.ts";

/** What is registered of a device and decides its topics. */
export type RegisteredDevice = {
  readonly id: string;
  readonly locationId: string;
  readonly kind: "robot" | "conveyor" | "rfid_portal";
  readonly protocol: string;
  readonly settings: Readonly<Record<string, unknown>>;
};

/** Topic filters of MQTT: `+` is any level, `#` any that follow. */
export type DeviceTopics = {
  /** What the device may say. */
  readonly publish: readonly string[];
  /** What is said to it. */
  readonly subscribe: readonly string[];
};

/** A setting of a kind, as a form shows it. */
export type SettingField = {
  readonly name: string;
  readonly type: "text" | "number" | "switch" | "json";
  readonly unit: string | null;
  /** What holds where it is left out; null: nothing does, or it is as the help says. */
  readonly usual: unknown;
  readonly help: string;
};

export type DeviceProtocols = {
  /** Every protocol of every kind, as a registration names it. */
  readonly protocols: Readonly<Record<RegisteredDevice["kind"], readonly string[]>>;
  readonly settingFields: Readonly<Record<RegisteredDevice["kind"], readonly SettingField[]>>;
  /** @returns what is wrong with it, in a sentence; null: nothing */
  problemOf(device: RegisteredDevice): string | null;
  /** By which the broker knows a device. */
  userNameOf(deviceId: string): string;
  /** As the broker knows them. */
  topicsOf(device: RegisteredDevice): DeviceTopics;
  /** Whether there is a topic on which both would speak. */
  sharesTopics(a: RegisteredDevice, b: RegisteredDevice): boolean;
};

export type BridgeStatus = {
  /** The bridge's own connections to the broker. */
  readonly sessions: readonly {
    readonly name: string;
    readonly connected: boolean;
    /** How often it has come back since the process started. */
    readonly reconnects: number;
  }[];
  readonly devices: readonly {
    readonly kind: RegisteredDevice["kind"];
    readonly connection: string;
    readonly count: number;
  }[];
  /** Seconds from a message until it may be acknowledged. Since the process started, as what follows. */
  readonly handled: DistributionFigures;
  readonly deadLetters: ReadonlyMap<string, number>;
  readonly events: ReadonlyMap<string, number>;
};
