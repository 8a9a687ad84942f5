/**
 * Work of which one process at a time does all, as a part of this process: at work while it has the lease,
 * and standing by while another has.
 *
 * W1 The work begins after the lease is had, and has ended before it is given up.
 * W2 A first beginning that fails is the start's fault, and its caller's to tell. A later one gives the lease
 *    up, so that another process may fare better, and is tried again.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { type RoleLease, tryRoleLease } from "../../store/role-lease.ts";
import type { Database } from "../../store/sql/database.ts";

/** How often a lease that another has is asked for. */
const LOOK_MS = 500;
/** After a beginning that failed. */
const AGAIN_MS = 5_000;
/** After it was given up for another: so long that all others have looked. */
const GIVEN_UP_MS = 3_000;

export type RoleWork = { stop(): Promise<void> };

export type RoleStandbyOptions = {
  readonly role: string;
  /** `node.id` of this process. */
  readonly owner: string;
  readonly database: Database;
  /** Milliseconds beyond the usual until it asks again: for those to whom others are to be preferred. */
  readonly laterMs?: () => number;
  /** @param epoch of the lease, for `roleFence` */
  readonly begin: (epoch: number) => Promise<RoleWork>;
  readonly logger: Logger;
};

export class RoleStandby {
  private readonly options: RoleStandbyOptions;
  private readonly stopping = new AbortController();
  private atWork: { readonly lease: RoleLease; readonly work: RoleWork } | null = null;
  private running: Promise<void> = Promise.resolve();
  private tellGivenUp: () => void = () => {};

  /** @returns once the work has begun here, or another process is seen to have it. @throws by W2 */
  static async start(options: RoleStandbyOptions): Promise<RoleStandby> {
    const standby = new RoleStandby(options);
    await standby.tryOnce();
    if (standby.atWork === null) options.logger.info("another process does this work; standing by");
    standby.running = standby.run();
    return standby;
  }

  private constructor(options: RoleStandbyOptions) {
    this.options = options;
  }

  isAtWork(): boolean {
    return this.atWork !== null;
  }

  /** Ends the work here, if this process has it, so that another one has it for the time being. */
  giveUp(): void {
    this.tellGivenUp();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.end();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    const { logger } = this.options;
    while (!signal.aborted) {
      if (this.atWork !== null) {
        const { lease } = this.atWork;
        const givenUp = new Promise<void>((resolve) => {
          this.tellGivenUp = resolve;
        });
        const why = await Promise.race([
          lease.lost.then(() => "lost" as const),
          stopped.then(() => "stopped" as const),
          givenUp.then(() => "given up" as const),
        ]);
        if (why === "stopped") return;
        if (why === "lost") logger.warn("another process has taken this work over; standing by");
        await this.end();
        if (why === "given up") await pause(GIVEN_UP_MS, undefined, { signal }).catch(() => {});
        continue;
      }
      const later = this.options.laterMs?.() ?? 0;
      await pause(LOOK_MS + later, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.tryOnce();
      } catch (error) {
        logger.error({ err: error }, "the work could not be begun here");
        await pause(AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  private async tryOnce(): Promise<void> {
    const { role, owner, database, begin, logger } = this.options;
    const lease = await tryRoleLease(database, { role, owner });
    if (lease === null) return;
    try {
      this.atWork = { lease, work: await begin(lease.epoch) };
    } catch (error) {
      await lease.release();
      throw error;
    }
    logger.info({ epoch: lease.epoch }, "this process does the work now");
  }

  /** W1 */
  private async end(): Promise<void> {
    if (this.atWork === null) return;
    const { lease, work } = this.atWork;
    this.atWork = null;
    await work
      .stop()
      .catch((error: unknown) => this.options.logger.error({ err: error }, "the work did not end in order"));
    await lease.release();
  }
}
