/**
 * Dead letters that somebody wants to be tried again: each is given to its handler, and the letter says what
 * came of it. `delivered` means that the handler has taken it; what it does later, such as a conveyor's
 * event in its turn, it tells of by itself.
 */
import { lockLetterToRetry, settleRetry } from "../store/floor/dead-letters.ts";
import { type Database, inTransaction } from "../store/sql/database.ts";
import { MalformedMessage } from "./mqtt/json-reader.ts";
import { Undeliverable } from "./mqtt/message-intake.ts";

/**
 * Tries the oldest one. The letter stays locked meanwhile, so that two bridges do not take the same.
 *
 * @param site of the devices; null: of all sites
 * @returns whether there was one
 */
export async function retryLetters(
  database: Database,
  site: string | null,
  deliver: (topic: string, payload: Buffer) => Promise<void>,
): Promise<boolean> {
  return inTransaction(database, async (client) => {
    const letter = await lockLetterToRetry(client, site);
    if (letter === undefined) return false;
    await settleRetry(client, letter.id, await outcomeOf(() => deliver(letter.topic, letter.payload)));
    return true;
  });
}

async function outcomeOf(deliver: () => Promise<void>): Promise<string> {
  try {
    await deliver();
    return "delivered";
  } catch (error) {
    return error instanceof MalformedMessage || error instanceof Undeliverable
      ? error.code
      : "handler_failed";
  }
}
