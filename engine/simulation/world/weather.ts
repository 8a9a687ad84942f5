/**
 * How many faults one run has: every seed draws its own rates, from calm to a storm of one kind of fault. A
 * run in which everything fails at the same moderate rate hides bugs that need many faults of one kind, or
 * hardly any.
 */
import type { Random } from "../../../config/seeded-random.ts";

/** Probabilities are per occasion; intervals are mean virtual milliseconds, 0: never. */
export type Weather = {
  readonly commitLost: number;
  readonly commitSlow: number;
  readonly commitNeverAnswered: number;
  readonly storageUnreachable: number;
  readonly recordLocked: number;
  readonly poisonRecord: number;
  readonly corruptRead: number;
  readonly snapshotFails: number;
  readonly shardThrows: number;
  readonly threadDies: number;
  readonly threadHangs: number;
  readonly requestRepeated: number;
  readonly replyLost: number;
  readonly formerOwnerAsked: number;
  readonly crashEveryMs: number;
  readonly takeoverEveryMs: number;
  readonly suspendEveryMs: number;
  readonly jumpEveryMs: number;
  /** How much of the work goes through each part of the engine. */
  readonly orders: number;
  readonly lanes: number;
  /** Counts, transfers, quarantine, pools, expected deliveries. */
  readonly warehouse: number;
  readonly queues: number;
  /** Whether one SKU is tracked by lot. */
  readonly lots: boolean;
  /** Whether the clock may jump over the time for which ids are remembered. */
  readonly longJumps: boolean;
  readonly expiring: number;
  readonly snapshotEveryRows: number;
  /** How many calls have several operations, and how many operations at most. */
  readonly bursts: number;
  readonly burstSize: number;
  readonly sessions: number;
  readonly thinkMs: number;
  /** What a request or an answer takes on its way at most. */
  readonly travelMs: number;
  /**
   * Whether messages to threads are encoded as between real threads; on other days they are handed over as
   * they are.
   */
  readonly encodes: boolean;
  /** How long it may last; calm comes sooner once everything has been asked for. */
  readonly lastsMs: number;
};

export function drawWeather(random: Random): Weather {
  /** Most faults do not happen on most days. */
  const rate = (often: number, most: number) => (random.chance(often) ? random.next() * most : 0);
  const every = (often: number, leastMs: number, mostMs: number) =>
    random.chance(often) ? random.integer(leastMs, mostMs) : 0;
  const longJumps = random.chance(0.15);
  return {
    commitLost: rate(0.6, 0.15),
    commitSlow: rate(0.5, 0.3),
    commitNeverAnswered: rate(0.15, 0.03),
    storageUnreachable: rate(0.4, 0.25),
    recordLocked: rate(0.2, 0.1),
    poisonRecord: rate(0.5, 0.25),
    corruptRead: rate(0.2, 0.004),
    snapshotFails: rate(0.3, 0.5),
    shardThrows: rate(0.4, 0.03),
    threadDies: rate(0.4, 0.02),
    threadHangs: rate(0.25, 0.01),
    requestRepeated: rate(0.7, 0.4),
    replyLost: rate(0.5, 0.2),
    formerOwnerAsked: rate(0.7, 0.5),
    crashEveryMs: every(0.7, 40, 400),
    takeoverEveryMs: every(0.7, 40, 400),
    suspendEveryMs: every(0.3, 50, 500),
    jumpEveryMs: every(longJumps ? 1 : 0.3, 50, 800),
    orders: random.next() * 0.5,
    lanes: rate(0.6, 0.7),
    warehouse: rate(0.6, 0.6),
    queues: rate(0.5, 0.3),
    lots: random.chance(0.4),
    longJumps,
    expiring: random.next(),
    snapshotEveryRows: random.pick([4, 8, 16, 40]),
    // Days of single calls only are rare: they take ten times as many rounds.
    bursts: random.chance(0.01) ? 0 : 0.7 + random.next() * 0.3,
    burstSize: random.pick([24, 48, 64]),
    sessions: random.pick([4, 16, 32, 48]),
    thinkMs: random.chance(0.5) ? 0 : random.next() * 30,
    travelMs: random.pick([0.2, 1, 4]),
    encodes: random.chance(0.15),
    lastsMs: random.integer(300, 6_000),
  };
}

/** The same day once every fault has stopped. */
export function calm(weather: Weather): Weather {
  return {
    ...weather,
    commitLost: 0,
    commitSlow: 0,
    commitNeverAnswered: 0,
    storageUnreachable: 0,
    recordLocked: 0,
    corruptRead: 0,
    snapshotFails: 0,
    shardThrows: 0,
    threadDies: 0,
    threadHangs: 0,
    requestRepeated: 0,
    replyLost: 0,
    formerOwnerAsked: 0,
    crashEveryMs: 0,
    takeoverEveryMs: 0,
    suspendEveryMs: 0,
    jumpEveryMs: 0,
  };
}

/** Shards move at any moment, and the day is long enough for nodes to find each other gone. */
export function ofNodes(weather: Weather, random: Random): Weather {
  return {
    ...weather,
    takeoverEveryMs: random.integer(15, 250),
    crashEveryMs: random.chance(0.5) ? random.integer(200, 2_000) : 0,
    lastsMs: random.integer(1_000, 8_000),
    thinkMs: random.next() * 40,
    // Nothing in Holdfast amends or cancels at the engine where nodes share the shards.
    burstSize: random.pick([4, 8, 24]),
  };
}
