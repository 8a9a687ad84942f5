/** Every system that the bench drives over the wire, in the order of the report. */
import type { System } from "../system.ts";
import { holdfastCommands } from "./holdfast-commands.ts";
import { holdfast, holdfastNotDurable } from "./holdfast-lanes.ts";
import { holdfastOrders } from "./holdfast-orders.ts";
import { jsonGateway } from "./json-gateway.ts";
import { postgresBatched } from "./postgres-batched.ts";
import { postgresNaive } from "./postgres-naive.ts";
import { postgresOrders } from "./postgres-orders.ts";
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
  holdfastOrders,
  postgresOrders,
];

export function systemNamed(name: string): System {
  const system = SYSTEMS.find((one) => one.name === name);
  if (system === undefined) throw new Error(`there is no system ${name}`);
  return system;
}
