/**
 * Runs the work on one order in sequence within this process, so that no other decision about the order comes
 * between its read and its commit. Between processes the store's keys and guards do the same.
 */
import { lockOrder } from "../../store/orders/order-progress.ts";
import { type Database, inTransaction } from "../../store/sql/database.ts";

/** How often work on an order may find that it has moved. Each time somebody else has got on. */
export const MAX_TRIES = 5;

const queues = new WeakMap<Database, Map<string, Promise<unknown>>>();

export function oneAtATime<T>(database: Database, orderId: string, work: () => Promise<T>): Promise<T> {
  let queue = queues.get(database);
  if (queue === undefined) {
    queue = new Map();
    queues.set(database, queue);
  }
  const running = queue;
  const previous = running.get(orderId);
  // If the work before fails, its own caller hears of it.
  const mine = previous === undefined ? work() : previous.then(work, work);
  running.set(orderId, mine);
  const forget = () => {
    if (running.get(orderId) === mine) running.delete(orderId);
  };
  mine.then(forget, forget);
  return mine;
}

/** Waits until whoever holds the order, in whichever process, has let it go. */
export async function untilUnlocked(database: Database, orderId: string): Promise<void> {
  await inTransaction(database, (client) => lockOrder(client, orderId));
}
