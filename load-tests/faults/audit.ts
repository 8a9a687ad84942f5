/**
 * Compares the clients' logs with what PostgreSQL keeps and what the engine answers.
 *
 * Reads the stock movements on from where the last audit ended. Comparisons that need all of them are kept as
 * sums. Runs only while the clients are at rest.
 */
import type { DatabaseServer } from "./database-server.ts";
import type { ExpectedStock, History, Told } from "./history.ts";
import { type Endpoint, StreamConnection } from "./stream-connection.ts";

/** Counts of findings, which are 0 where all is well; the first three are not findings. */
export type AuditCounts = {
  /** Operations with an answer so far. */
  readonly answered: number;
  readonly operations: number;
  readonly journalRows: number;
  /** Acknowledged effects that are not there. */
  readonly lost: number;
  /** Effects that are there more than once. */
  readonly doubled: number;
  /** Effects of operations that were refused, or that the server said were not done. */
  readonly phantom: number;
  /** Units promised beyond what was on hand, at any moment. */
  readonly oversold: number;
  /** Journal rows that an owner wrote after another one had taken over. */
  readonly staleEpochRows: number;
  /** Rows out of sequence or not chained to the one before. */
  readonly brokenChain: number;
  /** SKUs whose buckets are not the sum of what was acknowledged, in the engine or in the movements. */
  readonly unbalanced: number;
  /** Answers that a repeat contradicted, and operations that never got an answer. */
  readonly contradicted: number;
  readonly unanswered: number;
};

export type AuditResult = AuditCounts & {
  /** What was found, in sentences; empty where all is well. */
  readonly findings: readonly string[];
};

type Cursor = { sequence: number; epoch: number; hash: string };

type Movement = {
  readonly kind: string;
  readonly cause: string;
  readonly count: number;
};

const PROJECTION_TIMEOUT_MS = 60_000;
const SETTLE_TIMEOUT_MS = 5_000;
const POLL_MS = 50;
const ASK_TIMEOUT_MS = 15_000;
const MAX_FINDINGS = 20;

/** Movements that no client asked for. */
const OWN_MOVEMENTS = new Set(["hold-expired"]);

export class Audit {
  private readonly database: DatabaseServer;
  private readonly history: History;
  private readonly cursors = new Map<number, Cursor>();
  /** How often each operation has moved stock, by its id. */
  private readonly effects = new Map<string, number>();
  private staleEpochRows = 0;
  private brokenChain = 0;
  private journalRows = 0;

  private readonly settleMs: number;

  /** @param settleMs how long a difference may last that goes by itself */
  constructor(database: DatabaseServer, history: History, settleMs = SETTLE_TIMEOUT_MS) {
    this.database = database;
    this.history = history;
    this.settleMs = settleMs;
  }

  async run(endpoint: Endpoint): Promise<AuditResult> {
    this.history.read();
    await until(
      () => Promise.resolve(Date.now() > this.history.allExpiredAtMs + POLL_MS),
      PROJECTION_TIMEOUT_MS,
    );
    const findings: string[] = [];
    const unbalanced = await this.balance(endpoint, findings);
    const effects = this.judgeEffects(findings);
    const orders = await this.judgeOrders(findings);
    const oversold = await this.oversold(findings);
    const verdicts = [...this.history.operations.values()];
    const unanswered = verdicts.filter(
      ({ verdict }) => verdict.kind === "open" || verdict.kind === "unknown",
    ).length;
    findings.push(...this.history.contradictions.slice(0, MAX_FINDINGS));
    if (this.staleEpochRows > 0) findings.push(`${this.staleEpochRows} journal rows have a stale epoch`);
    if (this.brokenChain > 0)
      findings.push(`${this.brokenChain} journal rows are out of sequence or unchained`);
    if (unanswered > 0) findings.push(`${unanswered} operations were never answered`);
    return {
      answered: this.history.acknowledged,
      operations: verdicts.length,
      journalRows: this.journalRows,
      lost: effects.lost + orders.lost,
      doubled: effects.doubled + orders.doubled,
      phantom: effects.phantom + orders.phantom,
      oversold,
      staleEpochRows: this.staleEpochRows,
      brokenChain: this.brokenChain,
      unbalanced,
      contradicted: this.history.contradictions.length,
      unanswered,
      findings: findings.slice(0, MAX_FINDINGS),
    };
  }

  private async projected(): Promise<void> {
    const done = await until(async () => {
      const { rows } = await this.database.query<{ behind: number }>(
        `select count(*)::integer as behind
           from (select shard, max(sequence) as sequence from journal group by shard) head
           left join journal_projection projection using (shard)
          where coalesce(projection.sequence, 0) < head.sequence`,
      );
      return rows[0]?.behind === 0;
    }, PROJECTION_TIMEOUT_MS);
    if (!done)
      throw new Error(`the stock movements are behind the journal for more than ${PROJECTION_TIMEOUT_MS} ms`);
  }

  /** New journal rows: their order, epochs and chain, and what moved by them. */
  private async readJournal(): Promise<void> {
    const shards = [...this.cursors.keys()];
    const sequences = [...this.cursors.values()].map((cursor) => cursor.sequence);
    const seen = "left join unnest($1::integer[], $2::bigint[]) as seen (shard, sequence)";
    const { rows } = await this.database.query<{
      shard: number;
      sequence: number;
      epoch: number;
      previous: string;
      hash: string;
    }>(
      `select journal.shard, journal.sequence::integer, journal.epoch::integer,
              encode(journal.previous_hash, 'hex') as previous, encode(journal.hash, 'hex') as hash
         from journal ${seen} on seen.shard = journal.shard
        where journal.sequence > coalesce(seen.sequence, 0)
        order by journal.shard, journal.sequence`,
      [shards, sequences],
    );
    const { rows: movements } = await this.database.query<Movement>(
      `select movement.kind, movement.cause, count(*)::integer as count
         from stock_movement movement ${seen} on seen.shard = movement.shard
        where movement.sequence > coalesce(seen.sequence, 0)
        group by movement.kind, movement.cause`,
      [shards, sequences],
    );
    for (const row of rows) {
      const before = this.cursors.get(row.shard);
      if (before !== undefined && row.epoch < before.epoch) this.staleEpochRows += 1;
      if (row.sequence !== (before?.sequence ?? 0) + 1) this.brokenChain += 1;
      else if (before !== undefined && row.previous !== before.hash) this.brokenChain += 1;
      this.cursors.set(row.shard, { sequence: row.sequence, epoch: row.epoch, hash: row.hash });
    }
    this.journalRows += rows.length;
    for (const { kind, cause, count } of movements) {
      if (OWN_MOVEMENTS.has(kind)) continue;
      // The gateway adds the sender to the cause.
      const operation = cause.split(" ")[0] ?? "";
      this.effects.set(operation, (this.effects.get(operation) ?? 0) + count);
    }
  }

  private judgeEffects(findings: string[]): { lost: number; doubled: number; phantom: number } {
    const counts = { lost: 0, doubled: 0, phantom: 0 };
    for (const [id, told] of this.history.operations) {
      if (told.operation.kind === "order" || told.operation.kind.startsWith("lane-")) continue;
      const wrong = effectFault(told, this.effects.get(id) ?? 0);
      if (wrong === null) continue;
      counts[wrong] += 1;
      findings.push(
        `${id} (${told.operation.kind}) is ${wrong}: told ${told.verdict.kind}, ` +
          `${this.effects.get(id) ?? 0} effects`,
      );
    }
    return counts;
  }

  private async judgeOrders(findings: string[]): Promise<{ lost: number; doubled: number; phantom: number }> {
    const counts = { lost: 0, doubled: 0, phantom: 0 };
    const { rows } = await this.database.query<{ id: string; held: number; moved: number }>(
      `select orders.external_id as id,
              coalesce((select sum(quantity) from order_hold where order_id = orders.id), 0)::integer as held,
              coalesce((select sum(movement.reserved) from order_hold hold
                          join stock_movement movement on movement.hold_id = hold.hold_id
                         where hold.order_id = orders.id), 0)::integer as moved
         from orders`,
    );
    const stored = new Map(rows.map((row) => [row.id, row]));
    for (const [id, { operation, verdict }] of this.history.operations) {
      if (operation.kind !== "order") continue;
      const row = stored.get(id);
      const units = operation.lines.reduce((sum, line) => sum + line.quantity, 0);
      const present = row === undefined ? 0 : Math.min(row.held, row.moved);
      const most = row === undefined ? 0 : Math.max(row.held, row.moved);
      const applied = verdict.kind === "applied";
      const certainlyNot = verdict.kind === "refused" || verdict.kind === "nothing-done";
      if (applied && present < units) counts.lost += 1;
      else if (applied && most > units) counts.doubled += 1;
      else if (certainlyNot && row !== undefined) counts.phantom += 1;
      else continue;
      findings.push(
        `order ${id}: told ${verdict.kind}, ${units} units, held ${row?.held}, moved ${row?.moved}`,
      );
    }
    return counts;
  }

  /**
   * Holds end on their shard's own timer, and the movements follow the journal. Both get a moment before a
   * difference counts.
   */
  private async balance(endpoint: Endpoint, findings: string[]): Promise<number> {
    const deadline = Date.now() + this.settleMs;
    for (;;) {
      const found: string[] = [];
      const expected = this.history.expectedStock();
      const inEngine = await positionsOf(endpoint, [...expected.keys()]);
      await this.projected();
      await this.readJournal();
      const unbalanced = await this.judgeStock(expected, inEngine, found);
      if (unbalanced === 0 || Date.now() > deadline) {
        findings.push(...found);
        return unbalanced;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private async judgeStock(
    expected: ReadonlyMap<string, ExpectedStock>,
    inEngine: ReadonlyMap<string, ExpectedStock>,
    findings: string[],
  ): Promise<number> {
    const { rows } = await this.database.query<ExpectedStock & { readonly sku: string }>(
      `select sku, sum(on_hand)::integer as "onHand", sum(reserved)::integer as reserved,
              sum(allocated)::integer as allocated
         from stock_position group by sku`,
    );
    const inMovements = new Map(rows.map((row) => [row.sku, row]));
    const { rows: sums } = await this.database.query<{ sku: string }>(
      `select sku from (
         select sku, location_id, sum(on_hand) as on_hand, sum(reserved) as reserved, sum(allocated) as allocated
           from stock_movement group by sku, location_id) movement
         full join stock_position position using (sku, location_id)
        where (movement.on_hand, movement.reserved, movement.allocated)
           is distinct from (position.on_hand, position.reserved, position.allocated)`,
    );
    const unbalanced = new Set(sums.map((row) => row.sku));
    for (const sku of unbalanced) findings.push(`${sku}: its movements do not add up to its position`);
    for (const [sku, told] of expected) {
      for (const [where, found] of [
        ["engine", inEngine.get(sku)],
        ["movements", inMovements.get(sku)],
      ] as const) {
        if (
          found !== undefined &&
          found.onHand === told.onHand &&
          found.reserved === told.reserved &&
          found.allocated === told.allocated
        ) {
          continue;
        }
        unbalanced.add(sku);
        findings.push(`${sku}: told ${describe(told)}, in the ${where} ${describe(found)}`);
      }
    }
    return unbalanced.size;
  }

  /** How far each position ever was below nothing left to promise, summed. */
  private async oversold(findings: string[]): Promise<number> {
    const { rows } = await this.database.query<{ sku: string; location_id: string; lowest: number }>(
      `select sku, location_id, min(available)::integer as lowest from (
         select sku, location_id,
                sum(on_hand - reserved - allocated - picked - unavailable - safety_stock)
                  over (partition by sku, location_id order by sequence, entry) as available
           from stock_movement) running
        group by sku, location_id having min(available) < 0`,
    );
    for (const row of rows) findings.push(`${row.sku} at ${row.location_id} was oversold by ${-row.lowest}`);
    return rows.reduce((sum, row) => sum - row.lowest, 0);
  }
}

export function isClean(result: AuditResult): boolean {
  return result.findings.length === 0;
}

function effectFault(told: Told, effects: number): "lost" | "doubled" | "phantom" | null {
  if (effects > 1) return "doubled";
  if (told.verdict.kind === "applied") return effects === 0 ? "lost" : null;
  if (told.verdict.kind === "refused" || told.verdict.kind === "nothing-done") {
    return effects === 0 ? null : "phantom";
  }
  return null;
}

function describe(stock: ExpectedStock | undefined): string {
  if (stock === undefined) return "nothing";
  return `${stock.onHand} on hand, ${stock.reserved} reserved, ${stock.allocated} allocated`;
}

async function positionsOf(
  endpoint: Endpoint,
  skus: readonly string[],
): Promise<ReadonlyMap<string, ExpectedStock>> {
  const connection = await StreamConnection.open(endpoint);
  try {
    const reply = await connection.ask("audit", { type: "stock.positions", skus }, ASK_TIMEOUT_MS);
    if (reply.type !== "stock.positions") throw new Error(`no positions: ${JSON.stringify(reply)}`);
    const found = new Map<string, ExpectedStock>();
    for (const position of reply.positions as readonly (ExpectedStock & { readonly sku: string })[]) {
      const sum = found.get(position.sku) ?? { onHand: 0, reserved: 0, allocated: 0 };
      sum.onHand += position.onHand;
      sum.reserved += position.reserved;
      sum.allocated += position.allocated;
      found.set(position.sku, sum);
    }
    return found;
  } finally {
    connection.close();
  }
}

async function until(condition: () => Promise<boolean>, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}
