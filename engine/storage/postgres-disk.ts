/**
 * The engine's storage on PostgreSQL.
 *
 * Commits go over one connection of their own. It is thrown away on every error that is not the server's own
 * answer to a statement. Everything else goes over the pool.
 */
import { join } from "node:path";
import pg from "pg";
import { Piscina } from "piscina";
import { Distribution } from "../../config/distribution.ts";
import { projectRoot } from "../../config/project-root.ts";
import { appendToJournal, type JournalRow, readJournalHashes } from "../../store/journal/journal.ts";
import { renewLeases } from "../../store/journal/shard-lease.ts";
import type { Database } from "../../store/sql/database.ts";
import { isDatabaseFault, isLockTimeout } from "../../store/sql/database-fault.ts";
import { prepareStatements } from "../../store/sql/prepared-statements.ts";
import { openResults, sealedTypes } from "../../store/sql/sealed-results.ts";
import { EngineError } from "../errors.ts";
import { failpoint } from "../failpoints.ts";
import type {
  CommitResult,
  CompactionResult,
  EngineDisk,
  RejectedRecord,
  WriterBatch,
} from "./engine-disk.ts";
import type { RecoverySource } from "./recovery.ts";
import type { SnapshotTask, SnapshotTaskResult } from "./snapshot-task.ts";
import { storedShard } from "./stored-shard.ts";

/**
 * Longer than any stall of a healthy disk; a connection that is silent for longer is taken for dead. If it
 * was only a very slow disk, nothing is lost: the outcome of the commit is read back like any other.
 */
const STATEMENT_TIMEOUT_MS = 8_000;

/**
 * After each fault the engine waits longer, for a disk on which a sync takes seconds: if it always gave up at
 * the same moment, nothing would ever be committed there. Two syncs queue up at most, one of them begun
 * before.
 */
const MAX_STATEMENT_TIMEOUT_MS = 32_000;

/**
 * An engine that stands still in the middle of a transaction holds the leases' rows, and no other engine
 * could take its shards over. After this long the server frees them. A living engine is never idle there for
 * more than milliseconds.
 */
const IDLE_IN_TRANSACTION_MS = 3_000;

/**
 * A writer that waits for a row which another transaction has locked holds up every commit behind it. After
 * this long only that writer's record fails.
 */
const LOCK_TIMEOUT_MS = 2_000;

/**
 * Longer than the largest shard takes; the stop must not wait for ever for a database that has fallen silent.
 */
const SNAPSHOT_TIMEOUT_MS = 120_000;

/** How long the idle thread that makes snapshots is kept. */
const SNAPSHOT_IDLE_MS = 5_000;

const CONFLICT_ATTEMPTS = 3;

export class PostgresDisk implements EngineDisk {
  /** How long commits took that had an answer. */
  readonly commitSeconds = new Distribution();
  private readonly database: Database;
  private readonly url: string;
  private readonly owner: string;
  private connection: pg.Client | null = null;
  private readonly usualPatienceMs: number;
  /** How long a statement on the commit connection may go without an answer. */
  private patienceMs: number;
  private readonly snapshots = new Piscina<SnapshotTask, SnapshotTaskResult>({
    filename: join(projectRoot, "dist", "engine", "storage", "snapshot-task.js"),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: SNAPSHOT_IDLE_MS,
  });

  /**
   * @param owner names this engine in the leases that it took; no two engines have the same.
   * @param patienceMs after which a statement without an answer is given up, on a disk that is not known to
   *   be slow.
   */
  constructor(database: Database, url: string, owner: string, patienceMs = STATEMENT_TIMEOUT_MS) {
    this.database = database;
    this.url = url;
    this.owner = owner;
    this.usualPatienceMs = patienceMs;
    this.patienceMs = patienceMs;
  }

  async commit(rows: readonly JournalRow[], batches: readonly WriterBatch[]): Promise<CommitResult> {
    const beganMs = performance.now();
    const result = await this.write(rows, batches);
    const tookMs = performance.now() - beganMs;
    this.commitSeconds.observe(tookMs / 1_000);
    if (this.patienceMs > this.usualPatienceMs && tookMs < this.usualPatienceMs / 4) {
      // The disk is healthy again: on a new connection silence is noticed as early as before.
      this.patienceMs = this.usualPatienceMs;
      this.disconnect();
    }
    return result;
  }

  private async write(rows: readonly JournalRow[], batches: readonly WriterBatch[]): Promise<CommitResult> {
    const client = await this.connect();
    if (batches.length === 0) {
      // One statement is one transaction: it writes the rows of all shards or, where one is fenced, none.
      const [appended] = await Promise.all([appendToJournal(client, rows), sent()]);
      return { status: appended ? "committed" : "fenced" };
    }
    for (let attempt = 1; ; attempt += 1) {
      let mayHaveCommitted = false;
      try {
        await client.query("begin");
        if (!(await appendToJournal(client, rows))) {
          await client.query("rollback");
          return { status: "fenced" };
        }
        failpoint("commit-after-append");
        for (const { writer, records } of batches) await writer.write(client, records);
        failpoint("commit-before-commit");
        mayHaveCommitted = true;
        await Promise.all([client.query("commit"), sent()]);
        return { status: "committed" };
      } catch (cause) {
        if (isDatabaseFault(cause)) throw cause;
        // Only the server's own answer says that a commit did not happen.
        if (mayHaveCommitted && !(cause instanceof pg.DatabaseError)) throw cause;
        // Succeeds only over a living connection; then nothing was written, and the error is about the data.
        await client.query("rollback");
        if (!isConflict(cause) || attempt === CONFLICT_ATTEMPTS) return { status: "rejected", cause };
      }
    }
  }

  async findRejected(batches: readonly WriterBatch[]): Promise<readonly RejectedRecord[]> {
    const client = await this.connect();
    const rejected: RejectedRecord[] = [];
    await client.query("begin");
    for (const [batch, { writer, records }] of batches.entries()) {
      for (const [record, value] of records.entries()) {
        await client.query("savepoint record");
        try {
          await writer.write(client, [value]);
          await client.query("set constraints all immediate");
        } catch (cause) {
          if (isDatabaseFault(cause)) throw cause;
          await client.query("rollback to savepoint record");
          rejected.push({ batch, record, cause, locked: isLockTimeout(cause) });
        }
      }
    }
    await client.query("rollback");
    return rejected;
  }

  async renew(held: readonly number[]): Promise<ReadonlyMap<number, number>> {
    this.patienceMs = Math.min(2 * this.patienceMs, MAX_STATEMENT_TIMEOUT_MS);
    this.disconnect();
    return renewLeases(await this.connect(), held, this.owner);
  }

  raiseEpochs(shards: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return renewLeases(this.database, shards, this.owner);
  }

  async landed(rows: readonly JournalRow[]): Promise<ReadonlySet<JournalRow>> {
    if (rows.length === 0) return new Set();
    const hashes = await readJournalHashes(await this.connect(), rows);
    return new Set(rows.filter((row) => hashes.get(`${row.shard}:${row.sequence}`)?.equals(row.hash)));
  }

  recoverySource(shard: number): RecoverySource {
    return storedShard(this.database, shard);
  }

  async compact(shard: number, epoch: number): Promise<CompactionResult> {
    const result = await this.snapshots.run(
      { databaseUrl: this.url, shard, epoch },
      { signal: AbortSignal.timeout(SNAPSHOT_TIMEOUT_MS) },
    );
    if ("corrupt" in result) throw new EngineError("journal_corrupt", result.corrupt);
    return result;
  }

  /** Ends the commit connection politely, once nothing is under way. */
  async close(): Promise<void> {
    await this.snapshots.close();
    const client = this.connection;
    this.connection = null;
    await client?.end();
  }

  private async connect(): Promise<pg.Client> {
    if (this.connection !== null) return this.connection;
    const client = new pg.Client({
      types: sealedTypes(this.url),
      connectionString: this.url,
      application_name: "holdfast-committer",
      connectionTimeoutMillis: 5000,
      query_timeout: this.patienceMs,
      lock_timeout: LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
    });
    prepareStatements(client);
    // Writers read orders within the commit.
    openResults(this.url, client);
    client.on("error", () => {
      if (this.connection === client) this.disconnect();
    });
    await client.connect();
    this.connection = client;
    return client;
  }

  private disconnect(): void {
    const client = this.connection;
    this.connection = null;
    // Not awaited: a dead peer never confirms the end of its connection.
    client?.end().catch(() => {});
  }
}

/** Runs beside the statement that it follows, so that a fault here loses no caller's answer. */
async function sent(): Promise<void> {
  failpoint("commit-sent");
}

/** Deadlock or serialisation failure: the server rolled back, and the same transaction may succeed now. */
function isConflict(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code ?? "").startsWith("40");
}
