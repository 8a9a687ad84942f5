/**
 * What a piece of work concerns: its shards, the names by which it keeps its order with other work, and its
 * parts by thread.
 */
import type { StockOutcome } from "../../actors/commands.ts";
import type { EngineError } from "../errors.ts";
import { componentsOf, type KitBook } from "../planning/kits.ts";
import { homeOf, shardOf } from "../shard/shard-of.ts";
import type { PlacedParts } from "./round.ts";
import type { ExecuteWork, LanesWork, OrderWork, Work } from "./work.ts";

/** Where SKUs and kits are. */
export type Layout = {
  readonly shardCount: number;
  readonly kits: KitBook;
  /**
   * Whether orders have a home shard, which remembers them as a whole: where several engines share the
   * shards.
   */
  readonly hasHomes: boolean;
};

/** Shards in the order in which the work names them, with repetitions; for commands, one each. */
export function shardsOfWork(work: Work, layout: Layout): readonly number[] {
  const { shardCount } = layout;
  switch (work.kind) {
    case "execute":
      return work.commands.map((command) => shardOf(command.sku, shardCount));
    case "order":
      return shardsOfOrder(work, layout);
    case "amend":
    case "cancel":
      return allShards(shardCount);
    case "positions":
    case "outlooks":
    case "named":
      return work.skus.map((sku) => shardOf(sku, shardCount));
    case "holds":
      return [shardOf(work.address.sku, shardCount)];
    case "lanes":
      return work.parts.map((part) => part.shard);
    case "open":
      return work.addresses.map((address) => shardOf(address.sku, shardCount));
    case "record":
      return [];
    default: {
      const unreachable: never = work;
      return unreachable;
    }
  }
}

function shardsOfOrder({ request, share }: OrderWork, layout: Layout): readonly number[] {
  const { shardCount, kits, hasHomes } = layout;
  const { lines, orderId, ofOrder } = request;
  const home = hasHomes ? [homeOf(ofOrder ?? orderId, shardCount)] : [];
  if (share !== undefined) {
    const parts = [...share.placements, ...share.queue];
    return [...home, ...parts.map((part) => shardOf(part.sku, shardCount))];
  }
  const hasKits = lines.some((line) => kits.has(line.sku));
  // A repeat may come after the kit was defined anew, so any shard may remember the order.
  if (hasKits && !hasHomes) return allShards(shardCount);
  return [...home, ...skusOf(lines, layout).map((sku) => shardOf(sku, shardCount))];
}

/** The shards that have done something for an order. */
export function shardsOfParts(
  { placements, queue, whole }: Pick<PlacedParts, "placements" | "queue" | "whole">,
  shardCount: number,
): readonly number[] {
  const skus = [...placements, ...queue].map(({ sku }) => shardOf(sku, shardCount));
  return whole === null ? skus : [...skus, homeOf(whole.ofOrder, shardCount)];
}

/** SKUs and orders by name. Lane operations name nothing: they keep their order within their lane only. */
export function namesOfWork(work: Work, layout: Layout): Iterable<string> {
  switch (work.kind) {
    case "execute":
      return work.commands.map((command) => command.sku);
    case "order":
      return [`order ${work.request.orderId}`, ...skusOf(work.request.lines, layout)];
    case "amend":
      return [`order ${work.amendment.orderId}`, ...skusOf(work.amendment.lines, layout)];
    case "cancel":
      return [`order ${work.cancellation.orderId}`];
    case "positions":
    case "outlooks":
    case "named":
      return work.skus;
    case "holds":
      return [work.address.sku];
    case "open":
      return work.addresses.map((address) => address.sku);
    case "lanes":
    case "record":
      return [];
    default: {
      const unreachable: never = work;
      return unreachable;
    }
  }
}

/**
 * Cuts work whose pieces are independent of each other apart by thread, so that no thread waits for another
 * because of it. The caller gets one answer for the whole: all outcomes, or the fault that leaves most in
 * doubt.
 */
export function splitByThread(
  work: ExecuteWork | LanesWork,
  threadOfPiece: readonly number[],
): readonly Work[] {
  const threads = [...new Set(threadOfPiece)];
  if (threads.length < 2) return [work];
  return work.kind === "execute"
    ? splitCommands(work, threadOfPiece, threads)
    : splitLanes(work, threadOfPiece, threads);
}

function splitCommands(
  work: ExecuteWork,
  threadOfPiece: readonly number[],
  threads: readonly number[],
): readonly Work[] {
  const outcomes = new Array<StockOutcome>(work.commands.length);
  const join = joined(threads.length, () => work.resolve(outcomes), work.reject);
  return threads.map((thread): ExecuteWork => {
    const places = [...threadOfPiece.keys()].filter((place) => threadOfPiece[place] === thread);
    return {
      kind: "execute",
      commands: places.flatMap((place) => work.commands[place] ?? []),
      resolve: (ofPart) => {
        for (const [index, place] of places.entries()) outcomes[place] = ofPart[index] as StockOutcome;
        join.done();
      },
      reject: join.failed,
    };
  });
}

function splitLanes(
  work: LanesWork,
  threadOfPiece: readonly number[],
  threads: readonly number[],
): readonly Work[] {
  let codes: Uint8Array | null = null;
  const join = joined(threads.length, () => work.resolve(codes), work.reject);
  return threads.map((thread): LanesWork => {
    const parts = work.parts.filter((_, index) => threadOfPiece[index] === thread);
    return {
      ...work,
      parts,
      resolve: (ofPart) => {
        // Each part's codes are zero where lane operations belong to other parts.
        if (ofPart !== null) {
          const all: Uint8Array = codes ?? new Uint8Array(work.count);
          for (let index = 0; index < ofPart.length; index += 1) {
            if (ofPart[index] !== 0) all[index] = ofPart[index] as number;
          }
          codes = all;
        }
        join.done();
      },
      reject: join.failed,
    };
  });
}

function joined(
  count: number,
  resolve: () => void,
  reject: (error: EngineError) => void,
): { readonly done: () => void; readonly failed: (error: EngineError) => void } {
  let left = count;
  let worst: EngineError | null = null;
  const settle = () => {
    left -= 1;
    if (left > 0) return;
    if (worst === null) resolve();
    else reject(worst);
  };
  return {
    done: settle,
    failed: (error) => {
      if (worst === null || error.code === "commit_outcome_unknown") worst = error;
      settle();
    },
  };
}

function allShards(shardCount: number): readonly number[] {
  return Array.from({ length: shardCount }, (_, shard) => shard);
}

function skusOf(lines: readonly { readonly sku: string }[], { kits }: Layout): readonly string[] {
  return lines.flatMap((line) => componentsOf(kits, line.sku).map((component) => component.sku));
}
