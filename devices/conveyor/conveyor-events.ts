/**
 * What conveyors' events do: their refusals, their effects in one transaction with their marks, and the exits
 * of scanned totes. What is said to the conveyors about it, and when, is for `conveyor.ts`.
 *
 * E1 an event is marked in the transaction of its effect. One that is marked already is a repeat: it has no
 *    effect, and is told the exit again
 * E2 an event that is refused is not marked: should a person send it again once its reason is gone, it counts
 * E3 a conveyor tells of its own site's totes only, and of exits that it has
 */
import { isTracing, traceClock, traceOrderWork } from "../../config/trace.ts";
import type { DeadLetterCode } from "../../contract/devices.ts";
import { moveTotes, type ToteMove } from "../../operations/floor/move-tote.ts";
import {
  countRounds,
  endRounds,
  isTaken,
  type MessageMark,
  markKey,
  markTaken,
  scannerKey,
} from "../../store/floor/device-messages.ts";
import { findTotes, type ToteOnTheFloor } from "../../store/floor/floor-tasks.ts";
import { type Database, type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { Device } from "../mqtt/device-registry.ts";
import { type ConveyorEvent, licencePlate, plateOf } from "./conveyor-messages.ts";
import type { Exits } from "./exits.ts";

/** `digest` is the event's, see `eventDigest`. */
export type FromConveyor = {
  readonly device: Device;
  readonly event: ConveyorEvent;
  readonly digest: string;
};

export type Refusal = { readonly code: DeadLetterCode; readonly detail: string };

export type Outcome = {
  readonly refusal?: Refusal;
  /** Where a scanned tote goes. */
  readonly decision?: { readonly lpn: string; readonly exit: string };
};

/** Exits told, for repeated scans. */
const MOST_DECISIONS = 5_000;

type Scan = Extract<ConveyorEvent, { readonly kind: "scan" }>;
/** One event with what is known about it. */
export type Case = {
  readonly device: Device;
  readonly event: ConveyorEvent;
  readonly mark: MessageMark;
  readonly lpn: string;
  readonly tote: ToteOnTheFloor | undefined;
  readonly refusal: Refusal | undefined;
};

export class ConveyorEvents {
  private readonly database: Database;
  private readonly exits: Exits;
  private readonly toteLost: (lpn: string, conveyorId: string) => Promise<void>;
  /** Exit told to each scan, by its mark: so a repeat hears the same, whatever has changed meanwhile. */
  private readonly decisions = new Map<string, string>();

  constructor(options: {
    readonly database: Database;
    readonly exits: Exits;
    /** Happens once more where the process dies after it. */
    readonly toteLost: (lpn: string, conveyorId: string) => Promise<void>;
  }) {
    this.database = options.database;
    this.exits = options.exits;
    this.toteLost = options.toteLost;
  }

  /** What each of them is about, in the same order. */
  async look(events: readonly FromConveyor[]): Promise<readonly Case[]> {
    const plates = events.map(({ event }) => lpnOf(event));
    const totes = await this.totesOf(plates);
    return events.map((each, index) => this.caseOf(each, plates[index] ?? "", totes));
  }

  /** Takes events in their order, all or none. An outcome for each, in the same order. */
  async take(cases: readonly Case[]): Promise<readonly Outcome[]> {
    const accepted = cases.filter((each) => each.refusal === undefined && isMarkedInBatch(each));
    const beganAtMs = isTracing() ? traceClock() : 0;
    const rounds = await this.record(cases, accepted);
    if (isTracing()) traceTotes(accepted, beganAtMs);
    for (const each of cases) if (each.refusal === undefined && isOfLostTote(each)) await this.lose(each);
    return cases.map((each) => this.outcomeOf(each, rounds));
  }

  private async totesOf(plates: readonly string[]): Promise<ReadonlyMap<string, ToteOnTheFloor>> {
    const known = [...new Set(plates)].filter((lpn) => lpn !== "");
    const totes = known.length === 0 ? [] : await findTotes(this.database, known);
    return new Map(totes.map((tote) => [tote.handlingUnit, tote]));
  }

  private caseOf(
    { device, event, digest }: FromConveyor,
    lpn: string,
    totes: ReadonlyMap<string, ToteOnTheFloor>,
  ): Case {
    const tote = totes.get(lpn);
    const { bootId, seq: sequence } = event;
    const mark = { deviceId: device.row.id, bootId, sequence, digest };
    return { device, event, mark, lpn, tote, refusal: this.refusalOf(device, event, tote) };
  }

  private refusalOf(
    device: Device,
    event: ConveyorEvent,
    tote: ToteOnTheFloor | undefined,
  ): Refusal | undefined {
    const { id, locationId } = device.row;
    if (tote !== undefined && tote.locationId !== locationId) {
      const detail = `tote ${tote.handlingUnit} belongs to ${tote.locationId}, ${id} is at ${locationId}`;
      return { code: "foreign_tote", detail };
    }
    if (event.kind !== "divert" || event.result !== "DIVERTED") return undefined;
    const exit = this.exits.kindOf(device, event.exit);
    if (exit === "unknown") return { code: "unknown_lane", detail: `${id} has no lane ${event.exit}` };
    // At an exit where people work things may arrive that nobody has announced.
    if (tote === undefined && exit === "guarded") {
      return { code: "unknown_tote", detail: `no tote ${JSON.stringify(event.lpn)} is known` };
    }
    return undefined;
  }

  /** @returns rounds of the scanned totes, by `scannerKey` */
  private async record(
    cases: readonly Case[],
    accepted: readonly Case[],
  ): Promise<ReadonlyMap<string, number>> {
    const scans = cases.filter(({ event }) => event.kind === "scan");
    if (cases.some(({ tote }) => tote !== undefined))
      return inTransaction(this.database, (client) => this.book(client, accepted, scans));
    // Nothing moves: the marks are one statement, and so a transaction.
    await markTaken(
      this.database,
      accepted.map(({ mark }) => mark),
    );
    return new Map();
  }

  /** @returns rounds of the scanned totes, by `scannerKey` */
  private async book(
    client: DatabaseClient,
    accepted: readonly Case[],
    scans: readonly Case[],
  ): Promise<ReadonlyMap<string, number>> {
    const fresh = await markTaken(
      client,
      accepted.map(({ mark }) => mark),
    );
    // Twice within one batch: only the first is new.
    const isNew = (seen: Set<string>, { mark }: Case): boolean => {
      const key = markKey(mark);
      if (!fresh.has(key) || seen.has(key)) return false;
      seen.add(key);
      return true;
    };
    const seen = new Set<string>();
    const taken = accepted.filter((each) => isNew(seen, each));
    const counted = await countRounds(client, this.roundsOf(scans, new Set(taken)));
    const moves = taken.flatMap((each) => this.movesOf(each, counted));
    await moveTotes(client, moves);
    await endRounds(
      client,
      moves.flatMap((move) => (move.kind === "left" ? [move.tote.handlingUnit] : [])),
    );
    return counted;
  }

  /** Each tote at each scanner once, with how often it is new there. */
  private roundsOf(scans: readonly Case[], taken: ReadonlySet<Case>) {
    const totes = new Map<string, ReturnType<typeof atScanner> & { times: number }>();
    for (const each of scans) {
      if (each.tote === undefined || each.refusal !== undefined) continue;
      const scanner = atScanner(each);
      const key = scannerKey(scanner);
      const known = totes.get(key) ?? { ...scanner, times: 0 };
      if (taken.has(each)) known.times += 1;
      totes.set(key, known);
    }
    return [...totes.values()];
  }

  private movesOf({ device, event, tote }: Case, rounds: ReadonlyMap<string, number>): readonly ToteMove[] {
    if (tote === undefined) return [];
    const cause = `device:${device.row.id}`;
    if (event.kind === "scan") {
      const count = rounds.get(scannerKey(atScanner({ device, event, tote }))) ?? 1;
      const { exit, wentRound } = this.exits.choose(device, tote, count);
      const seen: ToteMove = { kind: "seen", tote, cause };
      return wentRound ? [seen, { kind: "went_round", tote, cause, exit, rounds: count - 1 }] : [seen];
    }
    if (event.kind !== "divert" || event.result !== "DIVERTED") return [];
    const isGuarded = this.exits.kindOf(device, event.exit) === "guarded";
    return [{ kind: "left", tote, cause, exit: event.exit, isGuarded }];
  }

  /**
   * A tote of ours that the conveyor does not know. Its own transactions, before the mark: a crash between
   * the two does it again, and in the other order it would be lost.
   */
  private async lose({ device, mark, lpn }: Case): Promise<void> {
    if (await isTaken(this.database, mark)) return;
    await this.toteLost(lpn, device.row.id);
    await markTaken(this.database, [mark]);
  }

  private outcomeOf(each: Case, rounds: ReadonlyMap<string, number>): Outcome {
    const { refusal, event, device, lpn, tote } = each;
    const refused = refusal === undefined ? {} : { refusal };
    if (event.kind !== "scan") return refused;
    const key = markKey(each.mark);
    let exit = this.decisions.get(key);
    if (exit === undefined) {
      const count =
        tote === undefined ? 0 : (rounds.get(scannerKey(atScanner({ device, event, tote }))) ?? 0);
      exit = this.exits.choose(device, tote, count).exit;
      this.decisions.set(key, exit);
      if (this.decisions.size > MOST_DECISIONS) {
        const [oldest] = this.decisions.keys();
        if (oldest !== undefined) this.decisions.delete(oldest);
      }
    }
    return { ...refused, decision: { lpn, exit } };
  }
}

function isOfLostTote({ event, tote }: Case): boolean {
  return event.kind === "recirculation" && event.result === "UNKNOWN_LPN" && tote !== undefined;
}

/**
 * What has its effect, or none, within the batch's transaction. That a conveyor does not know a tote that
 * nobody knows is only marked: conveyors say so often, and one transaction each would hold up all others.
 */
function isMarkedInBatch({ event, tote }: Case): boolean {
  return event.kind !== "recirculation" || (event.result === "UNKNOWN_LPN" && tote === undefined);
}

function atScanner({ device, event, tote }: Pick<Case, "device" | "event" | "tote">) {
  return {
    deviceId: device.row.id,
    scanPoint: (event as Scan).scanPointId,
    handlingUnit: tote?.handlingUnit ?? "",
  };
}

/** The plate that an event is about; empty where a scan has none, or several. */
function lpnOf(event: ConveyorEvent): string {
  if (event.kind !== "scan") return plateOf(event.lpn);
  const plate = licencePlate(event.barcodes);
  return typeof plate === "string" ? "" : plate.lpn;
}

/** Events of one moment have one transaction: it is a part of each of their orders. */
function traceTotes(cases: readonly Case[], beganAtMs: number): void {
  const endedAtMs = traceClock();
  for (const { device, event, tote } of cases) {
    if (tote === undefined) continue;
    const attributes = { "holdfast.device": device.row.id, "holdfast.events": cases.length };
    traceOrderWork({ orderId: tote.orderId, name: `device ${event.kind}`, attributes, beganAtMs, endedAtMs });
  }
}
