/** Where nodes say that they are there, and where the leases are: PostgreSQL, or a simulation of it. */
import type { EngineNodeRow, ShardLease } from "../../store/journal/engine-nodes.ts";

export interface NodeBook {
  /** Says that this node is there. */
  tell(isDraining: boolean): Promise<void>;
  /** All nodes and leases of this moment. */
  read(): Promise<{ readonly nodes: readonly EngineNodeRow[]; readonly leases: readonly ShardLease[] }>;
  /** Takes those of the leases that are as they were seen. @returns the new epochs */
  take(seen: readonly ShardLease[]): Promise<ReadonlyMap<number, number>>;
  /** Gives up the leases that this node has under these epochs. */
  release(epochs: ReadonlyMap<number, number>): Promise<void>;
  /** Takes no part any more. */
  leave(): Promise<void>;
}
