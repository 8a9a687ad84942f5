/**
 * Where the numbers come from. Each part of the process counts by itself and says it as plain data; whoever
 * composes the process hands over what there is. What a process does not have, it has no numbers of.
 */
import type { ChannelCallFigures } from "../../config/channel-calls.ts";
import type { JobFigures } from "../../config/job-log.ts";
import type { AllocatorClient, EngineFigures } from "../../engine/allocator-client.ts";
import type { BridgeStatus } from "../../ports/devices.ts";
import type { SagaFigures } from "../../ports/sagas.ts";
import type { SystemFigures } from "../../store/figures/system-figures.ts";
import type { PoolFigures } from "../../store/sql/database.ts";

export type MetricSources = {
  /** Name of this process among those of its system. */
  readonly node: string;
  readonly version: string;
  readonly roles: readonly string[];
  /** Absent: the engine is another process's, and has its numbers there. */
  readonly allocator?: Pick<AllocatorClient, "status">;
  /** Connections to PostgreSQL, by the name of the pool. */
  readonly pools: () => Readonly<Record<string, PoolFigures>>;
  /** What the database says of the whole system. Rejects where it is away. */
  readonly readSystem: () => Promise<SystemFigures>;
  readonly dependencies: () => Promise<readonly { readonly name: string; readonly ready: boolean }[]>;
  readonly jobs: () => readonly JobFigures[];
  /** Absent: channels are another process's. */
  readonly channelCalls?: () => readonly (ChannelCallFigures & { readonly channel: string })[];
  readonly engine?: () => EngineFigures;
  readonly sagas?: () => SagaFigures;
  readonly bridge?: () => BridgeStatus;
};
