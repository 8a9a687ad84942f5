/**
 * Which process has which shard, as all processes see it: a hash in Redis, a field for each shard, with the
 * epoch of its lease and the name of its owner.
 *
 * It says where to ask, and decides nothing. Who asks at the wrong place is told so by the owner's lease in
 * PostgreSQL, whose epoch alone keeps two from writing. An entry gives way to a newer epoch only, so that
 * a former owner that wakes up does not lead anybody to itself.
 */
import type { FabricLink } from "./fabric-link.ts";

const KEY = "shards";
const NOTICE = "shards-moved";

/** How long it is believed after its last owner has said a word. */
const BELIEVED_MS = 10_000;

/**
 * ARGV: milliseconds that it is believed, then the name of the owner, then a shard and its epoch, and so on.
 */
const CLAIM = `
local moved = 0
for at = 3, #ARGV, 2 do
  local known = redis.call('HGET', KEYS[1], ARGV[at])
  local epoch = known and tonumber(string.match(known, '^%d+')) or -1
  local entry = ARGV[at + 1] .. ' ' .. ARGV[2]
  if tonumber(ARGV[at + 1]) > epoch then
    redis.call('HSET', KEYS[1], ARGV[at], entry)
    moved = moved + 1
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return moved
`;

/** ARGV: the name of an owner. What others have by now stays. */
const LEAVE = `
local left = 0
for _, shard in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.match(redis.call('HGET', KEYS[1], shard), '^%d+ (.*)$') == ARGV[1] then
    redis.call('HDEL', KEYS[1], shard)
    left = left + 1
  end
end
return left
`;

export type OwnedShard = { readonly shard: number; readonly epoch: number };

/** Tells all processes that this one has the shards. Rejects while Redis is away. */
export async function claimShards(link: FabricLink, shards: readonly OwnedShard[]): Promise<void> {
  const pairs = shards.flatMap(({ shard, epoch }) => [shard, epoch]);
  const moved = await link.run(CLAIM, KEY, [BELIEVED_MS, link.self, ...pairs]);
  if (moved !== 0) await link.notice(NOTICE);
}

/** Tells all processes that this one has no shard any more. Rejects while Redis is away. */
export async function leaveShards(link: FabricLink): Promise<void> {
  if ((await link.run(LEAVE, KEY, [link.self])) !== 0) await link.notice(NOTICE);
}

/** What a process that has no shard knows of those that have. */
export class ShardMap {
  private readonly link: FabricLink;
  private readonly onMoved: () => void;
  private ownerNow: string | null = null;
  private reading: Promise<void> | null = null;
  private isStale = false;

  /** @param onMoved called when the owner is another one than before */
  constructor(link: FabricLink, onMoved: () => void) {
    this.link = link;
    this.onMoved = onMoved;
    void link.onNotice(NOTICE, () => void this.read());
    link.onUp(() => void this.read());
  }

  /** Who has the shards: one process all of them, as long as they are not spread. Null: nobody is known. */
  owner(): string | null {
    return this.ownerNow;
  }

  /** Reads it again. Never rejects: while Redis is away the owner stays who it was. */
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
    const { 0: entry } = await this.link.readHash(KEY);
    const owner = entry?.replace(/^\d+ /, "") ?? null;
    if (owner === this.ownerNow) return;
    this.ownerNow = owner;
    this.onMoved();
  }
}
