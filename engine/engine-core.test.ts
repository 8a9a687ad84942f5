/**
 * A small seeded simulation: the real core, committer, rounds, shards and recovery over a disk and a host that crash.
 *
 * The disk decides per commit, from the seed, whether it succeeds, fails before or after writing, or whether another
 * owner takes over first; the host loses shards. Checked at the end of every run against the clients' own log.
 */
import { expect, it } from "vitest";
import type { StockOutcome } from "../actors/commands.ts";
import type { JournalRow } from "../store/journal.ts";
import type { SnapshotRow } from "../store/snapshot.ts";
import { LOCATIONS, orderRequest, receive, silentLogger } from "../test-support/engine.ts";
import { Allocator } from "./allocator.ts";
import type { CommitWriter, OrderReservation } from "./allocator-client.ts";
import { compact } from "./compaction.ts";
import { EngineCore } from "./engine-core.ts";
import type {
  CommitResult,
  CompactionResult,
  EngineDisk,
  RejectedRecord,
  WriterBatch,
} from "./engine-disk.ts";
import { decodeEntries } from "./journal-codec.ts";
import type { ShardAnswer } from "./messages.ts";
import { shardOf } from "./placement.ts";
import { Recovery, type RecoverySource, recoverShard } from "./recovery.ts";
import { realScheduler } from "./scheduler.ts";
import type { Shard, ShardRequest } from "./shard.ts";
import { ShardDirectory } from "./shard-directory.ts";
import type { Recovered, ShardHost } from "./shard-host.ts";
import { StockView } from "./stock-view.ts";

const SHARDS = 3;
const SKUS = ["A", "B", "C", "D", "E"];
const UNITS = 12;

type Random = () => number;

/** mulberry32: small, fast and the same everywhere. */
function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** What survives every crash. */
class SimulatedDisk {
  readonly rows: JournalRow[] = [];
  readonly snapshots: SnapshotRow[] = [];
  readonly records: string[] = [];
  readonly leases = new Map<number, { epoch: number; owner: string }>();

  take(owner: string): ReadonlyMap<number, number> {
    for (let shard = 0; shard < SHARDS; shard += 1) {
      this.leases.set(shard, { epoch: (this.leases.get(shard)?.epoch ?? 0) + 1, owner });
    }
    return new Map([...this.leases].map(([shard, lease]) => [shard, lease.epoch]));
  }
}

const faults = { lostBefore: 0, lostAfter: 0, shardsLost: 0, fenced: 0, rejected: 0 };

class OwnersDisk implements EngineDisk {
  private readonly disk: SimulatedDisk;
  private readonly owner: string;
  private readonly random: Random;
  private readonly faulty: () => boolean;
  /** A commit that the server will still carry out, unless a raised epoch comes first. */
  private late: (() => void) | null = null;

  constructor(disk: SimulatedDisk, owner: string, random: Random, faulty: () => boolean) {
    this.disk = disk;
    this.owner = owner;
    this.random = random;
    this.faulty = faulty;
  }

  async commit(rows: readonly JournalRow[], batches: readonly WriterBatch[]): Promise<CommitResult> {
    await pause(this.random);
    const fault = this.faulty() ? this.random() : 1;
    if (fault < 0.1) {
      faults.lostBefore += 1;
      if (fault < 0.05) this.late = () => void this.write(rows, batches);
      throw new Error("connection lost before the commit");
    }
    const result = this.write(rows, batches);
    if (result.status === "fenced") faults.fenced += 1;
    if (result.status === "rejected") faults.rejected += 1;
    if (fault < 0.2) {
      faults.lostAfter += 1;
      throw new Error("connection lost after the commit");
    }
    return result;
  }

  private write(rows: readonly JournalRow[], batches: readonly WriterBatch[]): CommitResult {
    if (rows.some((row) => this.disk.leases.get(row.shard)?.epoch !== row.epoch)) return { status: "fenced" };
    const records = batches.flatMap((batch) => batch.records as string[]);
    if (records.some(isPoison)) return { status: "rejected", cause: new Error("poison") };
    for (const row of rows) {
      const last = this.disk.rows.filter((other) => other.shard === row.shard).at(-1);
      if (row.sequence !== (last?.sequence ?? 0) + 1) throw new Error("duplicate key");
    }
    this.disk.rows.push(...rows);
    for (const record of records) if (!this.disk.records.includes(record)) this.disk.records.push(record);
    return { status: "committed" };
  }

  findRejected(batches: readonly WriterBatch[]): Promise<readonly RejectedRecord[]> {
    return Promise.resolve(
      batches.flatMap(({ records }, batch) =>
        records.flatMap((value, record) =>
          isPoison(value as string) ? [{ batch, record, cause: new Error("poison"), locked: false }] : [],
        ),
      ),
    );
  }

  renew(held: readonly number[]): Promise<ReadonlyMap<number, number>> {
    if (this.random() < 0.5) this.late?.();
    const renewed = new Map<number, number>();
    for (const shard of held) {
      const lease = this.disk.leases.get(shard);
      if (lease?.owner !== this.owner) continue;
      lease.epoch += 1;
      renewed.set(shard, lease.epoch);
    }
    // From here on it finds its epoch gone.
    this.late?.();
    this.late = null;
    return Promise.resolve(renewed);
  }

  raiseEpochs(shards: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const raised = new Map<number, number>();
    for (const shard of shards) {
      const lease = this.disk.leases.get(shard);
      if (lease?.owner !== this.owner) continue;
      lease.epoch += 1;
      raised.set(shard, lease.epoch);
    }
    return Promise.resolve(raised);
  }

  landed(rows: readonly JournalRow[]): Promise<ReadonlySet<JournalRow>> {
    return Promise.resolve(
      new Set(rows.filter((row) => this.disk.rows.some((stored) => stored.hash.equals(row.hash)))),
    );
  }

  recoverySource(shard: number): RecoverySource {
    const { rows, snapshots } = this.disk;
    return {
      snapshots: async function* () {
        yield* snapshots.filter((candidate) => candidate.shard === shard).reverse();
      },
      rows: async function* (sequence) {
        const after = rows.filter((row) => row.shard === shard && row.sequence > sequence);
        if (after.length > 0) yield after;
      },
    };
  }

  async compact(shard: number, epoch: number): Promise<CompactionResult> {
    const { snapshot, damaged } = await compact(shard, epoch, this.recoverySource(shard));
    await pause(this.random);
    const written = snapshot !== null && this.disk.leases.get(shard)?.epoch === epoch;
    if (written) this.disk.snapshots.push(snapshot);
    return { written, damaged };
  }
}

/** Shards in this very thread, which fail now and then. */
class LocalHost implements ShardHost {
  private readonly shards = new Map<number, Shard>();
  private readonly random: Random;
  private readonly faulty: () => boolean;

  constructor(random: Random, faulty: () => boolean) {
    this.random = random;
    this.faulty = faulty;
  }

  threadOf(shard: number): number {
    return shard;
  }

  async run(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]> {
    await pause(this.random);
    return requests.map((request) => {
      const shard = this.shards.get(request.shard);
      if (shard === undefined) return { shard: request.shard, failure: "gone" };
      const reply = structuredClone(shard.run(request));
      if (!this.faulty() || this.random() > 0.02) return { shard: request.shard, reply };
      faults.shardsLost += 1;
      this.shards.delete(request.shard);
      return { shard: request.shard, failure: "invariant broken" };
    });
  }

  async recover(shard: number, source: RecoverySource): Promise<Recovered> {
    const { shard: recovered, head, damaged } = await recoverShard(shard, source);
    this.shards.set(shard, recovered);
    return { ...head, ...recovered.figures(), damaged, changes: recovered.allChanges() };
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

function isPoison(record: string): boolean {
  return record.includes("poison");
}

async function pause(random: Random): Promise<void> {
  for (let turns = Math.floor(random() * 4); turns > 0; turns -= 1) await Promise.resolve();
  if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
}

type Running = { readonly core: EngineCore; readonly client: Allocator };

async function startOwner(
  disk: SimulatedDisk,
  owner: string,
  random: Random,
  faulty: () => boolean,
): Promise<Running> {
  const epochs = disk.take(owner);
  const directory = new ShardDirectory(SHARDS, (shard) => shard, epochs);
  const view = new StockView();
  const core = new EngineCore({
    disk: new OwnersDisk(disk, owner, random, faulty),
    host: new LocalHost(random, faulty),
    directory,
    logger: silentLogger,
    scheduler: { ...realScheduler, now: () => 1_700_000_000_000 },
    snapshotEvery: { rows: 4, bytes: 1_000_000 },
    view,
    onCommitted: () => {},
  });
  await core.start();
  core.setLocations(LOCATIONS);
  return { core, client: new Allocator(core, directory, view) };
}

const writer: CommitWriter<string> = { name: "orders", write: () => Promise.resolve() };

async function simulate(seed: number): Promise<void> {
  const random = seeded(seed);
  const disk = new SimulatedDisk();
  let calm = false;
  const faulty = () => !calm;
  let running = await startOwner(disk, "owner-0", random, () => false);
  await running.client.execute(SKUS.map((sku) => receive(sku, "east", UNITS)));
  const former: Running[] = [];
  running = await startOwner(disk, "owner-1", random, faulty);
  const reserved = new Map<string, OrderReservation>();
  const outcomes = new Map<string, StockOutcome>();
  let owners = 1;

  const ask = async <T>(call: (client: Allocator) => Promise<T>): Promise<T | null> => {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      try {
        return await call(running.client);
      } catch (error) {
        const { code } = error as { code: string };
        if (code === "attachment_rejected") return null;
        expect(["shard_unavailable", "commit_outcome_unknown"]).toContain(code);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    throw new Error(`seed ${seed}: the engine does not come back`);
  };

  const client = async (number: number) => {
    for (let step = 0; step < 8; step += 1) {
      const choice = random();
      const sku = SKUS[Math.floor(random() * SKUS.length)] as string;
      if (choice < 0.06) {
        owners += 1;
        former.push(running);
        running = await startOwner(disk, `owner-${owners}`, random, faulty);
      } else if (choice < 0.25) {
        const command = receive(sku, "west", 1, `more-${number}-${step}`);
        const answers = await ask((allocator) => allocator.execute([command]));
        if (answers?.[0] !== undefined) outcomes.set(command.commandId, answers[0]);
      } else {
        const poison = random() < 0.1;
        const id = `order-${number}-${step}${poison ? "-poison" : ""}`;
        const lines = [
          { lineId: "1", sku, quantity: 1 + Math.floor(random() * 2) },
          { lineId: "2", sku: SKUS[Math.floor(random() * SKUS.length)] as string, quantity: 1 },
        ];
        const outcome = await ask((allocator) =>
          allocator.reserveOrder(orderRequest(id, lines), {
            writer,
            record: (result) => (result.status === "reserved" ? id : null),
          }),
        );
        if (outcome !== null) reserved.set(id, outcome);
      }
    }
  };
  await Promise.all(Array.from({ length: 6 }, (_, number) => client(number)));
  calm = true;

  // Faults have stopped: the last owner answers, and what it says is what was promised and nothing else.
  const positions = (await ask((allocator) => allocator.positions(SKUS))) ?? [];
  const holdIds = new Set<string>();
  let held = 0;
  for (const [id, outcome] of reserved) {
    if (outcome.status !== "reserved") continue;
    expect(disk.records, `seed ${seed}`).toContain(id);
    for (const hold of outcome.holds) {
      holdIds.add(hold.holdId);
      held += hold.quantity;
    }
  }
  const net = new Map<string, number>();
  for (const row of disk.rows) {
    for (const event of decodeEntries(row.entries).flatMap((blob) => blob.events)) {
      if (event.orderId !== "") net.set(event.holdId, (net.get(event.holdId) ?? 0) + event.reserved);
    }
  }
  const open = [...net].filter(([, quantity]) => quantity > 0);
  expect(new Set(open.map(([holdId]) => holdId)), `seed ${seed}: every hold has its order`).toEqual(holdIds);
  expect(disk.records.length, `seed ${seed}`).toBe(
    [...reserved.values()].filter((outcome) => outcome.status === "reserved").length,
  );
  expect(disk.records.filter(isPoison)).toEqual([]);
  expect(
    positions.reduce((sum, position) => sum + position.reserved, 0),
    `seed ${seed}`,
  ).toBe(held);
  expect(positions.every((position) => position.availableToPromise >= 0)).toBe(true);
  const received = [...outcomes.values()].filter((outcome) => outcome.status === "applied").length;
  expect(
    positions.reduce((sum, position) => sum + position.onHand, 0),
    `seed ${seed}`,
  ).toBe(SKUS.length * UNITS + received);

  // Every snapshot equals the replay of the journal up to it, and epochs never go back.
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const rows = disk.rows.filter((row) => row.shard === shard);
    const replay = new Recovery(shard, null);
    for (const row of rows) {
      replay.accept(row);
      for (const snapshot of disk.snapshots) {
        if (snapshot.shard !== shard || snapshot.sequence !== row.sequence) continue;
        expect(snapshot.state.equals(replay.result().shard.encodeState()), `seed ${seed}: snapshot`).toBe(
          true,
        );
      }
    }
  }
  await Promise.all([...former, running].map((owner) => owner.core.stop()));
}

it("keeps every promise over lost commits, failing shards, poison records and rival owners, whatever the seed", async () => {
  expect(new Set(SKUS.map((sku) => shardOf(sku, SHARDS))).size).toBe(SHARDS);
  for (let seed = 1; seed <= 60; seed += 1) await simulate(seed);
  // A simulation that never meets a fault proves nothing.
  for (const [fault, count] of Object.entries(faults)) expect(count, fault).toBeGreaterThan(5);
}, 60_000);
