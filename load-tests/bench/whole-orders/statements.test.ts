import { expect, test } from "vitest";
import { countStatements } from "./statements.ts";

const LOG = [
  "2026-11-30 07:00:00.001 UTC [12] holdfast-engine LOG:  duration: 0.031 ms  parse <unnamed>: select 1",
  "2026-11-30 07:00:00.001 UTC [12] holdfast-engine LOG:  duration: 0.020 ms  bind <unnamed>: select 1",
  "2026-11-30 07:00:00.002 UTC [12] holdfast-engine LOG:  duration: 0.011 ms  execute <unnamed>: select 1",
  "2026-11-30 07:00:00.003 UTC [13] holdfast LOG:  duration: 1.100 ms  execute read-order: select *",
  "\t  from orders",
  "\t where id = 'it''s 7'",
  "2026-11-30 07:00:00.004 UTC [13] holdfast LOG:  duration: 0.500 ms  execute read-order: select * from orders where id = 'other'",
  "2026-11-30 07:00:00.005 UTC [13] holdfast ERROR:  duplicate key value violates unique constraint",
  "2026-11-30 07:00:00.006 UTC [14]  LOG:  duration: 0.100 ms  statement: commit",
  "2026-11-30 07:00:00.007 UTC [15] bench LOG:  duration: 0.100 ms  statement: select 2",
  "",
].join("\n");

test("what was executed counts, once for each time, and not that it was parsed and bound", () => {
  expect(countStatements(LOG, 1, "bench").statements).toBe(4);
});

test("the observer's own do not count", () => {
  expect(countStatements(LOG, 1, "nobody").statements).toBe(5);
});

test("of a share in the log, all of them are as many more", () => {
  expect(countStatements(LOG, 0.1, "bench").statements).toBeCloseTo(40);
});

test("statements that differ only in layout and values are one, the most frequent first", () => {
  expect(countStatements(LOG, 0.5, "bench").byText).toEqual([
    { text: "select * from orders where id = '…'", statements: 4 },
    { text: "select #", statements: 2 },
    { text: "commit", statements: 2 },
  ]);
});

test("a log without a statement has none", () => {
  expect(
    countStatements("2026-11-30 07:00:00.001 UTC [9]  LOG:  checkpoint starting: time\n", 0.1, "bench"),
  ).toEqual({
    statements: 0,
    byText: [],
  });
});
