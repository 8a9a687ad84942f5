/**
 * The shard core on one thread, against a mailbox of Map and Promise. Both reserve on the same positions, and
 * release each reservation a fixed number of reservations later; such a pair counts once. The core also
 * writes its journal records, as it does in service, but they are not committed here.
 */
import { LANE_KIND } from "../../../actors/lanes/lane-operations.ts";
import { PositionBook } from "../../../engine/shard/position-book.ts";
import { LANE_WINDOW, ShardLanes } from "../../../engine/shard/shard-lanes.ts";
import { EXPIRES_IN_MS, WORDS } from "../operations.ts";
import { StockActors } from "./promise-mailbox.ts";

const POSITIONS = 1_024;
/** Reservations open at a time. */
const OPEN = 8_192;
const BATCH = 1_024;
const UNITS = 1_000_000;
const WARM_UP_SHARE = 0.5;

/** @returns pairs of reserve and release a second */
export function measureCore(milliseconds: number): number {
  const book = new PositionBook();
  for (let index = 0; index < POSITIONS; index += 1) book.add(`SKU-${index}`, "here").onHand = UNITS;
  const lanes = new ShardLanes(book);
  const words = new Uint32Array(2 * BATCH * WORDS);
  const operations = new Uint8Array(words.buffer);
  let next = 1;
  let bytes = 0;
  const runBatch = (): void => {
    for (let index = 0; index < BATCH; index += 1) {
      const number = next + index;
      put(words, 2 * index, number, LANE_KIND.reserve, 1, EXPIRES_IN_MS);
      put(words, 2 * index + 1, Math.max(1, number - OPEN), LANE_KIND.release, 0, 0);
    }
    next += BATCH;
    const nowMs = Date.now();
    lanes.beginBatch(nowMs, [], null);
    const codes = lanes.apply({ lane: "core", atMs: nowMs, operations });
    bytes += lanes.takeJournal()?.records.length ?? 0;
    lanes.endBatch(nowMs);
    if (codes !== null) throw new Error("the core refused an operation of the bench");
  };
  return pairsPerSecond(milliseconds, () => {
    runBatch();
    if (bytes === 0) throw new Error("the core wrote no journal");
    return BATCH;
  });
}

function put(
  words: Uint32Array,
  index: number,
  number: number,
  kind: number,
  quantity: number,
  expiresInMs: number,
): void {
  const at = index * WORDS;
  words[at] = number;
  words[at + 1] = number % POSITIONS;
  words[at + 2] = (kind << 28) | quantity;
  words[at + 3] = expiresInMs;
}

function pairsPerSecond(milliseconds: number, batch: () => number): number {
  const warm = performance.now() + milliseconds * WARM_UP_SHARE;
  while (performance.now() < warm) batch();
  const began = performance.now();
  let pairs = 0;
  while (performance.now() - began < milliseconds) pairs += batch();
  return (pairs * 1_000) / (performance.now() - began);
}

/** @returns pairs of reserve and release a second */
export async function measurePromiseMailbox(milliseconds: number): Promise<number> {
  const actors = new StockActors(UNITS, LANE_WINDOW.size / POSITIONS);
  const skus = Array.from({ length: POSITIONS }, (_, index) => `SKU-${index}`);
  let next = 1;
  const runBatch = async (): Promise<void> => {
    const answers: Promise<boolean>[] = [];
    const expiresAtMs = Date.now() + EXPIRES_IN_MS;
    for (let index = 0; index < BATCH; index += 1) {
      const number = next + index;
      const old = Math.max(1, number - OPEN);
      answers.push(actors.of(skus[number % POSITIONS] ?? "").reserve(`core/${number}`, 1, expiresAtMs));
      answers.push(actors.of(skus[old % POSITIONS] ?? "").release(`core/${old}`));
    }
    next += BATCH;
    if ((await Promise.all(answers)).includes(false)) throw new Error("the mailbox refused an operation");
  };
  const warm = performance.now() + milliseconds * WARM_UP_SHARE;
  while (performance.now() < warm) await runBatch();
  const began = performance.now();
  let pairs = 0;
  while (performance.now() - began < milliseconds) {
    await runBatch();
    pairs += BATCH;
  }
  return (pairs * 1_000) / (performance.now() - began);
}
