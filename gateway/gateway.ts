import type { Logger } from "pino";
import type { AllocatorClient } from "../engine/allocator-client.ts";
import type { Carrier } from "../ports/carriers.ts";
import type { ChannelAdapter } from "../ports/channels.ts";
import type { Database } from "../store/database.ts";

/** What the process depends on, for `/readyz`. */
export type DependencyState = { readonly name: string; readonly ready: boolean; readonly detail?: string };

export type GatewayOptions = {
  readonly host: string;
  /** 0: any free port; the one chosen is returned. */
  readonly port: number;
  /** Base URL by which shoppers and carriers reach the gateway; its origin is accepted from browsers. */
  readonly publicUrl: string;
  readonly database: Database;
  readonly allocator: AllocatorClient;
  /** By kind. */
  readonly channelAdapters: ReadonlyMap<string, ChannelAdapter>;
  readonly carrier: Carrier;
  /** The built dashboard; where it does not exist the gateway serves the API only. */
  readonly dashboardFolder: string;
  readonly logger: Logger;
  readonly readiness: () => Promise<readonly DependencyState[]>;
};

export type Gateway = { readonly port: number; stop(): Promise<void> };

export function startGateway(_options: GatewayOptions): Promise<Gateway> {
  return Promise.reject(new Error("the gateway is being built"));
}
