/** What the main thread and the bridge's thread tell each other. Everything is plain data. */
import type { OrderWork } from "../../config/trace.ts";
import type { PlainFault } from "../../engine/errors.ts";
import type { FloorStock } from "../../operations/context.ts";
import type { BridgeStatus } from "../../ports/devices.ts";
import type { MqttConnection } from "../mqtt/mqtt-session.ts";

/** With what the thread is started. */
export type BridgeSettings = {
  readonly databaseUrl: string;
  readonly mqttUrl: string;
  readonly mqtt?: Omit<MqttConnection, "url">;
  /** Of the lease under which the bridge speaks with the devices; absent: nobody else could. */
  readonly leaseEpoch?: number;
  /** Whose devices the bridge speaks with, and has the lease of; absent: those of all sites. */
  readonly site?: string;
  /** GS1 company prefixes that are ours. */
  readonly companyPrefixes: readonly string[];
  /** Of pino. */
  readonly logLevel: string;
  /** Whether somebody collects traces. */
  readonly isTraced: boolean;
};

/** A question to the stock: one of its methods, and what it is given. */
export type StockQuestion = {
  [Method in keyof FloorStock]: {
    readonly kind: "ask";
    readonly id: number;
    readonly method: Method;
    readonly given: Parameters<FloorStock[Method]>;
  };
}[keyof FloorStock];

export type ToMain =
  | StockQuestion
  | { readonly kind: "started"; readonly status: BridgeStatus }
  | { readonly kind: "status"; readonly status: BridgeStatus }
  /** A line of pino. */
  | { readonly kind: "log"; readonly line: string }
  /** Something that was done for an order, for its trace. */
  | { readonly kind: "work"; readonly work: OrderWork }
  | { readonly kind: "stopped" };

export type ToBridge =
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "fault"; readonly id: number; readonly fault: PlainFault }
  | { readonly kind: "stop" };
