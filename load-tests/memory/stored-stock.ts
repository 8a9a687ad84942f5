/**
 * Stock as an engine would have left it: journal rows and snapshots of any size, made by the engine's own
 * shards and written by its own statements, without the hours that selling would take.
 */
import type { StockCommand } from "../../actors/commands.ts";
import { CHAIN_START, chainRow } from "../../engine/journal/checksum.ts";
import { encodeEntries } from "../../engine/journal/journal-codec.ts";
import { Shard } from "../../engine/shard/shard.ts";
import { shardOf } from "../../engine/shard/shard-of.ts";
import { emptyRequest, type ShardRequest } from "../../engine/shard/shard-request.ts";
import { compact } from "../../engine/storage/compaction.ts";
import { storedShard } from "../../engine/storage/stored-shard.ts";
import { appendToJournal, type JournalRow } from "../../store/journal/journal.ts";
import { layOutShards, takeLeases } from "../../store/journal/shard-lease.ts";
import { writeSnapshot } from "../../store/journal/snapshot.ts";
import type { Database } from "../../store/sql/database.ts";

export const SHARDS = 16;
const DAY_MS = 86_400_000;

/** Commands of one shard in one batch, where much is written at once. */
const LARGE_BATCH = 4_096;

/** Journal rows of one transaction. */
const ROWS_AT_ONCE = 100;

type Writer = { readonly shard: Shard; sequence: number; hash: Buffer; ordinals: number };

export class StoredStock {
  private readonly database: Database;
  private readonly writers: readonly Writer[];
  private nowMs = Date.now() - 20 * DAY_MS;
  private epochs: ReadonlyMap<number, number> = new Map();
  private unwritten: JournalRow[] = [];

  private constructor(database: Database) {
    this.database = database;
    this.writers = Array.from({ length: SHARDS }, (_, shard) => ({
      shard: new Shard(shard),
      sequence: 0,
      hash: CHAIN_START,
      ordinals: 0,
    }));
  }

  static async create(database: Database): Promise<StoredStock> {
    await layOutShards(database, SHARDS);
    return new StoredStock(database);
  }

  /** Takes the shards back from the engine that was measured last. Needed before anything is added. */
  async takeOver(): Promise<void> {
    this.epochs = await takeLeases(this.database, SHARDS, "measurement");
  }

  /** The state of a shard, as bytes. */
  stateOf(shard: number): Uint8Array {
    return this.writerOf(shard).shard.encodeState();
  }

  async addPositions(count: number, unitsEach: number): Promise<void> {
    await this.inBatches(count, LARGE_BATCH, (index) => ({
      ...this.command(`receive-${index}`, skuOf(index)),
      type: "receive",
      quantity: unitsEach,
    }));
    await this.letADayPass();
  }

  /** One hold of one unit on each of so many positions, with a far expiry. */
  async addHolds(count: number): Promise<void> {
    const expiresAtMs = Date.now() + 30 * DAY_MS;
    await this.inBatches(count, LARGE_BATCH, (index) => ({
      ...this.command(`hold-${index}`, skuOf(index)),
      type: "reserve",
      holdId: `order-${index}:1:center-${index % 8}`,
      quantity: 1,
      expiresAtMs,
    }));
    await this.letADayPass();
  }

  /** The same by lanes. */
  async addLaneReservations(count: number): Promise<void> {
    const each = Math.ceil(count / SHARDS);
    for (const writer of this.writers) {
      for (let from = 0; from < each; from += LARGE_BATCH) {
        const size = Math.min(LARGE_BATCH, each - from);
        // The last position has nothing to sell, see letADayPass.
        const words = new Uint32Array(4 * size);
        for (let index = 0; index < size; index += 1) {
          const number = from + index;
          words.set([number + 1, number % (writer.ordinals - 1), 1, 24 * DAY_MS], 4 * index);
        }
        const operations = new Uint8Array(words.buffer);
        await this.write(writer, {
          lanes: [{ lane: `key.lane-${writer.shard.shard}`, atMs: this.nowMs, operations }],
        });
      }
    }
    await this.flush();
  }

  /** Reservations and releases, in rows of the size of a busy commit. */
  async addEvents(count: number, perRow: number): Promise<void> {
    await this.inBatches(count, perRow, (index) => {
      const at = Math.floor(index / 2);
      const start = this.command(`event-${index}`, skuOf(at));
      const holdId = `cart-${at}`;
      return index % 2 === 0
        ? { ...start, type: "reserve", holdId, quantity: 1, expiresAtMs: 0 }
        : { ...start, type: "release", holdId };
    });
  }

  async writeSnapshots(): Promise<void> {
    for (const { shard } of this.writers) {
      const epoch = this.epochs.get(shard.shard) ?? 0;
      const { snapshot } = await compact(shard.shard, epoch, storedShard(this.database, shard.shard));
      if (snapshot !== null) await writeSnapshot(this.database, snapshot, []);
    }
  }

  /**
   * As if the read model had everything that is in the journal. Otherwise the projector would work on it
   * while the engine's memory is measured, in rows larger than any engine writes.
   */
  async projectEverything(): Promise<void> {
    await this.database.query(
      `insert into journal_projection (shard, sequence) select shard, max(sequence) from journal group by shard
       on conflict (shard) do update set sequence = excluded.sequence`,
    );
  }

  private command(commandId: string, place: { readonly sku: string; readonly locationId: string }) {
    return { commandId, ...place, atMs: this.nowMs, cause: "measurement" };
  }

  /** Commands of days ago are forgotten, as in a system that has run for long. */
  async letADayPass(): Promise<void> {
    this.nowMs += 1.1 * DAY_MS;
    for (const [shard, writer] of this.writers.entries()) {
      const sku = skuInShard(shard);
      const commands: StockCommand[] = [
        {
          ...this.command(`day-${this.nowMs}-${shard}`, { sku, locationId: "center-0" }),
          type: "set-safety-stock",
          quantity: 0,
        },
      ];
      await this.write(writer, { commands });
    }
    await this.flush();
  }

  private async inBatches(count: number, size: number, make: (index: number) => StockCommand): Promise<void> {
    const waiting = this.writers.map((): StockCommand[] => []);
    for (let index = 0; index < count; index += 1) {
      const command = make(index);
      const shard = shardOf(command.sku, SHARDS);
      const batch = waiting[shard];
      if (batch === undefined) continue;
      batch.push(command);
      if (batch.length === size) await this.write(this.writerOf(shard), { commands: batch.splice(0) });
    }
    for (const [shard, commands] of waiting.entries()) {
      if (commands.length > 0) await this.write(this.writerOf(shard), { commands });
    }
    await this.flush();
  }

  private async write(writer: Writer, part: Partial<ShardRequest>): Promise<void> {
    const reply = writer.shard.run({ ...emptyRequest(writer.shard.shard, this.nowMs), ...part });
    const refused = reply.outcomes.find((outcome) => outcome.status === "refused");
    if (refused !== undefined || reply.laneCodes.some((codes) => codes !== null)) {
      throw new Error(`the stock could not be made up: ${JSON.stringify(refused ?? "a lane refused")}`);
    }
    if (reply.entries === null) return;
    const row: JournalRow = chainRow(
      {
        shard: writer.shard.shard,
        sequence: writer.sequence + 1,
        epoch: this.epochs.get(writer.shard.shard) ?? 0,
      },
      writer.hash,
      encodeEntries([reply.entries]),
    );
    this.unwritten.push(row);
    if (this.unwritten.length === ROWS_AT_ONCE) await this.flush();
    writer.sequence = row.sequence;
    writer.hash = row.hash;
    writer.ordinals = reply.positionCount;
  }

  private async flush(): Promise<void> {
    if (this.unwritten.length === 0) return;
    if (!(await appendToJournal(this.database, this.unwritten)))
      throw new Error("the shards are not ours any more");
    this.unwritten = [];
  }

  private writerOf(shard: number): Writer {
    const writer = this.writers[shard];
    if (writer === undefined) throw new RangeError(`there is no shard ${shard}`);
    return writer;
  }
}

/** A SKU like those of real catalogs, at one of eight locations. */
export function skuOf(index: number): { readonly sku: string; readonly locationId: string } {
  return { sku: `SKU-${String(index).padStart(8, "0")}`, locationId: `center-${index % 8}` };
}

function skuInShard(shard: number): string {
  for (let index = 0; ; index += 1) {
    const sku = `OTHER-${index}`;
    if (shardOf(sku, SHARDS) === shard) return sku;
  }
}
