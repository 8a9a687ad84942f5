/**
 * Entry of one thread of the stall probe: reads the clock until its time is up, and answers with the time
 * that it missed.
 */
import { parentPort, workerData } from "node:worker_threads";
import { PAUSE_MS, type ThreadStalls } from "./stalls.ts";

const { milliseconds } = workerData as { readonly milliseconds: number };

function watchClock(): ThreadStalls {
  let lostMs = 0;
  let longestMs = 0;
  const began = performance.now();
  let last = began;
  while (last - began < milliseconds) {
    const now = performance.now();
    const pause = now - last;
    if (pause >= PAUSE_MS) lostMs += pause;
    longestMs = Math.max(longestMs, pause);
    last = now;
  }
  return { lostMs, longestMs };
}

parentPort?.postMessage(watchClock());
