import { askForRetry, readDeadLetter } from "../../store/floor/dead-letters.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

/**
 * Has a message that was put aside given to its handler again: the bridge does it as soon as it hears of it,
 * and the letter then says what came of it. Asking again meanwhile changes nothing.
 */
export async function retryDeadLetter(
  { database }: OperationContext,
  id: string,
  by: string,
): Promise<{ readonly status: "done" } | Refusal> {
  const letter = await readDeadLetter(database, id);
  if (letter === null) return refuse("dead_letter_not_found", `There is no dead letter ${id}.`);
  if (!letter.canRetry)
    return refuse(
      "dead_letter_not_retriable",
      "Only its beginning was kept, or it says how a device was, which the device says again by itself.",
    );
  await askForRetry(database, id, by);
  return { status: "done" };
}
