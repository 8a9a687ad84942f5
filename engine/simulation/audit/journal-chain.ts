/**
 * Every journal row as it becomes durable: its hash follows from the row before, its checksum fits its bytes,
 * and its writer is the only one of that epoch and holds the shard's lease. Other files check what the row
 * says.
 */
import type { JournalRow } from "../../../store/journal/journal.ts";
import { CHAIN_START, chainHash, checksumOf } from "../../journal/checksum.ts";
import type { SimulatedDisk } from "../world/simulated-disk.ts";
import { Violation } from "./violation.ts";

export class JournalChain {
  private readonly disk: SimulatedDisk;
  private readonly heads: { hash: Buffer; epoch: number }[];
  /** The writer of each epoch of a shard, by `shard@epoch`. */
  private readonly writers = new Map<string, string>();

  constructor(disk: SimulatedDisk) {
    this.disk = disk;
    this.heads = Array.from({ length: disk.shardCount }, () => ({ hash: CHAIN_START, epoch: 0 }));
  }

  check(owner: string, row: JournalRow): void {
    const head = this.heads[row.shard];
    if (head === undefined) throw new RangeError(`there is no shard ${row.shard}`);
    const name = `row ${row.sequence} of shard ${row.shard}`;
    if (row.epoch < head.epoch) throw new Violation("epochs never go back", name);
    if (!row.previousHash.equals(head.hash) || !row.hash.equals(chainHash(head.hash, row, row.entries))) {
      throw new Violation("hash chain", `${name} does not follow from the row before`);
    }
    if (row.checksum !== checksumOf(row.entries))
      throw new Violation("hash chain", `${name} has a wrong checksum`);
    const term = `${row.shard}@${row.epoch}`;
    const writer = this.writers.get(term) ?? owner;
    if (writer !== owner) throw new Violation("one writer per epoch", `${writer} and ${owner} wrote ${term}`);
    if (!this.disk.isHeldBy(owner, row.shard) || this.disk.epochOf(row.shard) !== row.epoch) {
      throw new Violation("one writer per epoch", `${owner} wrote ${name}, whose lease it lost`);
    }
    this.writers.set(term, writer);
    head.hash = row.hash;
    head.epoch = row.epoch;
  }
}
