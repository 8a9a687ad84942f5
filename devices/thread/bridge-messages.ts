/** What the main thread and the bridge's thread tell each other. Everything is plain data. */
import { EngineError, type EngineErrorCode } from "../../engine/errors.ts";
import type { FloorStock } from "../../operations/context.ts";
import type { BridgeStatus } from "../../ports/devices.ts";
import type { MqttConnection } from "../mqtt/mqtt-session.ts";

/** With what the thread is started. */
export type BridgeSettings = {
  readonly databaseUrl: string;
  readonly mqttUrl: string;
  readonly mqtt?: Omit<MqttConnection, "url">;
  /** GS1 company prefixes that are ours. */
  readonly companyPrefixes: readonly string[];
  /** Of pino. */
  readonly logLevel: string;
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
  | { readonly kind: "stopped" };

export type ToBridge =
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "fault"; readonly id: number; readonly fault: StockFault }
  | { readonly kind: "stop" };

/** An error as plain data: `code` is that of an `EngineError`, `null` for any other. */
export type StockFault = {
  readonly code: EngineErrorCode | null;
  readonly message: string;
  readonly retryAfterMs: number | null;
};

export function faultOf(error: unknown): StockFault {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof EngineError)) return { code: null, message, retryAfterMs: null };
  return { code: error.code, message, retryAfterMs: error.retryAfterMs ?? null };
}

export function errorOf({ code, message, retryAfterMs }: StockFault): Error {
  if (code === null) return new Error(message);
  return new EngineError(code, message, retryAfterMs === null ? {} : { retryAfterMs });
}
