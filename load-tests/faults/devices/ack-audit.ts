/**
 * No acknowledgement without effect: of each event that was acknowledged the mark of its transaction must be
 * in the database, and of each that was refused a dead letter with its bytes. Compared all the time, so that
 * nothing has to be remembered for long; the database keeps marks for a day and letters by the thousand.
 *
 * A kill of the database only delays the comparison: what is not found is looked for again.
 */
import { createHash } from "node:crypto";
import {
  type ConveyorEvent,
  eventDigest,
  parseConveyorEvent,
} from "../../../devices/conveyor/conveyor-messages.ts";
import { findHead } from "../../../devices/conveyor/message-head.ts";
import { MalformedMessage } from "../../../devices/mqtt/json-reader.ts";
import type { Database } from "../../../store/sql/database.ts";

export type SentEvent = {
  readonly deviceId: string;
  readonly kind: ConveyorEvent["kind"];
  readonly topic: string;
  readonly payload: Buffer;
  /** In words. */
  readonly what: string;
};

export type AckCounts = {
  /** Acknowledged, and the mark was found. */
  taken: number;
  /** Acknowledged, and without any effect to look for. */
  noted: number;
  /** Refused, and the dead letter was found. */
  refused: number;
  withoutEffect: number;
  withoutLetter: number;
  /** Acknowledged as taken, although it cannot be read. */
  unreadable: number;
};

type Claim = SentEvent & { readonly at: number; readonly code: string | null; readonly mark: Mark | null };
type Mark = { readonly bootId: string; readonly seq: number; readonly digest: string };

const LOOK_EVERY_MS = 400;
/** The reader may be late. */
const PATIENCE_MS = 10_000;
const MOST_AT_ONCE = 4_000;
const MOST_NAMED = 20;
/** Bytes of a message that a dead letter keeps. */
const KEPT_BYTES = 16 * 1024;
const LETTERS_AT_ONCE = 1_000;
const LATE_LETTERS = 200;

type Letter = {
  readonly id: number;
  readonly topic: string;
  readonly payload: Buffer;
  readonly size: number;
  readonly code: string;
};

export class AckAudit {
  readonly counts: AckCounts = {
    taken: 0,
    noted: 0,
    refused: 0,
    withoutEffect: 0,
    withoutLetter: 0,
    unreadable: 0,
  };
  readonly letterCodes = new Map<string, number>();
  readonly findings: string[] = [];
  private readonly database: Database;
  private readonly patienceMs: number;
  private readonly letters = new Set<string>();
  /** The newest letter, and those just before it: of two that are written at once the later may show first. */
  private newest = 0;
  private readonly recent = new Set<number>();
  private claims: Claim[] = [];
  private isOver = false;
  private looking: Promise<void> = Promise.resolve();

  /** @param patienceMs how long an effect may take to be seen. It is committed before its acknowledgement */
  constructor(database: Database, patienceMs = PATIENCE_MS) {
    this.database = database;
    this.patienceMs = patienceMs;
  }

  start(): void {
    this.looking = (async () => {
      while (!this.isOver) {
        await this.look().catch(() => {
          // The database restarts with the rest of the system.
        });
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    })();
  }

  /** Settles what is open. */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.looking;
    const end = performance.now() + this.patienceMs;
    do await this.look();
    while (this.claims.length > 0 && performance.now() < end);
    for (const claim of this.claims) this.found(claim, false);
    this.claims = [];
  }

  /** @param code of the refusal; null: it counts as taken */
  acknowledged(event: SentEvent, code: string | null): void {
    const mark = code === null ? this.markOf(event) : null;
    if (code !== null || mark !== null) this.claims.push({ ...event, at: performance.now(), code, mark });
  }

  isPutAside({ topic, payload }: SentEvent): boolean {
    return this.letters.has(letterKey(topic, payload.subarray(0, KEPT_BYTES), payload.length));
  }

  /** Whether an acknowledgement could name it: as this event of this start of the device. */
  canBeNamed({ payload }: SentEvent, bootId: string, seq: number): boolean {
    const head = findHead(payload);
    return head?.bootId === bootId && head.seq === seq;
  }

  /** Null where an event has no effect of its own, and where there is something to say already. */
  private markOf(sent: SentEvent): Mark | null {
    try {
      const event = parseConveyorEvent(sent.payload, sent.kind);
      if (event.kind === "recirculation" && event.result === "ACCEPTED") {
        this.counts.noted += 1;
        return null;
      }
      return { bootId: event.bootId, seq: event.seq, digest: eventDigest(event) };
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.counts.unreadable += 1;
      this.name(sent, "was acknowledged as taken, and cannot be read");
      return null;
    }
  }

  private async look(): Promise<void> {
    await this.readLetters();
    const looked = this.claims.splice(0, MOST_AT_ONCE);
    let marks: ReadonlySet<string>;
    try {
      marks = await this.marksOf(looked);
    } catch (error) {
      this.claims.push(...looked);
      throw error;
    }
    for (const claim of looked) {
      const isThere =
        claim.mark === null ? this.isPutAside(claim) : marks.has(markKey(claim.deviceId, claim.mark));
      if (isThere || performance.now() - claim.at > this.patienceMs) this.found(claim, isThere);
      else this.claims.push(claim);
    }
  }

  private async readLetters(): Promise<void> {
    for (;;) {
      const { rows } = await this.database.query<Letter>(
        `select id::float8 as id, topic, payload, size, code from device_dead_letter where id > $1
         order by device_dead_letter.id limit $2`,
        [this.newest - LATE_LETTERS, LETTERS_AT_ONCE],
      );
      const fresh = rows.filter(({ id }) => !this.recent.has(id));
      for (const { id, topic, payload, size, code } of fresh) {
        this.letters.add(letterKey(topic, payload, size));
        this.letterCodes.set(code, (this.letterCodes.get(code) ?? 0) + 1);
        this.recent.add(id);
        this.newest = Math.max(this.newest, id);
      }
      for (const id of this.recent) if (id <= this.newest - 2 * LATE_LETTERS) this.recent.delete(id);
      if (fresh.length < LETTERS_AT_ONCE - LATE_LETTERS) return;
    }
  }

  private async marksOf(claims: readonly Claim[]): Promise<ReadonlySet<string>> {
    const marked = claims.flatMap(({ deviceId, mark }) => (mark === null ? [] : [{ deviceId, ...mark }]));
    if (marked.length === 0) return new Set();
    const { rows } = await this.database.query<Mark & { deviceId: string }>(
      `select m.device_id as "deviceId", m.boot_id as "bootId", m.sequence::float8 as seq,
         encode(m.digest, 'hex') as digest
       from device_message m join unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
         as g(device_id, boot_id, sequence, digest)
         on m.device_id = g.device_id and m.boot_id = g.boot_id and m.sequence = g.sequence
           and m.digest = decode(g.digest, 'hex')`,
      [
        marked.map((mark) => mark.deviceId),
        marked.map((mark) => mark.bootId),
        marked.map((mark) => mark.seq),
        marked.map((mark) => mark.digest),
      ],
    );
    return new Set(rows.map((row) => markKey(row.deviceId, row)));
  }

  private found(claim: Claim, isThere: boolean): void {
    const { counts } = this;
    if (isThere) {
      if (claim.mark === null) counts.refused += 1;
      else counts.taken += 1;
    } else if (claim.mark === null) {
      counts.withoutLetter += 1;
      this.name(claim, `was refused (${claim.code}), and no dead letter has it`);
    } else {
      counts.withoutEffect += 1;
      this.name(claim, `was acknowledged as ${claim.mark.bootId} ${claim.mark.seq}, and has no effect`);
    }
  }

  private name({ deviceId, what, payload }: SentEvent, problem: string): void {
    if (this.findings.length >= MOST_NAMED) return;
    this.findings.push(`${deviceId}: ${what} ${problem}: ${payload.toString("utf8", 0, 300)}`);
  }
}

function letterKey(topic: string, kept: Buffer, size: number): string {
  return createHash("sha256").update(`${topic} ${size} `).update(kept).digest("base64");
}

function markKey(deviceId: string, { bootId, seq, digest }: Mark): string {
  return `${deviceId} ${bootId} ${seq} ${digest}`;
}
