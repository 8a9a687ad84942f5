/**
 * Whose webhooks, and whose orders that were read, are taken next within this process. A channel that floods
 * waits for itself: what it sends at once would otherwise stand before everybody else's work.
 *
 * T1 So many of one channel at a time; the others wait, in the order in which they came.
 * T2 Those that wait are begun one after the other, channel by channel in turn, and only while this thread is
 *    not late. While it is, a channel that has others waiting goes on slowly, and one that has none begins at
 *    once. So a channel alone has the whole machine, and one that sends now and then never waits for another.
 *    Orders that are read at a channel one after the other are a backlog as well.
 * T3 Who asks at the door (`isChannelFull`) is told when so many wait that one more would be answered too
 *    late. Nothing takes a place before its signature was right.
 */
import { lateness } from "../../config/lateness.ts";
import {
  CHANNEL_LATE_PAUSE_MS,
  CHANNEL_WEBHOOKS_ALWAYS,
  CHANNEL_WEBHOOKS_AT_ONCE,
  CHANNEL_WEBHOOKS_WAITING,
} from "../../config/limits.ts";
import type { Database } from "../../store/sql/database.ts";

/** How often it is looked whether one that waits may begin, where nothing else says so. */
const LOOK_MS = 5;

export type TurnOptions = {
  /** Where nobody waits for the answer any more, work that has not begun is not begun. */
  readonly gone?: AbortSignal;
  /** Whether more of the kind follows at once, for which nobody waits. Default: no. */
  readonly isBacklog?: boolean;
};

type Turns = { underWay: number; begunAtMs: number; readonly waiting: (() => void)[] };

export class ChannelTurns {
  private readonly thread: { readonly isLate: boolean };
  private readonly now: () => number;
  /** By channels that there are, in the order of their turns: of those that waited, the last one is last. */
  private readonly channels = new Map<string, Turns>();
  private timer: NodeJS.Timeout | null = null;

  constructor(thread: { readonly isLate: boolean } = lateness, now: () => number = () => performance.now()) {
    this.thread = thread;
    this.now = now;
  }

  /** T3 */
  isFull(channelId: string): boolean {
    return (this.channels.get(channelId)?.waiting.length ?? 0) >= CHANNEL_WEBHOOKS_WAITING;
  }

  async take<T>(
    channelId: string,
    work: () => Promise<T>,
    { gone, isBacklog = false }: TurnOptions = {},
  ): Promise<T> {
    const turns = this.turnsOf(channelId);
    const waits = isBacklog && this.isTooSoon(turns);
    if (turns.waiting.length === 0 && this.mayBegin(turns) && !waits) count(turns, this.now());
    else {
      const turn = new Promise<void>((begin) => turns.waiting.push(begin));
      this.lookLater();
      await turn;
    }
    try {
      gone?.throwIfAborted();
      return await work();
    } finally {
      turns.underWay -= 1;
      this.beginNext();
    }
  }

  private turnsOf(channelId: string): Turns {
    const known = this.channels.get(channelId);
    if (known !== undefined) return known;
    const turns = { underWay: 0, begunAtMs: Number.NEGATIVE_INFINITY, waiting: [] };
    this.channels.set(channelId, turns);
    return turns;
  }

  private mayBegin({ underWay }: Turns): boolean {
    if (underWay >= CHANNEL_WEBHOOKS_AT_ONCE) return false;
    return underWay < CHANNEL_WEBHOOKS_ALWAYS || !this.thread.isLate;
  }

  /** T2: it is late, and one of the channel has just begun. */
  private isTooSoon({ begunAtMs }: Turns): boolean {
    return this.thread.isLate && this.now() - begunAtMs < CHANNEL_LATE_PAUSE_MS;
  }

  /** T2: one of those that wait, of the channel whose turn is next. */
  private beginNext(): void {
    for (const [channelId, turns] of this.channels) {
      if (turns.waiting.length === 0 || !this.mayBegin(turns) || this.isTooSoon(turns)) continue;
      const begin = turns.waiting.shift();
      this.channels.delete(channelId);
      this.channels.set(channelId, turns);
      count(turns, this.now());
      begin?.();
      return;
    }
  }

  private lookLater(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.beginNext();
      if ([...this.channels.values()].some(({ waiting }) => waiting.length > 0)) this.lookLater();
    }, LOOK_MS);
  }
}

function count(turns: Turns, atMs: number): void {
  turns.underWay += 1;
  turns.begunAtMs = atMs;
}

const ofDatabases = new WeakMap<Database, ChannelTurns>();

function turnsOf(database: Database): ChannelTurns {
  const turns = ofDatabases.get(database) ?? new ChannelTurns();
  ofDatabases.set(database, turns);
  return turns;
}

/** Whether one more webhook of this channel would wait too long. */
export function isChannelFull(database: Database, channelId: string): boolean {
  return turnsOf(database).isFull(channelId);
}

/** Works for a channel when it is its turn. */
export function inChannelTurn<T>(
  database: Database,
  channelId: string,
  work: () => Promise<T>,
  options?: TurnOptions,
): Promise<T> {
  return turnsOf(database).take(channelId, work, options);
}
