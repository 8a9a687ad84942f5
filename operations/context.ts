/**
 * What every operation needs. An operation is one thing that a channel, a device or a person may do to an
 * order: a short use case over the store, the allocator client and the outbox. Whoever calls it (gateway,
 * device bridge) has authenticated the caller and parsed the input; the operation decides and commits.
 */
import type { AllocatorClient } from "../engine/allocator-client.ts";
import type { Database } from "../store/sql/database.ts";

export type OperationContext = {
  readonly database: Database;
  readonly allocator: AllocatorClient;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
};
