/**
 * What a channel may be asked at once and in a second, shared by all that goes there. Each kind of work has
 * its turn, so that many orders do not keep stock from being told, nor much stock the orders.
 *
 * B1 No call is waited for longer than `CALL_MS`, and while one hangs only its own place is taken.
 * B2 Where the channel says when to come again, nothing is asked of it before.
 * B3 Once it is stopped nothing is begun, and what is under way is waited for no longer than its grace:
 *    whoever asked is told so, and has it done by whoever comes next.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { ChannelCallFigures } from "../../config/channel-calls.ts";
import type { ChannelLimits } from "../../ports/channel-connection.ts";
import { ServiceFault } from "../../ports/service-fault.ts";

export type CallKind = "stock" | "orders" | "changed" | "reading" | "comparing";

/** Longer than any connection waits for its vendor. */
export const CALL_MS = 120_000;

type Waiting = { readonly begin: () => void; readonly refuse: (error: ServiceFault) => void };

/** The code of calls that were given up because the work for the channel ends. */
export const STOPPED = "stopped";

export class CallBudget {
  private readonly limits: ChannelLimits;
  private readonly callMs: number;
  private readonly waiting = new Map<CallKind, Waiting[]>();
  /** Kinds that wait, the one whose turn is next first. */
  private turns: CallKind[] = [];
  private underWay = 0;
  private tokens: number;
  private filledAtMs = performance.now();
  private notBeforeMs = 0;
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;
  private readonly givenUp = new AbortController();
  private answered = 0;
  private failed = 0;
  private putOff = 0;

  constructor(limits: ChannelLimits, callMs = CALL_MS) {
    this.limits = limits;
    this.callMs = callMs;
    this.tokens = limits.burst;
  }

  /** @throws what the call throws, and `ServiceFault` `timeout` by B1 and `stopped` by B3 */
  async call<T>(kind: CallKind, work: () => Promise<T>): Promise<T> {
    await this.admitted(kind);
    try {
      const answer = await this.within(work);
      this.answered += 1;
      return answer;
    } catch (error) {
      if (error instanceof ServiceFault && error.status === 429) this.putOff += 1;
      else this.failed += 1;
      if (error instanceof ServiceFault && error.retryAfterMs !== null)
        this.notBeforeMs = Math.max(this.notBeforeMs, performance.now() + error.retryAfterMs);
      throw error;
    } finally {
      this.underWay -= 1;
      this.pump();
    }
  }

  figures(): ChannelCallFigures {
    const waiting = [...this.waiting.values()].reduce((sum, queue) => sum + queue.length, 0);
    const { underWay, answered, failed, putOff } = this;
    return { waiting, underWay, answered, failed, putOff };
  }

  /** Milliseconds until the channel wants to be asked again. */
  pauseMs(): number {
    return Math.max(0, this.notBeforeMs - performance.now());
  }

  /** B3. @param graceMs for the calls that are under way */
  async stop(graceMs: number): Promise<void> {
    this.isStopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const queue of this.waiting.values()) for (const { refuse } of queue.splice(0)) refuse(stopped());
    this.turns = [];
    const until = performance.now() + graceMs;
    while (this.underWay > 0 && performance.now() < until) await pause(20);
    this.givenUp.abort();
  }

  private admitted(kind: CallKind): Promise<void> {
    if (this.isStopped) return Promise.reject(stopped());
    return new Promise((resolve, refuse) => {
      const queue = this.waiting.get(kind) ?? [];
      this.waiting.set(kind, queue);
      queue.push({ begin: resolve, refuse });
      if (!this.turns.includes(kind)) this.turns.push(kind);
      this.pump();
    });
  }

  private pump(): void {
    if (this.isStopped) return;
    this.fill();
    while (this.turns.length > 0 && this.underWay < this.limits.concurrency) {
      const waitMs = Math.max(this.pauseMs(), this.tokens >= 1 ? 0 : this.tokenMs());
      if (waitMs > 0) {
        this.timer ??= setTimeout(() => {
          this.timer = null;
          this.pump();
        }, Math.ceil(waitMs));
        return;
      }
      const kind = this.turns.shift() as CallKind;
      const queue = this.waiting.get(kind) ?? [];
      const next = queue.shift();
      if (queue.length > 0) this.turns.push(kind);
      if (next === undefined) continue;
      this.tokens -= 1;
      this.underWay += 1;
      next.begin();
    }
  }

  private fill(): void {
    const now = performance.now();
    const more = ((now - this.filledAtMs) / 1_000) * this.limits.perSecond;
    this.tokens = Math.min(Math.max(1, this.limits.burst), this.tokens + more);
    this.filledAtMs = now;
  }

  private tokenMs(): number {
    return ((1 - this.tokens) / this.limits.perSecond) * 1_000;
  }

  private async within<T>(work: () => Promise<T>): Promise<T> {
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.givenUp.signal]);
    const late = pause(this.callMs, undefined, { signal }).then(
      () => {
        throw new ServiceFault(`the channel did not answer within ${this.callMs} ms`, {
          service: "channel",
          code: "timeout",
          retryable: true,
        });
      },
      () => {
        if (!ended.signal.aborted) throw stopped();
        return new Promise<never>(() => {});
      },
    );
    try {
      return await Promise.race([work(), late]);
    } finally {
      ended.abort();
    }
  }
}

function stopped(): ServiceFault {
  return new ServiceFault("the work for the channel ends", {
    service: "channel",
    code: STOPPED,
    retryable: true,
  });
}
