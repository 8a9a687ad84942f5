/**
 * What every operation needs. An operation is one thing that a channel, a device or a person may do to an
 * order: a short use case over the store, the allocator client and the outbox. The caller (gateway, device
 * bridge) has authenticated and parsed; the operation decides and commits.
 */
import type { AllocatorClient } from "../engine/allocator-client.ts";
import type { ChannelAdapter } from "../ports/channels.ts";
import type { ParcelLimit } from "../ports/parcel-limit.ts";
import type { Caller } from "../store/audit-log/record-audit.ts";
import type { Database } from "../store/sql/database.ts";

export type OperationContext = {
  readonly database: Database;
  readonly allocator: AllocatorClient;
  readonly parcelLimit: ParcelLimit;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Whose request this is; absent: the system does it by itself. */
  readonly caller?: Caller;
  /**
   * Where other processes have an engine: the way there (`at-engine.ts`). Absent: this one has the only
   * one.
   */
  readonly engineProcess?: EngineProcess;
  /** By which orders of channels are read where they are captured, by kind. */
  readonly channelAdapters?: ReadonlyMap<string, ChannelAdapter>;
};

/** The process that has the engine, or the part of it that an order is at home in. */
export type EngineProcess = {
  /** Has an operation carried out there. What it is given, and what it answers, is plain data. */
  carryOut(operation: string, given: unknown, caller: Caller | undefined, orderId: string): Promise<unknown>;
};

/** What the floor asks of the stock. Its answers may come from another thread. */
export type FloorStock = Pick<AllocatorClient, "execute" | "holds" | "positions" | "availableByLocation">;

/** What an operation of the floor needs: the device bridge has no more than this. */
export type FloorContext = Pick<OperationContext, "database" | "now"> & { readonly allocator: FloorStock };

/** Who does it, for the audit log: `by`, with the address and the request behind it where there is one. */
export function callerIn({ caller }: Pick<OperationContext, "caller">, by: string): Caller {
  return { companyId: null, address: null, requestId: null, ...caller, by };
}
