/**
 * Keeps orders told of what they were given while they waited: on every notification, once at the start for what a
 * stopped process left, and every few seconds in case a notification was lost with its connection.
 */
import type { Logger } from "pino";
import type { DatabaseClient } from "../../store/sql/database.ts";
import { DEMAND_FILL_CHANNEL } from "../../store/stock/demand-fills.ts";
import type { OperationContext } from "../context.ts";
import { applyDemandFills } from "../holds/apply-demand-fills.ts";

const LOOK_AGAIN_MS = 5_000;

export type DemandFillRunner = { stop(): Promise<void> };

export function runDemandFills(context: OperationContext, logger: Logger): DemandFillRunner {
  let listener: DatabaseClient | null = null;
  let stopped = false;
  let wake: () => void = () => {};
  let isWoken = false;

  const signal = (): void => {
    isWoken = true;
    wake();
  };
  const listen = async (): Promise<void> => {
    const client = await context.database.connect();
    client.on("notification", signal);
    client.once("error", (error) => {
      client.on("error", () => {});
      listener = null;
      client.release(error);
    });
    try {
      await client.query(`listen ${DEMAND_FILL_CHANNEL}`);
      listener = client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  };
  const sleep = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_AGAIN_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (isWoken || stopped) wake();
    });
  const run = async (): Promise<void> => {
    while (!stopped) {
      isWoken = false;
      try {
        if (listener === null) await listen();
        const completed = await applyDemandFills(context);
        if (completed.length > 0) logger.info({ orders: completed.length }, "orders go on: their turn came");
      } catch (error) {
        logger.error({ err: error }, "orders could not be told of their stock");
      }
      await sleep();
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopped = true;
      wake();
      await running;
      // Closed rather than given back: a pooled connection must not go on listening.
      listener?.release(true);
    },
  };
}
