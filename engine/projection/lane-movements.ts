/**
 * The movements of a journal row's lane records: one for each position, kind and lane, with the sum of their
 * units and the range of their numbers. Nobody would read one movement for each of half a million
 * reservations a second; the journal keeps every one of them.
 */

import { MAX_UNITS } from "../../actors/position/stock-position.ts";
import type { LaneMovement } from "../../store/stock/lane-movements.ts";
import type { JournalBlob } from "../journal/journal-codec.ts";
import { LANE_RECORD, readLaneBlob } from "../journal/lane-journal.ts";

const KINDS = new Map<number, LaneMovement["kind"]>([
  [LANE_RECORD.reserve, "lane-reserved"],
  [LANE_RECORD.release, "lane-released"],
  [LANE_RECORD.expire, "lane-expired"],
]);

type Sum = { -readonly [K in keyof LaneMovement]: LaneMovement[K] };

/** @returns without places within the row: `entry` is 0 in all of them */
export function laneMovementsOf(sequence: number, blobs: readonly JournalBlob[]): readonly LaneMovement[] {
  const movements: Sum[] = [];
  const open = new Map<string, Map<number, Sum>>();
  for (const { lanes, nowMs } of blobs) {
    if (lanes === null) continue;
    readLaneBlob(lanes, {
      after: () => {},
      operation: (code, place, number, ordinal, quantity, _expiresInMs, edgeMs) => {
        const kind = KINDS.get(code);
        const lane = lanes.names[place];
        if (kind === undefined || lane === undefined) return;
        let ofLane = open.get(lane);
        if (ofLane === undefined) {
          ofLane = new Map();
          open.set(lane, ofLane);
        }
        const units = code === LANE_RECORD.reserve ? quantity : -quantity;
        const atMs = code === LANE_RECORD.expire ? nowMs : edgeMs;
        const key = ordinal * 16 + code;
        const sum = ofLane.get(key);
        if (sum === undefined || Math.abs(sum.reserved + units) > MAX_UNITS) {
          const movement = {
            sequence,
            entry: 0,
            ordinal,
            kind,
            lane,
            reserved: units,
            first: number,
            last: number,
            atMs,
          };
          ofLane.set(key, movement);
          movements.push(movement);
          return;
        }
        sum.reserved += units;
        sum.first = Math.min(sum.first, number);
        sum.last = Math.max(sum.last, number);
        sum.atMs = Math.max(sum.atMs, atMs);
      },
    });
  }
  return movements;
}
