/**
 * So many webhooks of one channel at a time within this process; the others wait, in the order in which they
 * came. A channel that floods waits for itself: what it sends at once would otherwise stand before everybody
 * else's work at the database.
 */
import { CHANNEL_WEBHOOKS_AT_ONCE } from "../../config/limits.ts";
import type { Database } from "../../store/sql/database.ts";

type Turns = { underWay: number; readonly waiting: (() => void)[] };

const ofChannels = new WeakMap<Database, Map<string, Turns>>();

/** @param gone where nobody waits for the answer any more, work that has not begun is not begun */
export async function inChannelTurn<T>(
  database: Database,
  channelId: string,
  work: () => Promise<T>,
  gone?: AbortSignal,
): Promise<T> {
  const channels = ofChannels.get(database) ?? new Map<string, Turns>();
  ofChannels.set(database, channels);
  const turns = channels.get(channelId) ?? { underWay: 0, waiting: [] };
  channels.set(channelId, turns);
  if (turns.underWay >= CHANNEL_WEBHOOKS_AT_ONCE)
    await new Promise<void>((begin) => turns.waiting.push(begin));
  else turns.underWay += 1;
  try {
    gone?.throwIfAborted();
    return await work();
  } finally {
    // The turn is handed on, or given back.
    const next = turns.waiting.shift();
    if (next !== undefined) next();
    else {
      turns.underWay -= 1;
      if (turns.underWay === 0) channels.delete(channelId);
    }
  }
}
