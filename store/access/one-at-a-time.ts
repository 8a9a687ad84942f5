/**
 * Work on one thing, one after the other, in all processes: a lock of PostgreSQL's by the thing's name. It is
 * the connection's, so it ends with a process that dies.
 *
 * The connection is held while the work uses others of the pool. So that these are left, few of a process are
 * at it at a time; the others wait their turn.
 */
import type { Database } from "../sql/database.ts";

/** Of the pool's ten. */
const AT_A_TIME = 2;

/** Apart from locks of other purposes. */
const PURPOSE = 7_411;

type Queue = { running: number; readonly waiting: (() => void)[] };

const queues = new WeakMap<Database, Queue>();

/** @param name of the thing; equal names wait for each other */
export async function oneAtATime<T>(database: Database, name: string, work: () => Promise<T>): Promise<T> {
  const queue = queues.get(database) ?? { running: 0, waiting: [] };
  queues.set(database, queue);
  if (queue.running >= AT_A_TIME) await new Promise<void>((resolve) => queue.waiting.push(resolve));
  else queue.running += 1;
  try {
    return await locked(database, name, work);
  } finally {
    // The turn goes on to who waits longest.
    const next = queue.waiting.shift();
    if (next === undefined) queue.running -= 1;
    else next();
  }
}

async function locked<T>(database: Database, name: string, work: () => Promise<T>): Promise<T> {
  const client = await database.connect();
  let isHeld = true;
  try {
    await client.query("select pg_advisory_lock($1, hashtext($2))", [PURPOSE, name]);
    try {
      return await work();
    } finally {
      await client.query("select pg_advisory_unlock($1, hashtext($2))", [PURPOSE, name]).then(
        () => {
          isHeld = false;
        },
        () => {},
      );
    }
  } finally {
    // A connection that may still have the lock is closed, and the lock with it.
    client.release(isHeld);
  }
}
