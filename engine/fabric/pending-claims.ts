/**
 * Carries out the claims of orders that were reserved over several engines: at once by whoever wrote them, and,
 * where that process died or an engine was away, by any process that has an engine, some seconds later.
 *
 * A claim's commands change nothing when they are repeated, so two processes may carry it out at once. What
 * stock refuses is done with (O4 of `order-over-engines.ts`).
 */
import type { Logger } from "pino";
import type { StockCommand } from "../../actors/commands.ts";
import {
  deleteClaims,
  type ReservationClaim,
  readOldClaims,
} from "../../store/journal/reservation-claims.ts";
import type { Database } from "../../store/sql/database.ts";
import { inBatches } from "../../store/sql/batched.ts";
import type { AllocatorClient } from "../allocator-client.ts";

const LOOK_MS = 1_000;
/** By then whoever wrote it has carried it out, if it can. */
const LEFT_ALONE_MS = 2_500;
const MOST_AT_ONCE = 200;

export class PendingClaims {
  private readonly database: Database;
  private readonly logger: Logger;
  private readonly inBatches: (claim: ReservationClaim) => Promise<void>;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(database: Database, engines: Pick<AllocatorClient, "execute">, logger: Logger) {
    this.database = database;
    this.logger = logger;
    this.inBatches = inBatches(
      async (claims) => {
        await engines.execute(claims.flatMap(({ commands }) => commands as readonly StockCommand[]));
        await deleteClaims(
          database,
          claims.map(({ id }) => id),
        );
        return claims.map(() => undefined);
      },
      { most: MOST_AT_ONCE, apart: true },
    );
    this.lookLater();
  }

  /** Never rejects: what cannot be carried out now is tried again until it is. */
  async carryOut(claim: ReservationClaim): Promise<void> {
    try {
      await this.inBatches(claim);
    } catch (error) {
      this.logger.warn({ err: error, claim: claim.id }, "an order's holds at other engines wait to be claimed");
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private lookLater(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.looking = this.look().finally(() => this.lookLater());
    }, LOOK_MS);
  }

  private async look(): Promise<void> {
    try {
      const claims = await readOldClaims(this.database, LEFT_ALONE_MS, MOST_AT_ONCE);
      await Promise.all(claims.map((claim) => this.carryOut(claim)));
    } catch (error) {
      this.logger.warn({ err: error }, "claims could not be read");
    }
  }
}
