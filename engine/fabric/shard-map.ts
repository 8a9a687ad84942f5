/**
 * Which process has which shard, as all processes see it: a hash in Redis, a field for each shard, with the
 * epoch of its lease and the name of its owner.
 *
 * It says where to ask, and decides nothing. Who asks at the wrong place is told so by the owner's lease in
 * PostgreSQL, whose epoch alone keeps two from writing. An entry gives way to a newer epoch only, so that
 * a former owner that wakes up does not lead anybody to itself.
 */
import { shardOf } from "../shard/shard-of.ts";
import type { FabricLink } from "./fabric-link.ts";

const KEY = "shards";
/** The field that says how many shards the database is laid out for. */
const COUNT = "count";
const NOTICE = "shards-moved";

/** How long it is believed after its last owner has said a word. */
const BELIEVED_MS = 10_000;

/**
 * ARGV: milliseconds that it is believed, the name of the owner, how many shards there are in all, then a
 * shard and its epoch, and so on. Shards that the owner had before and does not name are nobody's.
 */
const CLAIM = `
local moved = 0
local named = {}
for at = 4, #ARGV, 2 do
  named[ARGV[at]] = true
  local known = redis.call('HGET', KEYS[1], ARGV[at])
  local epoch = known and tonumber(string.match(known, '^%d+')) or -1
  if tonumber(ARGV[at + 1]) > epoch then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1] .. ' ' .. ARGV[2])
    moved = moved + 1
  end
end
for _, shard in ipairs(redis.call('HKEYS', KEYS[1])) do
  if shard ~= '${COUNT}' and not named[shard] and
      string.match(redis.call('HGET', KEYS[1], shard), '^%d+ (.*)$') == ARGV[2] then
    redis.call('HDEL', KEYS[1], shard)
    moved = moved + 1
  end
end
redis.call('HSET', KEYS[1], '${COUNT}', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return moved
`;

export type OwnedShard = { readonly shard: number; readonly epoch: number };

/**
 * Tells all processes which shards this one has, of `shardCount` in all: these, and no others. Rejects while
 * Redis is away.
 */
export async function claimShards(
  link: FabricLink,
  shards: readonly OwnedShard[],
  shardCount: number,
): Promise<void> {
  const pairs = shards.flatMap(({ shard, epoch }) => [shard, epoch]);
  const moved = await link.run(CLAIM, KEY, [BELIEVED_MS, link.self, shardCount, ...pairs]);
  if (moved !== 0) await link.notice(NOTICE);
}

/** What a process knows of those that have shards. */
export class ShardMap {
  private readonly link: FabricLink;
  private readonly onMoved: () => void;
  /** By shard; undefined: nobody is known. */
  private ownersByShard: readonly (string | undefined)[] = [];
  private present: ReadonlySet<string> = new Set();
  private reading: Promise<void> | null = null;
  private isStale = false;

  /** @param onMoved called when any shard has another owner than before */
  constructor(link: FabricLink, onMoved: () => void) {
    this.link = link;
    this.onMoved = onMoved;
    void link.onNotice(NOTICE, () => void this.read());
    link.onUp(() => void this.read());
  }

  /** Who has what concerns a SKU, or an order's id. Null: nobody is known. */
  ownerOf(key: string): string | null {
    const count = this.ownersByShard.length;
    return count === 0 ? null : this.ownerOfShard(shardOf(key, count));
  }

  ownerOfShard(shard: number): string | null {
    return this.ownersByShard[shard] ?? null;
  }

  /** In all; 0: not known yet. */
  shardCount(): number {
    return this.ownersByShard.length;
  }

  /** Those who have shards. */
  owners(): ReadonlySet<string> {
    return this.present;
  }

  /** Reads it again. Never rejects: while Redis is away everything stays as it was. */
  read(): Promise<void> {
    this.isStale = true;
    this.reading ??= this.readWhileStale().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  private async readWhileStale(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      await this.readNow().catch(() => {});
    }
  }

  private async readNow(): Promise<void> {
    const { [COUNT]: count, ...entries } = await this.link.readHash(KEY);
    const owners = Array.from({ length: Number(count ?? 0) }, (_, shard) =>
      entries[shard]?.replace(/^\d+ /, ""),
    );
    const before = this.ownersByShard;
    const isSame = owners.length === before.length && owners.every((owner, shard) => owner === before[shard]);
    if (isSame) return;
    this.ownersByShard = owners;
    this.present = new Set(owners.filter((owner) => owner !== undefined));
    this.onMoved();
  }
}
