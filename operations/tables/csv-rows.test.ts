/** CSV as it comes: in pieces that end anywhere, with rows of any size, and quotes that nobody closed. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CsvRow, CsvRows } from "./csv-rows.ts";

const WIDE = { characters: 1_000_000, columns: 1_000 };

function rowsOf(
  text: string,
  sizes: readonly number[] = [text.length || 1],
  limits = WIDE,
): readonly CsvRow[] {
  const rows = new CsvRows(",", limits);
  const found: CsvRow[] = [];
  for (let from = 0, turn = 0; from < text.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    found.push(...rows.read(text.slice(from, from + size)));
    from += size;
  }
  const last = rows.end();
  return last === null ? found : [...found, last];
}

const text = fc
  .array(fc.constantFrom('"', '""', ",", "\n", "\r\n", "\r", "a", "5 tube", " ", '"x"', "ä"), {
    maxLength: 40,
  })
  .map((parts) => parts.join(""));
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });

describe("the rows of a file", () => {
  test("are those that another reader finds, whatever stands in them", () => {
    fc.assert(
      fc.property(text, (given) => {
        let known: readonly (readonly string[])[];
        try {
          known = parse(given, {
            record_delimiter: ["\r\n", "\n", "\r"],
            relax_column_count: true,
            relax_quotes: true,
          });
        } catch {
          // Which of the two calls it a fault: a quote that is never closed.
          const last = rowsOf(given).at(-1);
          expect(last).toMatchObject({ problem: { why: "quote-open" } });
          return;
        }
        expect(rowsOf(given).map((row) => ("cells" in row ? row.cells : row.problem))).toEqual(known);
      }),
      { numRuns: 2_000 },
    );
  });

  test("are the same wherever its pieces end", () => {
    fc.assert(
      fc.property(text, sizes, (given, each) => {
        expect(rowsOf(given, each)).toEqual(rowsOf(given));
      }),
      { numRuns: 1_000 },
    );
  });

  test("begin on the lines on which they begin, line breaks within quotes counted", () => {
    const given = '\ufeffa,b\r\n"x\r\n\r\ny\nz\rw",1\r\n\r\n2,"3"\r4,5';
    for (let size = 1; size <= given.length; size += 1)
      expect(rowsOf(given, [size]).map(({ line }) => line)).toEqual([1, 2, 7, 8, 9]);
  });
});

describe("a row that is too long", () => {
  const limits = { characters: 20, columns: 4 };
  const good = { cells: ["1", "2"] };

  test.each([
    ["by one cell", "x".repeat(21), null, 2],
    ["by all of its cells", "aaaaaa,bbbbbb,cccccc,d", null, 2],
    ["by a cell in quotes", `"${"x".repeat(30)}"`, 2, 2],
    ["by a cell in quotes of many lines", `a,"${"x\n".repeat(30)}"`, 2, 32],
    ["by a quote that is closed lines later", `a,"5 tube\n3,4\n5,6\n7,8\n9,10\n"`, 2, 7],
    ["by doubled quotes", `"${'""'.repeat(15)}"`, 2, 2],
    ["by a quote that a word follows, and breaks within", `"a\n"b${"c".repeat(30)}`, null, 3],
  ])("%s is told with its lines, and those around it are read", (_what, long, quoteLine, endLine) => {
    const given = `1,2\n${long}\n1,2\n`;
    for (const size of [1, 2, 3, 7, 1_000]) {
      const [before, found, after, ...more] = rowsOf(given, [size], limits);
      expect([before, after]).toMatchObject([good, good]);
      expect(found).toEqual({ line: 2, problem: { why: "too-long", quoteLine, endLine } });
      expect(after?.line).toBe(endLine + 1);
      expect(more).toEqual([]);
    }
  });

  test.each([19, 20, 21, 22])("of %i characters is read up to 20", (length) => {
    const [row] = rowsOf(`${"x".repeat(length - 2)},y\n`, [3], limits);
    expect(row !== undefined && "cells" in row).toBe(length <= 20);
  });

  test("by its columns is told, and the next one is read", () => {
    expect(rowsOf("1,2,3,4\n1,2,3,4,5\n1,2\n", [2], limits)).toEqual([
      { line: 1, cells: ["1", "2", "3", "4"] },
      { line: 2, problem: { why: "too-many-columns" } },
      { line: 3, cells: ["1", "2"] },
    ]);
  });

  test("is not kept, however long it is", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const rows = new CsvRows(",", { characters: 1_000, columns: 4 });
    const found: CsvRow[] = [...rows.read('a,"')];
    const before = used();
    // Each of them is another text: one that was kept would stay.
    for (let turn = 0; turn < 64; turn += 1)
      found.push(...rows.read(`${turn},\n`.repeat(256 * 1_024).slice(0, 256 * 1_024)));
    expect(used() - before).toBeLessThan(4 * 2 ** 20);
    found.push(...rows.read('"\nb,c\n'));
    expect(found.map((row) => ("cells" in row ? row.cells : row.problem.why))).toEqual([
      "too-long",
      ["b", "c"],
    ]);
  });
});

test("a quote that is never closed is told with the line where it was opened, not where its row begins", () => {
  const given = '1,2\n"a\nb",x,"c\nd\n1,2\n1,2\n';
  for (const size of [1, 2, 1_000])
    for (const limits of [WIDE, { characters: 8, columns: 4 }])
      expect(rowsOf(given, [size], limits).at(-1)).toEqual({
        line: 2,
        problem: { why: "quote-open", quoteLine: 3, endLine: 7 },
      });
});
