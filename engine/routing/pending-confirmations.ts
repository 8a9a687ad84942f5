/**
 * Carries out the confirmations of orders that were reserved over several engines: at once by whoever wrote
 * them, and, where that process died or an engine was away, by any process that has an engine, some seconds
 * later.
 *
 * A confirmation's commands change nothing when they are repeated, so two processes may carry it out at
 * once. What stock refuses is done with (O4 of `order-over-engines.ts`).
 */
import type { Logger } from "pino";
import type { StockCommand } from "../../actors/commands.ts";
import {
  deleteConfirmations,
  type ReservationConfirmation,
  readOldConfirmations,
} from "../../store/journal/reservation-confirmations.ts";
import { inBatches } from "../../store/sql/batched.ts";
import type { Database } from "../../store/sql/database.ts";
import type { AllocatorClient } from "../allocator-client.ts";

const LOOK_MS = 1_000;
/** By then whoever wrote it has carried it out, if it can. */
const LEFT_ALONE_MS = 2_500;
const MOST_AT_ONCE = 200;

export class PendingConfirmations {
  private readonly database: Database;
  private readonly logger: Logger;
  private readonly inBatches: (confirmation: ReservationConfirmation) => Promise<void>;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(database: Database, engines: Pick<AllocatorClient, "execute">, logger: Logger) {
    this.database = database;
    this.logger = logger;
    this.inBatches = inBatches(
      async (confirmations) => {
        await engines.execute(confirmations.flatMap(({ commands }) => commands as readonly StockCommand[]));
        await deleteConfirmations(
          database,
          confirmations.map(({ id }) => id),
        );
        return confirmations.map(() => undefined);
      },
      { most: MOST_AT_ONCE, apart: true },
    );
    this.lookLater();
  }

  /** Never rejects: what cannot be carried out now is tried again until it is. */
  async carryOut(confirmation: ReservationConfirmation): Promise<void> {
    try {
      await this.inBatches(confirmation);
    } catch (error) {
      this.logger.warn(
        { err: error, confirmation: confirmation.id },
        "an order's holds at other engines wait to be confirmed",
      );
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
      const confirmations = await readOldConfirmations(this.database, LEFT_ALONE_MS, MOST_AT_ONCE);
      await Promise.all(confirmations.map((confirmation) => this.carryOut(confirmation)));
    } catch (error) {
      this.logger.warn({ err: error }, "confirmations could not be read");
    }
  }
}
