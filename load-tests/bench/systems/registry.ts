/** Every system that the bench drives over the wire, in the order of the report. */
import type { System } from "../system.ts";
import { captureByRest, captureByStream } from "./holdfast-capture.ts";
import { holdfastCommands } from "./holdfast-commands.ts";
import { holdfast, holdfastNotDurable } from "./holdfast-lanes.ts";
import { jsonGateway } from "./json-gateway.ts";
import { postgresBatched } from "./postgres-batched.ts";
import { captureByFunction, captureInBatches } from "./postgres-capture.ts";
import { postgresNaive } from "./postgres-naive.ts";
import { postgresUnitRows } from "./postgres-unit-rows.ts";
import { redisAutoPipelining, redisBatched, redisCounter, redisPipelined } from "./redis.ts";

export const SYSTEMS: readonly System[] = [
  holdfast,
  holdfastNotDurable,
  holdfastCommands,
  jsonGateway,
  postgresNaive,
  postgresBatched,
  postgresUnitRows,
  redisAutoPipelining,
  redisPipelined,
  redisBatched,
  redisCounter,
];

/** What the bench of whole orders drives over the wire. */
export const CAPTURE_SYSTEMS: readonly System[] = [
  captureByStream,
  captureByRest,
  captureByFunction,
  captureInBatches,
  holdfastCommands,
];

export function systemNamed(name: string): System {
  const system = [...SYSTEMS, ...CAPTURE_SYSTEMS].find((one) => one.name === name);
  if (system === undefined) throw new Error(`there is no system ${name}`);
  return system;
}
