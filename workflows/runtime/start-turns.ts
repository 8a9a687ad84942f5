/**
 * Which sagas are begun next. A saga that has begun goes through: payment, stock and floor take turns of this
 * thread and connections that captures need as well. So a backlog waits in the outbox, and not in the worker.
 *
 * S1 Channels in turn, the oldest start of each first: whoever sends now and then is not behind one that
 *    floods.
 * S2 A channel that has begun none for a moment begins one at once.
 * S3 More than that only while the thread is not late, and only so many at a time that it is found out when
 *    it is. While it is late, a channel goes on by S2 only where hardly anything is in hand, or where it has
 *    begun none for long: a thread that is late for other reasons does not stop it.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { DueStart } from "../../store/outbox.ts";

/** Starts at a time where nobody has to be given way to. */
const MOST_STARTS = 100;
/** Starts at a time beside those of S2. In some tens of milliseconds each is felt. */
const AT_A_TIME = 2;
/** What is read of a channel: all that it may begin at a time, and one that says that there are more. */
const READ = AT_A_TIME + 2;
const LOOK_MS = 25;
/** S2 */
const MOMENT_MS = 200;
/** S3 */
const LONG_MS = 1_000;
/** S3: what is in hand of one or two orders. */
const HARDLY_ANYTHING = 2;

export type StartTurnsOptions = {
  /** The thread whose callers come first; null: nobody calls this process. */
  readonly thread: { readonly isLate: boolean } | null;
  /** Steps of sagas that are under way in this process. */
  readonly inHand: () => number;
  readonly now?: () => number;
};

export class StartTurns {
  private readonly options: StartTurnsOptions;
  /** By channel, in the order of their turns. */
  private readonly begunAtMs = new Map<string, number>();
  private isWaiting = false;

  constructor(options: StartTurnsOptions) {
    this.options = options;
  }

  /** How many starts of a channel are worth reading. */
  get startsOfChannel(): number {
    return this.options.thread === null ? MOST_STARTS : READ;
  }

  /** Where some have to wait: until it is looked again whether they still have to. */
  async pause(): Promise<void> {
    if (this.isWaiting) await delay(LOOK_MS);
  }

  /** @param due oldest first */
  choose<Start extends Pick<DueStart, "channelId">>(due: readonly Start[]): readonly Start[] {
    const { thread, inHand, now = () => performance.now() } = this.options;
    const waiting = new Map<string, Start[]>();
    for (const start of due) {
      const before = waiting.get(start.channelId);
      if (before === undefined) waiting.set(start.channelId, [start]);
      else before.push(start);
    }
    const nowMs = now();
    const begun: Start[] = [];
    const begin = (channelId: string): void => {
      const start = waiting.get(channelId)?.shift();
      if (start === undefined) return;
      begun.push(start);
      this.begunAtMs.delete(channelId);
      this.begunAtMs.set(channelId, nowMs);
    };
    const isLate = thread?.isLate ?? false;
    const pauseMs = isLate && inHand() >= HARDLY_ANYTHING ? LONG_MS : MOMENT_MS;
    for (const channelId of this.inTurn(waiting))
      if (nowMs - (this.begunAtMs.get(channelId) ?? Number.NEGATIVE_INFINITY) >= pauseMs) begin(channelId);
    let more = thread === null ? MOST_STARTS : isLate ? 0 : AT_A_TIME;
    while (more > 0) {
      const [channelId] = this.inTurn(waiting).filter((each) => (waiting.get(each)?.length ?? 0) > 0);
      if (channelId === undefined) break;
      begin(channelId);
      more -= 1;
    }
    this.isWaiting = begun.length < due.length;
    return begun;
  }

  /** Those that have begun none yet, and then those whose last one is longest ago. */
  private inTurn(waiting: ReadonlyMap<string, unknown>): readonly string[] {
    const known = [...this.begunAtMs.keys()].filter((channelId) => waiting.has(channelId));
    return [...[...waiting.keys()].filter((channelId) => !this.begunAtMs.has(channelId)), ...known];
  }
}
