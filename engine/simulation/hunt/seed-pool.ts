/**
 * Spreads seeds over threads, a few at a time, so that no thread ends long before the others.
 */
import type { Worker } from "node:worker_threads";
import { startThread } from "../../../config/start-thread.ts";
import { addResult, emptyResult, type RangeResult, type SeedRange } from "./seed-range.ts";

/**
 * Some hundred milliseconds of work: long enough to be worth a message, short enough that the progress bar
 * moves.
 */
const PIECE = 25;

type PoolOptions = SeedRange & {
  readonly workers: number;
  /**
   * Asked before each piece: false ends early. The seeds that ran are then the first ones of the range,
   * without gaps.
   */
  readonly mayGoOn: (sum: RangeResult) => boolean;
  readonly onProgress: (sum: RangeResult) => void;
};

export async function runPool(options: PoolOptions): Promise<RangeResult> {
  const sum = emptyResult();
  const end = options.from + options.count;
  let next = options.from;
  const takePiece = (): SeedRange | undefined => {
    if (next >= end || !options.mayGoOn(sum)) return undefined;
    const { operations, withNodes } = options;
    const piece = { from: next, count: Math.min(PIECE, end - next), operations, withNodes };
    next += piece.count;
    return piece;
  };
  await Promise.all(
    Array.from({ length: options.workers }, async (_, index) => {
      const worker = startThread("engine/simulation/hunt/seed-thread", `seeds-${index}`, undefined);
      try {
        for (let piece = takePiece(); piece !== undefined; piece = takePiece()) {
          addResult(sum, await ask(worker, piece));
          options.onProgress(sum);
        }
      } finally {
        await worker.terminate();
      }
    }),
  );
  sum.broken.sort((a, b) => a.seed - b.seed);
  return sum;
}

function ask(worker: Worker, range: SeedRange): Promise<RangeResult> {
  return new Promise((resolve, reject) => {
    const listeners = {
      message: (result: RangeResult) => settle(() => resolve(result)),
      error: (error: Error) => settle(() => reject(error)),
      exit: (code: number) => settle(() => reject(new Error(`a simulation thread ended with ${code}`))),
    };
    // Removed one by one: a worker's own listeners must stay, or it receives no more messages.
    const settle = (act: () => void) => {
      for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
      act();
    };
    for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
    worker.postMessage(range);
  });
}
