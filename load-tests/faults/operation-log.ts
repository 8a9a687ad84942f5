/**
 * What a client asked for and what it was told, as it happened: one JSON line for each event, one file for
 * each client.
 *
 * What is checked afterwards is read from these files, never from a client's memory.
 */
import { closeSync, openSync, writeSync } from "node:fs";

/**
 * A command on stock, by its id. `lane-…` are operations of a reservation lane: their `holdId` is the lane's
 * number.
 */
export type StockOperation = {
  readonly id: string;
  readonly kind:
    | "receive"
    | "reserve"
    | "release"
    | "allocate"
    | "deallocate"
    | "lane-reserve"
    | "lane-release";
  readonly sku: string;
  readonly locationId: string;
  readonly quantity: number;
  /** The hold that it makes or changes; empty for `receive`. */
  readonly holdId: string;
  /** When its hold ends by itself, in milliseconds since 1970; 0: never. */
  readonly expiresAtMs: number;
  /** The same for a lane's hold, in milliseconds from when the engine makes it. */
  readonly expiresInMs: number;
};

type OrderOperation = {
  readonly id: string;
  readonly kind: "order";
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
};

export type Operation = StockOperation | OrderOperation;

export type LogEvent =
  | {
      readonly event: "invoke";
      readonly atMs: number;
      readonly message: string;
      readonly operations: readonly Operation[];
    }
  /** One result an operation: `applied`, or the code of a refusal. */
  | {
      readonly event: "ok";
      readonly atMs: number;
      readonly message: string;
      readonly results: readonly string[];
    }
  /** The whole message was refused, with a code that promises that nothing was done. */
  | { readonly event: "fail"; readonly atMs: number; readonly message: string; readonly code: string }
  /** Anything may have happened. */
  | { readonly event: "unknown"; readonly atMs: number; readonly message: string; readonly why: string };

export class OperationLog {
  readonly file: string;
  private readonly descriptor: number;

  constructor(file: string) {
    this.file = file;
    this.descriptor = openSync(file, "a");
  }

  /**
   * Written before anything is sent, so that no request can be missing from the log.
   */
  write(event: LogEvent): void {
    writeSync(this.descriptor, `${JSON.stringify(event)}\n`);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
