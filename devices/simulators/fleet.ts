import type { Logger } from "pino";

/** A row for the device table. */
export type SimulatedDevice = {
  readonly id: string;
  readonly locationId: string;
  readonly kind: "robot" | "conveyor" | "rfid_portal";
  readonly protocol: string;
  readonly name: string;
};

export type Fleet = { setSpeed(speed: number): void; stop(): Promise<void> };

export function simulatedDevices(_locationIds: readonly string[]): SimulatedDevice[] {
  throw new Error("being built");
}

export async function startFleet(_options: {
  readonly mqttUrl: string;
  readonly username?: string;
  readonly password?: string;
  readonly devices: readonly SimulatedDevice[];
  readonly speed: number;
  readonly logger: Logger;
}): Promise<Fleet> {
  throw new Error("being built");
}
