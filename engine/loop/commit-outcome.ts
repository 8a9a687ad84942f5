/**
 * Finds out what became of a commit that did not come back as committed. Runs on the main thread.
 *
 * Epochs are raised before the journal is read back (E2 of `engine-core.ts`). After that no commit of ours
 * that is still on its way can land, and what the journal says is final.
 */
import type { Logger } from "pino";
import { EngineError } from "../errors.ts";
import { failpoint } from "../failpoints.ts";
import type { EngineDisk } from "../storage/engine-disk.ts";
import { type CommitFault, failCommit } from "./committer.ts";
import { pause, type Scheduler } from "./scheduler.ts";

/** If the outcome of a commit cannot be found out for this long, its callers are told so. */
const UNKNOWN_AFTER_MS = 5_000;
/** By then a restarted database is mostly back. */
const UNKNOWN_RETRY_MS = 2_000;

const ASK_AGAIN_MS = 250;

type CommitOutcome = {
  /** The epochs of the shards that are still ours. */
  readonly renewed: ReadonlyMap<number, number>;
  readonly landed: boolean;
};

/** Asks until storage answers. @param held the shards that were ours until now */
export async function findOutcome(
  fault: CommitFault,
  held: readonly number[],
  options: {
    readonly disk: EngineDisk;
    readonly scheduler: Scheduler;
    readonly logger: Logger;
    readonly isStopping: () => boolean;
  },
): Promise<CommitOutcome> {
  const { disk, scheduler, logger } = options;
  const started = scheduler.now();
  let told = false;
  for (;;) {
    try {
      failpoint("fault-before-renew");
      const renewed = await disk.renew(held);
      failpoint("fault-after-renew");
      const landed = fault.fenced ? new Set() : await disk.landed(fault.rows);
      return { renewed, landed: fault.rows.length > 0 && landed.size === fault.rows.length };
    } catch (cause) {
      logger.warn({ err: cause }, "storage cannot be reached");
    }
    if (!told && scheduler.now() - started >= UNKNOWN_AFTER_MS) {
      told = true;
      failCommit(
        fault.commit,
        new EngineError("commit_outcome_unknown", "the commit may or may not have happened", {
          retryAfterMs: UNKNOWN_RETRY_MS,
          cause: fault.cause,
        }),
      );
    }
    // The process that starts next takes the leases over and finds what was committed.
    if (told && options.isStopping()) return { renewed: new Map(), landed: false };
    await pause(scheduler, ASK_AGAIN_MS);
  }
}
