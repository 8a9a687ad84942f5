/**
 * What a partner has said of each order, document by document. An 850 and its 860s are one order; the format
 * joins them, and its adapter reads what they come to.
 */
import { join } from "node:path";
import type { OrderAtChannel } from "../../ports/channel-connection.ts";
import type { Disk } from "./disk.ts";
import { hashOf } from "./sent-documents.ts";

/** What the books go on to need of an order whose people were erased: nothing of them. */
export type ForgottenOrder = Pick<OrderAtChannel, "total" | "lines"> & { readonly isCancelled: boolean };

type Kept = {
  readonly externalId: string;
  /** In the order in which they came; none once its people were erased. */
  readonly documents: readonly string[];
  readonly forgotten?: ForgottenOrder;
  /** When the last of them came, milliseconds of the Unix epoch. */
  readonly changedMs: number;
};

export interface PartnerOrders {
  find(externalId: string): Promise<Kept | null>;
  /** What is there already is not added again, and nothing to an order that was forgotten. */
  add(externalId: string, document: string, cameMs: number): Promise<void>;
  /** Keeps this in the place of the order's documents. */
  forget(externalId: string, forgotten: ForgottenOrder): Promise<void>;
  /** Ids of those that changed in a stretch of time, the oldest change first. */
  changedBetween(
    sinceMs: number,
    untilMs: number,
  ): Promise<readonly { readonly externalId: string; readonly changedMs: number }[]>;
  /** Of every order that ever came, in no order. */
  each(visit: (kept: Kept) => void): Promise<void>;
}

/** @param folder of what is ours alone */
export function createPartnerOrders(disk: Disk, folder: string): PartnerOrders {
  const at = (externalId: string) => join(folder, `${hashOf(externalId)}.json`);
  // Of all orders, once they have been read: what is asked by time needs no file.
  let changes: Map<string, number> | null = null;

  const read = async (path: string): Promise<Kept | null> => {
    const content = await disk.read(path);
    return content === null ? null : (JSON.parse(content.toString("utf8")) as Kept);
  };
  const each = async (visit: (kept: Kept) => void): Promise<void> => {
    for (const name of await disk.list(folder)) {
      const kept = name.endsWith(".json") ? await read(join(folder, name)) : null;
      if (kept !== null) visit(kept);
    }
  };
  const changesOf = async (): Promise<Map<string, number>> => {
    if (changes !== null) return changes;
    const found = new Map<string, number>();
    await each(({ externalId, changedMs }) => found.set(externalId, changedMs));
    changes = found;
    return found;
  };

  return {
    each,
    find: (externalId) => read(at(externalId)),
    add: async (externalId, document, cameMs) => {
      const before = await read(at(externalId));
      if (before?.documents.includes(document) === true || before?.forgotten !== undefined) return;
      const kept: Kept = {
        externalId,
        documents: [...(before?.documents ?? []), document],
        changedMs: Math.max(before?.changedMs ?? 0, cameMs),
      };
      await disk.write(at(externalId), JSON.stringify(kept));
      changes?.set(externalId, kept.changedMs);
    },
    forget: async (externalId, forgotten) => {
      const before = await read(at(externalId));
      if (before === null || before.forgotten !== undefined) return;
      await disk.write(
        at(externalId),
        JSON.stringify({ ...before, documents: [], forgotten } satisfies Kept),
      );
    },
    changedBetween: async (sinceMs, untilMs) =>
      [...(await changesOf())]
        .map(([externalId, changedMs]) => ({ externalId, changedMs }))
        .filter(({ changedMs }) => changedMs >= sinceMs && changedMs < untilMs)
        .sort((one, other) =>
          one.changedMs === other.changedMs
            ? one.externalId.localeCompare(other.externalId)
            : one.changedMs - other.changedMs,
        ),
  };
}
