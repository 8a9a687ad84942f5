/**
 * What the bench needs of a system, and where its parts run: servers in processes of their own, the driver in
 * a client process.
 */
import type { OperationBatch } from "./operations.ts";

/** `postgres-catalog`: PostgreSQL alone, with Holdfast's tables and the products of the bench. */
export type ServerKind =
  | "core"
  | "core-not-durable"
  | "json-gateway"
  | "postgres"
  | "postgres-catalog"
  | "redis";

/** How to reach the servers that were started for a system. */
export type Endpoint = { readonly url: string; readonly key: string };

/** One way to drive a system. Where there are several, the best one is found before the rounds. */
export type Variant = {
  readonly name: string;
  /** Requests that may be unanswered at a time. */
  readonly inFlight: number;
  /** Operations of one request. */
  readonly batch: number;
  /** Connections that carry them. */
  readonly connections: number;
  /** Whether the quick form tries it too. */
  readonly quick?: boolean;
};

export type System = {
  readonly name: string;
  readonly title: string;
  readonly server: ServerKind;
  /** Whether it refuses what it does not have. A system that does not has no sell-out to audit. */
  readonly exact: boolean;
  /** A request is an order of the trace, one to five lines, instead of a batch. */
  readonly orders?: true;
  /** What a reader must know in order to compare it. */
  readonly note: string;
  readonly variants: readonly Variant[];
  connect(endpoint: Endpoint, variant: Variant): Promise<Driver>;
};

export interface Driver {
  /** Puts `units[i]` units on position i of an empty system. */
  load(units: Uint32Array): Promise<void>;

  /**
   * Applies a worker's operations. Resolves once they are as durable as the system makes them. An operation
   * is identified by worker and number: a repeat must not take effect twice.
   *
   * @returns one code for each operation (`operations.ts`); null: all of them applied
   */
  apply(worker: number, batch: OperationBatch): Promise<Uint8Array | null>;

  /** Units that position i can still promise. */
  remaining(positions: number): Promise<Int32Array>;

  close(): Promise<void>;
}

/** The forms that were best on a machine like the published one. The full form tries all of them. */
export function shortlist(system: System): System {
  const chosen = system.variants.filter((variant) => variant.quick === true);
  return chosen.length === 0
    ? { ...system, variants: system.variants.slice(0, 1) }
    : { ...system, variants: chosen };
}
