/** Nodes and leases in PostgreSQL. */
import {
  forgetEngineNode,
  readEngineNodes,
  readLeases,
  takeSeenLeases,
  tellOfEngineNode,
} from "../../store/journal/engine-nodes.ts";
import { releaseLeases } from "../../store/journal/shard-lease.ts";
import type { Database } from "../../store/sql/database.ts";
import { failpoint } from "../failpoints.ts";
import type { NodeBook } from "./node-book.ts";

/** @param self the owner as leases name it, and the node's name for people */
export function postgresNodeBook(
  database: Database,
  self: { readonly owner: string; readonly name: string },
): NodeBook {
  return {
    tell: (isDraining) => tellOfEngineNode(database, { ...self, isDraining }),
    read: async () => {
      const [nodes, leases] = await Promise.all([readEngineNodes(database), readLeases(database)]);
      return { nodes, leases };
    },
    take: async (seen) => {
      const epochs = await takeSeenLeases(database, seen, self.owner);
      failpoint("takeover-leases-taken");
      return epochs;
    },
    release: (epochs) => releaseLeases(database, epochs, self.owner),
    leave: () => forgetEngineNode(database, self.owner),
  };
}
