import type { Logger } from "pino";
import type { AllocatorClient } from "../engine/allocator-client.ts";
import type { Database } from "../store/database.ts";

export type DeviceBridge = { stop(): Promise<void> };

export async function startDeviceBridge(_options: {
  readonly mqttUrl: string;
  readonly username?: string;
  readonly password?: string;
  readonly database: Database;
  readonly allocator: AllocatorClient;
  readonly logger: Logger;
}): Promise<DeviceBridge> {
  throw new Error("being built");
}
