/** What every simulated device is given. */
import type { Logger } from "pino";
import type { DeviceClientOptions } from "./device-client.ts";
import type { Faults } from "./faults.ts";
import type { Pace } from "./pace.ts";

export type Surroundings = {
  readonly connection: Pick<DeviceClientOptions, "mqttUrl" | "mqtt" | "passwordOf" | "faults">;
  readonly pace: Pace;
  readonly faults: Faults;
  readonly logger: Logger;
};

export type SimulatedPart = {
  connected(): Promise<void>;
  stop(): Promise<void>;
};

/** A wait that was cut short by the fleet's stop. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
