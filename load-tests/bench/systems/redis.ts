/**
 * Redis doing the same work: stock in one hash, holds in another, check and change in Lua. `appendfsync
 * always`: an answer leaves after the fsync of its turn of the event loop, so Redis groups its commits by
 * itself.
 */
import { Redis, type Result } from "ioredis";
import { pack } from "msgpackr";
import { APPLIED, EXPIRES_IN_MS, type OperationBatch, REFUSED, RESERVE } from "../operations.ts";
import type { Driver, Endpoint, System } from "../system.ts";

/** KEYS: none, so that one script serves all. ARGV of reserve: position, quantity, id, expires at. */
const RESERVE_LUA = `
  local position, quantity, id = ARGV[1], ARGV[2], ARGV[3]
  if redis.call('HSETNX', 'hold', id, position .. ' ' .. quantity .. ' ' .. ARGV[4]) == 0 then return 0 end
  if redis.call('HINCRBY', 'stock', position, -quantity) >= 0 then return 0 end
  redis.call('HINCRBY', 'stock', position, quantity)
  redis.call('HDEL', 'hold', id)
  return 1`;

const RELEASE_LUA = `
  local hold = redis.call('HGET', 'hold', ARGV[1])
  if not hold then return 0 end
  local position, quantity = hold:match('^(%d+) (%d+)')
  redis.call('HDEL', 'hold', ARGV[1])
  redis.call('HINCRBY', 'stock', position, quantity)
  return 0`;

/**
 * ARGV: reservations as MessagePack (position, quantity, id, …), ids to release, expires at. One call reads
 * all holds, one reads all stock, one writes each, because calls are what costs in a script. Returns the
 * refused ones by their place.
 */
const BATCH_LUA = `
  local wanted, gone, expires = cmsgpack.unpack(ARGV[1]), cmsgpack.unpack(ARGV[2]), ARGV[3]
  local ids, distinct, left, refused, rows = {}, {}, {}, {}, {}
  local count = #wanted / 3
  for i = 1, count do
    local position = wanted[3 * i - 2]
    ids[i] = wanted[3 * i]
    if not left[position] then
      left[position] = 0
      distinct[#distinct + 1] = position
    end
  end
  local held = {}
  if #gone > 0 then
    local found = redis.call('HMGET', 'hold', unpack(gone))
    for i = 1, #gone do
      if found[i] then
        local position, quantity = found[i]:match('^(%d+) (%d+)')
        position = tonumber(position)
        held[#held + 1] = { position, tonumber(quantity) }
        if not left[position] then
          left[position] = 0
          distinct[#distinct + 1] = position
        end
      end
    end
    redis.call('HDEL', 'hold', unpack(gone))
  end
  if #distinct == 0 then return refused end
  local stock = redis.call('HMGET', 'stock', unpack(distinct))
  for i = 1, #distinct do left[distinct[i]] = tonumber(stock[i]) end
  if count > 0 then
    local known = redis.call('HMGET', 'hold', unpack(ids))
    for i = 1, count do
      if not known[i] then
        local position, quantity = wanted[3 * i - 2], wanted[3 * i - 1]
        if left[position] >= quantity then
          left[position] = left[position] - quantity
          rows[#rows + 1] = ids[i]
          rows[#rows + 1] = position .. ' ' .. quantity .. ' ' .. expires
        else
          refused[#refused + 1] = i
        end
      end
    end
    if #rows > 0 then redis.call('HSET', 'hold', unpack(rows)) end
  end
  for i = 1, #held do left[held[i][1]] = left[held[i][1]] + held[i][2] end
  local changes = {}
  for i = 1, #distinct do
    changes[2 * i - 1] = distinct[i]
    changes[2 * i] = left[distinct[i]]
  end
  redis.call('HSET', 'stock', unpack(changes))
  return refused`;

declare module "ioredis" {
  interface RedisCommander<Context> {
    reserve(position: number, quantity: number, id: number, expiresAtMs: number): Result<number, Context>;
    release(id: number): Result<number, Context>;
    applyBatch(wanted: Buffer, gone: Buffer, expiresAtMs: number): Result<number[], Context>;
  }
}

export const redisAutoPipelining: System = {
  name: "redis-auto",
  title: "Redis, Lua a reservation, auto-pipelined",
  server: "redis",
  note: "EVALSHA a reservation; ioredis sends what one turn of the event loop has asked for as one pipeline.",
  exact: true,
  variants: [128, 512, 2_048].map((inFlight) => ({
    name: `${inFlight} in flight`,
    inFlight,
    batch: 1,
    connections: 1,
  })),
  connect: async (endpoint) => driver(connect(endpoint, true), applyOne),
};

export const redisPipelined: System = {
  name: "redis-pipelined",
  title: "Redis, Lua a reservation, explicit pipelines",
  server: "redis",
  note: "EVALSHA a reservation, in explicit pipelines.",
  exact: true,
  variants: [64, 256, 1_024].map((batch) => ({
    name: `pipelines of ${batch}, 4 in flight`,
    inFlight: 4,
    batch,
    connections: 1,
  })),
  connect: async (endpoint) => driver(connect(endpoint, false), applyPipeline),
};

export const redisBatched: System = {
  name: "redis-batched",
  title: "Redis, one Lua call a batch",
  server: "redis",
  note: "One EVALSHA for N reservations, which reads and writes holds and stock as sets: its best form.",
  exact: true,
  variants: [256, 1_024, 2_048].flatMap((batch) =>
    [2, 4].map((inFlight) => ({
      name: `${batch} a call, ${inFlight} in flight`,
      inFlight,
      batch,
      connections: 1,
      quick: batch === 1_024,
    })),
  ),
  connect: async (endpoint) => driver(connect(endpoint, false), applyBatch),
};

export const redisCounter: System = {
  name: "redis-counter",
  title: "Redis, bare DECRBY counter",
  server: "redis",
  note: "NOT the same work: no check, no hold, no expiry, no idempotency; it oversells, and a retry counts twice.",
  exact: false,
  variants: [{ name: "pipelines of 1024, 4 in flight", inFlight: 4, batch: 1_024, connections: 1 }],
  connect: async (endpoint) => driver(connect(endpoint, false), applyCounter),
};

function connect({ url }: Endpoint, enableAutoPipelining: boolean): Redis {
  const redis = new Redis(url, { enableAutoPipelining, maxRetriesPerRequest: 0 });
  redis.defineCommand("reserve", { numberOfKeys: 0, lua: RESERVE_LUA });
  redis.defineCommand("release", { numberOfKeys: 0, lua: RELEASE_LUA });
  redis.defineCommand("applyBatch", { numberOfKeys: 0, lua: BATCH_LUA });
  return redis;
}

const LOAD_FIELDS = 2_000;

function driver(
  redis: Redis,
  apply: (redis: Redis, worker: number, batch: OperationBatch) => Promise<Uint8Array | null>,
): Driver {
  return {
    load: async (units) => {
      await redis.flushall();
      for (let from = 0; from < units.length; from += LOAD_FIELDS) {
        const fields: number[] = [];
        const to = Math.min(units.length, from + LOAD_FIELDS);
        for (let position = from; position < to; position += 1) fields.push(position, units[position] ?? 0);
        await redis.hset("stock", ...fields);
      }
    },
    apply: (worker, batch) => apply(redis, worker, batch),
    remaining: async (positions) => {
      const remaining = new Int32Array(positions);
      for (let from = 0; from < positions; from += LOAD_FIELDS) {
        const count = Math.min(LOAD_FIELDS, positions - from);
        const values = await redis.hmget(
          "stock",
          ...Array.from({ length: count }, (_, i) => String(from + i)),
        );
        for (const [index, value] of values.entries()) remaining[from + index] = Number(value);
      }
      return remaining;
    },
    close: async () => {
      await redis.quit();
    },
  };
}

/** Worker and number in one integer, as in the SQL forms. */
function holdId(worker: number, batch: OperationBatch, index: number): number {
  return worker * 4_294_967_296 + batch.number(index);
}

async function applyOne(redis: Redis, worker: number, batch: OperationBatch): Promise<Uint8Array> {
  const id = holdId(worker, batch, 0);
  const code =
    batch.kind(0) === RESERVE
      ? await redis.reserve(batch.position(0), batch.quantity(0), id, Date.now() + EXPIRES_IN_MS)
      : await redis.release(id);
  return Uint8Array.of(code);
}

async function applyPipeline(redis: Redis, worker: number, batch: OperationBatch): Promise<Uint8Array> {
  const expiresAtMs = Date.now() + EXPIRES_IN_MS;
  const pipeline = redis.pipeline();
  for (let index = 0; index < batch.length; index += 1) {
    const id = holdId(worker, batch, index);
    if (batch.kind(index) === RESERVE) {
      pipeline.reserve(batch.position(index), batch.quantity(index), id, expiresAtMs);
    } else {
      pipeline.release(id);
    }
  }
  return codesOf(await pipeline.exec());
}

async function applyBatch(redis: Redis, worker: number, batch: OperationBatch): Promise<Uint8Array | null> {
  const wanted: number[] = [];
  const gone: number[] = [];
  const indices: number[] = [];
  for (let index = 0; index < batch.length; index += 1) {
    const id = holdId(worker, batch, index);
    if (batch.kind(index) === RESERVE) {
      wanted.push(batch.position(index), batch.quantity(index), id);
      indices.push(index);
    } else {
      gone.push(id);
    }
  }
  const refused = await redis.applyBatch(pack(wanted), pack(gone), Date.now() + EXPIRES_IN_MS);
  if (refused.length === 0) return null;
  const codes = new Uint8Array(batch.length).fill(APPLIED);
  for (const ordinal of refused) codes[indices[ordinal - 1] ?? 0] = REFUSED;
  return codes;
}

async function applyCounter(redis: Redis, _worker: number, batch: OperationBatch): Promise<null> {
  const pipeline = redis.pipeline();
  for (let index = 0; index < batch.length; index += 1) {
    const quantity = batch.quantity(index);
    pipeline.hincrby(
      "stock",
      String(batch.position(index)),
      batch.kind(index) === RESERVE ? -quantity : quantity,
    );
  }
  for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
  return null;
}

function codesOf(results: readonly (readonly [Error | null, unknown])[] | null): Uint8Array {
  return Uint8Array.from(results ?? [], ([error, value]) => {
    if (error !== null) throw error;
    return Number(value);
  });
}
