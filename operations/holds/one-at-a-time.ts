/**
 * Runs the work on one order in sequence within this process, so that no other decision about the order comes
 * between its read and its commit. Between processes the store's keys and guards do the same.
 */
import type { Database } from "../../store/sql/database.ts";

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
