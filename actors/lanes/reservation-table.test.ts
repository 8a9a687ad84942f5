import fc from "fast-check";
import { expect, test } from "vitest";
import { type ReservationRecord, ReservationTable } from "./reservation-table.ts";

const START_MS = 1_780_000_000_000;

type Known = {
  position: number;
  quantity: number;
  expiresInMs: number;
  expiresAtMs: number;
  closedAtSeconds: number | null;
};

/** The table, written for reading, with no care for time and memory. */
class Model {
  readonly known = new Map<string, Known>();
  readonly closed: string[] = [];
  readonly firstNew = new Map<number, number>();
  readonly window: { readonly size: number; readonly seconds: number };

  constructor(window: { readonly size: number; readonly seconds: number }) {
    this.window = window;
  }

  close(key: string, nowMs: number): void {
    (this.known.get(key) as Known).closedAtSeconds = Math.floor(nowMs / 1000);
    this.closed.push(key);
  }

  forget(nowMs: number): void {
    for (let key = this.closed[0]; key !== undefined; key = this.closed[0]) {
      const closedAt = this.known.get(key)?.closedAtSeconds ?? 0;
      const isOutdated = closedAt < Math.floor(nowMs / 1000) - this.window.seconds;
      if (this.closed.length <= this.window.size && !isOutdated) return;
      this.closed.shift();
      this.known.delete(key);
      const [lane, number] = key.split("/").map(Number) as [number, number];
      this.firstNew.set(lane, Math.max(this.firstNew.get(lane) ?? 0, number + 1));
    }
  }
}

const lane = fc.constantFrom(0, 1, 2, 70);
const number = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  // One column of the index, and numbers above the signed range.
  fc.integer({ min: 0, max: 200 }).map((n) => n * 16),
  fc.integer({ min: 2 ** 32 - 40, max: 2 ** 32 - 1 }),
);
const expiresInMs = fc.constantFrom(0, 1, 40, 1_000, 70_000, 2 ** 31 - 1);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("reserve" as const), lane, number, expiresInMs }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("release" as const), lane, number }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("extend" as const), lane, number, expiresInMs }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("advance" as const), byMs: fc.integer({ min: 0, max: 50_000 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "forget" as const }) },
);

function recordsOf(table: ReservationTable): { open: ReservationRecord[]; closed: ReservationRecord[] } {
  return { open: [...table.openRecords()], closed: [...table.closedRecords()] };
}

function modelRecords(model: Model): { open: ReservationRecord[]; closed: ReservationRecord[] } {
  const toRecord = (key: string): ReservationRecord => {
    const known = model.known.get(key) as Known;
    const [ofLane, named] = key.split("/").map(Number) as [number, number];
    return {
      lane: ofLane,
      number: named,
      position: known.position,
      quantity: known.quantity,
      expiresInMs: known.expiresInMs,
      expiresAtMs: known.closedAtSeconds === null ? known.expiresAtMs : 0,
      closedAtSeconds: known.closedAtSeconds ?? 0,
    };
  };
  const open = [...model.known].filter(([, known]) => known.closedAtSeconds === null);
  return {
    open: open.map(([key]) => toRecord(key)).sort((a, b) => a.lane - b.lane || a.number - b.number),
    closed: model.closed.map(toRecord),
  };
}

test("knows, expires, forgets and refuses exactly what a map would", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 400 }),
      fc.record({ size: fc.integer({ min: 0, max: 40 }), seconds: fc.constantFrom(5, 100, 86_400) }),
      (steps, window) => {
        const model = new Model(window);
        const table = new ReservationTable(window);
        let now = START_MS;
        table.advance(now);
        for (const [index, action] of steps.entries()) {
          if (action.do === "advance") {
            now += action.byMs;
            table.advance(now);
            const due = [...model.known]
              .filter(
                ([, { closedAtSeconds, expiresAtMs: at }]) => closedAtSeconds === null && at > 0 && at <= now,
              )
              .map(([key]) => key);
            const found: string[] = [];
            for (let entry = table.firstDue; entry !== 0; entry = table.firstDue) {
              const key = `${table.laneOf(entry)}/${table.numberOf(entry)}`;
              found.push(key);
              table.close(entry);
              model.close(key, now);
            }
            expect(found.sort()).toEqual(due.sort());
            continue;
          }
          if (action.do === "forget") {
            model.forget(now);
            table.forget(now);
            continue;
          }
          const key = `${action.lane}/${action.number}`;
          const known = model.known.get(key);
          const entry = table.find(action.lane, action.number);
          expect(entry !== 0).toBe(known !== undefined);
          if (known !== undefined) {
            expect(table.isOpen(entry)).toBe(known.closedAtSeconds === null);
            expect(table.isRepeat(entry, known.position, known.quantity, known.expiresInMs)).toBe(true);
            expect(table.isRepeat(entry, known.position, known.quantity + 1, known.expiresInMs)).toBe(false);
            expect(table.isRepeat(entry, known.position + 1, known.quantity, known.expiresInMs)).toBe(false);
            expect(table.isRepeat(entry, known.position, known.quantity, known.expiresInMs ^ 1)).toBe(false);
          } else {
            expect(table.isTooOld(action.lane, action.number)).toBe(
              action.number < (model.firstNew.get(action.lane) ?? 0),
            );
          }
          if (action.do === "reserve" && known === undefined) {
            const quantity = 1 + (index % 5);
            table.add(action.lane, action.number, index % 7, quantity, action.expiresInMs);
            model.known.set(key, {
              position: index % 7,
              quantity,
              expiresInMs: action.expiresInMs,
              expiresAtMs: action.expiresInMs === 0 ? 0 : now + action.expiresInMs,
              closedAtSeconds: null,
            });
          } else if (known !== undefined && known.closedAtSeconds === null) {
            if (action.do === "release") {
              table.close(entry);
              model.close(key, now);
            } else if (action.do === "extend") {
              table.extend(entry, action.expiresInMs);
              known.expiresAtMs = action.expiresInMs === 0 ? 0 : now + action.expiresInMs;
            }
          }
        }
        expect(recordsOf(table)).toEqual(modelRecords(model));
        for (let position = 0; position < 7; position += 1) {
          const listed = [...table.openOf(position)].map(
            (entry) => `${table.laneOf(entry)}/${table.numberOf(entry)}`,
          );
          const expected = modelRecords(model).open.filter((record) => record.position === position);
          expect(listed.sort()).toEqual(expected.map((record) => `${record.lane}/${record.number}`).sort());
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("what is written down and read back goes on like the original", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.array(step, { maxLength: 100 }), (before, after) => {
      const window = { size: 20, seconds: 100 };
      const original = new ReservationTable(window);
      const run = (table: ReservationTable, steps: typeof before, startMs: number): number => {
        let now = startMs;
        for (const action of steps) {
          if (action.do === "advance") {
            now += action.byMs;
            table.advance(now);
            const due: number[] = [];
            // In an order of their own: which of those that are due together comes first is the caller's to
            // write down.
            for (let entry = table.firstDue; entry !== 0; entry = table.firstDue) {
              due.push(table.numberOf(entry));
              table.extend(entry, 0);
            }
          } else if (action.do === "forget") table.forget(now);
          else {
            const entry = table.find(action.lane, action.number);
            if (action.do === "reserve" && entry === 0) {
              table.add(action.lane, action.number, 1, 1, action.expiresInMs);
            } else if (action.do === "release" && entry !== 0 && table.isOpen(entry)) table.close(entry);
          }
        }
        return now;
      };
      original.advance(START_MS);
      const now = run(original, before, START_MS);
      const copy = new ReservationTable(window);
      copy.advance(now);
      for (const of of [0, 1, 2, 70]) copy.setFirstNew(of, original.firstNewOf(of));
      copy.reserve(original.open + original.closed);
      for (const record of original.closedRecords()) copy.restoreClosed(record);
      for (const record of original.openRecords()) copy.restoreOpen(record);
      expect(recordsOf(copy)).toEqual(recordsOf(original));
      expect(copy.nextExpiryAtMs()).toBe(original.nextExpiryAtMs());
      run(original, after, now);
      run(copy, after, now);
      expect(recordsOf(copy)).toEqual(recordsOf(original));
      for (const of of [0, 1, 2, 70]) expect(copy.firstNewOf(of)).toBe(original.firstNewOf(of));
    }),
    { numRuns: 200 },
  );
});

test("a full index finds every number, however far its search goes, while others are forgotten", () => {
  // Just below what makes the index larger: searches are as long as they get.
  const count = 38_500;
  const table = new ReservationTable({ size: count / 2, seconds: 100 });
  table.advance(START_MS);
  const scattered = (index: number) => Math.imul(index + 1, 0x9e37_79b1) >>> 0;
  for (let index = 0; index < count; index += 1) {
    expect(table.find(index % 3, scattered(index))).toBe(0);
    table.add(index % 3, scattered(index), index, 1, 0);
  }
  const found = (from: number, to: number): number => {
    let sum = 0;
    for (let index = from; index < to; index += 1) {
      const entry = table.find(index % 3, scattered(index));
      if (entry !== 0 && table.positionOf(entry) === index && table.numberOf(entry) === scattered(index))
        sum += 1;
    }
    return sum;
  };
  expect(found(0, count)).toBe(count);
  // In another order than they came in.
  for (let index = 0; index < count; index += 1)
    table.close(table.find(((index * 13) % count) % 3, scattered((index * 13) % count)));
  table.forget(START_MS);
  expect(table.closed).toBe(count / 2);
  expect(found(0, count)).toBe(count / 2);
  for (let index = 0; index < count / 2; index += 1) {
    const known = ((index + count / 2) * 13) % count;
    expect(table.find(known % 3, scattered(known))).not.toBe(0);
  }
});
