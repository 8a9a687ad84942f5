/**
 * Orders that wait for stock go on when stock arrives, whoever brings it in: an integrator's receipt, a count, a
 * restocked return. This wraps the allocator client where the system is composed, so that no caller has to remember.
 *
 * The retry comes after the receipt's commit and may be lost with the process; `catchUp` at the next start repeats it.
 */
import type { Logger } from "pino";
import type { StockCommand, StockOutcome } from "../../actors/commands.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import type { Database } from "../../store/sql/database.ts";
import { retryShortOrders } from "../holds/release-hold.ts";

export type ShortOrders = {
  /** The allocator client that everybody else gets. */
  readonly allocator: AllocatorClient;
  /** Tries every order that waits for stock now. */
  catchUp(): Promise<void>;
  /** Waits for a retry that is under way. */
  stop(): Promise<void>;
};

export function retryShortOrdersOnReceipt(
  allocator: AllocatorClient,
  database: Database,
  logger: Logger,
): ShortOrders {
  const context = { database, allocator, now: Date.now };
  const arrived = new Set<string>();
  let running: Promise<void> | null = null;
  let stopped = false;

  const drain = async (): Promise<void> => {
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
  };
  const retry = (skus: Iterable<string>): void => {
    for (const sku of skus) arrived.add(sku);
    running ??= drain().finally(() => {
      running = null;
    });
  };

  return {
    allocator: {
      execute: async (commands) => {
        const outcomes = await allocator.execute(commands);
        const skus = commands
          .filter((command, index) => addsStock(command, outcomes[index]))
          .map(({ sku }) => sku);
        if (skus.length > 0) retry(skus);
        return outcomes;
      },
      reserveOrder: (request, attachment) => allocator.reserveOrder(request, attachment),
      commit: (writer, record) => allocator.commit(writer, record),
      positions: (skus) => allocator.positions(skus),
      holds: (address) => allocator.holds(address),
      openPositions: (addresses) => allocator.openPositions(addresses),
      applyLane: (call) => allocator.applyLane(call),
      available: (sku, scope) => allocator.available(sku, scope),
      availableByLocation: (sku) => allocator.availableByLocation(sku),
      capableToPromise: (request) => allocator.capableToPromise(request),
      amendOrder: (amendment) => allocator.amendOrder(amendment),
      cancelOrder: (cancellation) => allocator.cancelOrder(cancellation),
      setLocations: (locations) => allocator.setLocations(locations),
      recordFills: (writer) => allocator.recordFills(writer),
      setSourcingRules: (rules) => allocator.setSourcingRules(rules),
      setKits: (kits) => allocator.setKits(kits),
      status: () => allocator.status(),
    },
    catchUp: async () => {
      const { rows } = await database.query<{ sku: string }>(
        `select distinct line.sku
           from orders join order_line line on line.order_id = orders.id
          where orders.status = 'on_hold' and line.sku is not null
            and orders.hold_reasons @> '[{"code": "insufficient_stock"}]'`,
      );
      if (rows.length > 0) retry(rows.map((row) => row.sku));
    },
    stop: async () => {
      stopped = true;
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
