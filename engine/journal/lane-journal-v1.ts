/**
 * Lane records of a journal row of version 1: sixteen bytes each, the words of a lane operation with the
 * position's ordinal in place of its handle. They are read as records of today (`lane-journal.ts`), so that
 * no other file knows of them.
 */

import { int32View } from "./int32-view.ts";
import { LANE_RECORD, type LaneBlob, LaneJournal } from "./lane-journal.ts";

const WORDS = 4;
const QUANTITY_MASK = 0x0fff_ffff;
/** Kinds above those of lane operations, which have kept their numbers. */
const RUN = 14;
const AFTER = 15;

/** Throws on bytes that are not such records. */
export function lanesOfVersion1({ names, records }: LaneBlob): LaneBlob {
  const journal = new LaneJournal();
  const words = int32View(records);
  const nameOf = (place: number): string => {
    const name = names[place];
    if (name === undefined) throw new Error(`the blob has no lane ${place}`);
    return name;
  };
  let lane = "";
  let atMs = 0;
  let events = 0;
  for (let at = 0; at + WORDS <= words.length; at += WORDS) {
    const [first = 0, second = 0, third = 0, fourth = 0] = words.subarray(at, at + WORDS);
    const kind = third >>> 28;
    const quantity = third & QUANTITY_MASK;
    if (kind === RUN) {
      lane = nameOf(first);
      atMs = quantity * 2 ** 32 + (second >>> 0);
    } else if (kind === AFTER) events = first;
    else if (kind === LANE_RECORD.expire) journal.expired(nameOf(fourth), events, first, second, quantity);
    else if (kind < LANE_RECORD.expire) {
      journal.operation(kind, lane, atMs, events, first, second, quantity, fourth);
    } else throw new Error(`lane record kind ${kind} is not known`);
  }
  return journal.take() ?? { names: [], records: new Uint8Array() };
}
