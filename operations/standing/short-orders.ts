/**
 * Orders that wait for stock go on when stock arrives, wherever it comes from: an integrator's receipt, a
 * count, a restocked return. The allocator says what was committed, so that no caller has to remember this.
 *
 * The retry comes after the receipt's commit and may be lost with the process. Whoever has the stock next, be it
 * the next start or another node, tries every order again that waits for it. Two that try the same order at
 * the same moment settle it once: the writer of what was reserved takes an order that waits, and no other.
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

/** Which stock is in this process, where nodes share it. */
type StockHere = {
  isHere(sku: string): boolean;
  onShardsMoved(listener: () => void): void;
};

/** @param stock absent: all of it is here. */
export function runShortOrders(
  context: OperationContext,
  logger: Logger,
  stock?: StockHere,
): ShortOrderRunner {
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
    // Another node tries the orders that wait for what it has.
    if (stock !== undefined) for (const sku of arrived) if (!stock.isHere(sku)) arrived.delete(sku);
    if (arrived.size === 0 || stopped) return;
    running ??= retryArrived();
  };
  const lookForAll = async (): Promise<void> => {
    try {
      for (const sku of await skusOrdersWaitFor(context.database)) arrived.add(sku);
    } catch (error) {
      logger.error({ err: error }, "orders that wait for stock could not be looked for");
    }
    retry();
  };
  let catchingUp: Promise<void> = Promise.resolve();
  let isDue = false;
  const catchUp = (): void => {
    // Shards come by the dozen: one look that begins after them is enough.
    if (isDue || stopped) return;
    isDue = true;
    catchingUp = catchingUp.then(() => {
      isDue = false;
      return lookForAll();
    });
  };

  context.allocator.observeCommands((commands, outcomes) => {
    for (const [index, command] of commands.entries()) {
      if (addsStock(command, outcomes[index])) arrived.add(command.sku);
    }
    retry();
  });
  stock?.onShardsMoved(catchUp);
  catchUp();
  return {
    stop: async () => {
      stopped = true;
      await catchingUp;
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
