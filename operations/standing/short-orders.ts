/**
 * Orders that wait for stock go on when stock arrives, wherever it comes from: an integrator's receipt, a
 * count, a restocked return. The allocator says what was committed, so that no caller has to remember this.
 *
 * The retry comes after the receipt's commit and may be lost with the process. The next start tries every
 * order again.
 */
import type { Logger } from "pino";
import type { StockCommand, StockOutcome } from "../../actors/commands.ts";
import { skusOrdersWaitFor } from "../../store/orders/held-orders.ts";
import type { OperationContext } from "../context.ts";
import { retryShortOrders } from "../holds/release-hold.ts";

type ShortOrderRunner = {
  /** Waits for the retry that is under way. */
  stop(): Promise<void>;
};

export function runShortOrders(context: OperationContext, logger: Logger): ShortOrderRunner {
  const arrived = new Set<string>();
  let running: Promise<void> | null = null;
  let stopped = false;

  const retryArrived = async (): Promise<void> => {
    while (arrived.size > 0 && !stopped) {
      const skus = [...arrived];
      arrived.clear();
      try {
        const released = await retryShortOrders(context, skus);
        if (released.length > 0)
          logger.info({ orders: released.length }, "orders go on: their stock arrived");
      } catch (error) {
        logger.error(
          { err: error, skus: skus.length },
          "orders that wait for stock could not be tried again",
        );
      }
    }
    // In the same synchronous step as the last look: stock that arrives later starts this again.
    running = null;
  };
  const retry = (): void => {
    if (arrived.size === 0 || stopped) return;
    running ??= retryArrived();
  };
  const catchUp = async (): Promise<void> => {
    try {
      for (const sku of await skusOrdersWaitFor(context.database)) arrived.add(sku);
    } catch (error) {
      logger.error({ err: error }, "orders that wait for stock could not be looked for");
    }
    retry();
  };

  context.allocator.observeCommands((commands, outcomes) => {
    for (const [index, command] of commands.entries()) {
      if (addsStock(command, outcomes[index])) arrived.add(command.sku);
    }
    retry();
  });
  const caughtUp = catchUp();
  return {
    stop: async () => {
      stopped = true;
      await caughtUp;
      await running;
    },
  };
}

function addsStock(command: StockCommand, outcome: StockOutcome | undefined): boolean {
  if (outcome?.status !== "applied") return false;
  switch (command.type) {
    case "receive":
    case "transfer-in":
    case "release-quarantine":
    case "count":
    case "approve-count":
      return true;
    case "adjust":
      return command.delta > 0;
    case "return-receive":
      return command.disposition === "restocked";
    default:
      return false;
  }
}
