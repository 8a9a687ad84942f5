import type { Logger } from "pino";
import type { AllocatorClient } from "./allocator-client.ts";
import { EngineError } from "./errors.ts";

export type EngineOptions = {
  readonly databaseUrl: string;
  readonly threads: number;
  readonly shards: number;
  readonly logger: Logger;
};

export type Engine = {
  readonly client: AllocatorClient;
  /** Resolves once every movement committed before the call is in `stock_movement` and `stock_position`. */
  projected(): Promise<void>;
  stop(): Promise<void>;
};

export function startEngine(_options: EngineOptions): Promise<Engine> {
  return Promise.reject(new EngineError("engine_stopped", "the engine is being built"));
}
