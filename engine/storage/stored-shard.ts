/** A shard as PostgreSQL has it stored. The engine's threads and the snapshot task rebuild it from here. */

import { readJournal } from "../../store/journal/journal.ts";
import { readSnapshots } from "../../store/journal/snapshot.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { RecoverySource } from "./recovery.ts";

const PAGE_ROWS = 500;

export function storedShard(database: Queryable, shard: number): RecoverySource {
  return {
    snapshots: () => readSnapshots(database, shard),
    rows: async function* (sequence) {
      for (let from = sequence; ; ) {
        const rows = await readJournal(database, [{ shard, after: from }], PAGE_ROWS);
        const last = rows.at(-1);
        if (last === undefined) return;
        yield rows;
        from = last.sequence;
      }
    },
  };
}
