/**
 * Files as other programs write them: told by their beginning, read to the cell, and what is wrong is named.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import { isBesideTheProject, readBesideTheProject } from "../../test-support/beside-the-project.ts";
import { detectDecimal, plainDecimal, readCell } from "./cells.ts";
import { csvLine } from "./csv-line.ts";
import { detectLayout, missingFields } from "./detect-layout.ts";
import { readEntries } from "./entries.ts";
import type { Entry, OrderItem, StockItem } from "./entry.ts";
import { asItWas, withoutFormula } from "./formula.ts";
import { createRowReader, type Row } from "./read-rows.ts";
import { MAX_RECORD_CHARACTERS, readRecords, type TableRecord, UnreadableTableError } from "./read-table.ts";
import { decodeText, detectEncoding } from "./text-encoding.ts";

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function recordsOf(text: string, delimiter: "," | ";" = ","): Promise<readonly TableRecord[]> {
  const records: TableRecord[] = [];
  const format = text.startsWith("{") ? "jsonl" : "csv";
  async function* only() {
    yield text;
  }
  for await (const record of readRecords(only(), { format, delimiter })) records.push(record);
  return records;
}

async function imported(
  content: string | Buffer,
  kind?: TableKind,
  pieceSize = 7,
): Promise<{ readonly entries: readonly Entry[]; readonly found: Awaited<ReturnType<typeof detectLayout>> }> {
  const bytes = Buffer.from(content);
  const found = await detectLayout(bytes, kind === undefined ? {} : { kind });
  if (found.kind === null) return { entries: [], found };
  const { layout } = found;
  const read = createRowReader(found.kind, layout);
  async function* rows(): AsyncGenerator<Row> {
    let isHeader = layout.format === "csv";
    for await (const record of readRecords(decodeText(pieces(bytes, pieceSize), layout.encoding), layout)) {
      if (isHeader) isHeader = false;
      else yield* read(record);
    }
  }
  const columnOf = (field: string) => layout.fields.find((each) => each.field === field)?.column ?? null;
  const entries: Entry[] = [];
  for await (const entry of readEntries(found.kind, rows(), columnOf)) entries.push(entry);
  return { entries, found };
}

const SHOPIFY = "data/backoffice/migration/shopify-csv.layouts.json";
const note = isBesideTheProject(SHOPIFY) ? "" : ` (skipped: nothing in ../shared/${SHOPIFY})`;
const testOfShopify = test.skipIf(note !== "");

function shopify(layout: string): readonly string[] {
  return JSON.parse(readBesideTheProject(SHOPIFY)).layouts[layout];
}

const STOCK = "sku,location,onHand\r\nTEE-1,east,5\r\n";
const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();

describe("an encoding is told from the first bytes", () => {
  test.each([
    ["UTF-8", "utf-8", Buffer.from("name\nÄpfel")],
    ["UTF-8 with its mark", "utf-8", Buffer.from("\ufeffname\nÄpfel")],
    ["UTF-8 that ends in the midst of a letter", "utf-8", Buffer.from("name\nÄ").subarray(0, -1)],
    ["UTF-16 with its mark", "utf-16le", Buffer.from("\ufeffname\nÄpfel", "utf16le")],
    ["UTF-16 without it", "utf-16le", Buffer.from("name\nplain", "utf16le")],
    ["UTF-16 the other way around", "utf-16be", utf16be("\ufeffname\nÄpfel")],
    ["Windows-1252", "windows-1252", Buffer.from("name\nPreis 5 \x80, \xc4pfel", "latin1")],
  ])("%s", async (_what, expected, bytes) => {
    expect(detectEncoding(bytes)).toBe(expected);
    let text = "";
    for await (const part of decodeText(pieces(bytes, 1), detectEncoding(bytes))) text += part;
    expect(text.startsWith("name\n")).toBe(true);
    if (expected === "windows-1252") expect(text).toBe("name\nPreis 5 €, Äpfel");
  });

  test.each([
    ["UTF-16", Buffer.from(`\ufeff${STOCK}`, "utf16le")],
    ["UTF-16 the other way around", utf16be(`\ufeff${STOCK}`)],
    ["UTF-8 with its mark", Buffer.from(`\ufeff${STOCK}`)],
  ])("a file in %s is read, in pieces of every size", async (_what, bytes) => {
    for (const size of [1, 2, 3, 64]) {
      const { entries } = await imported(bytes, undefined, size);
      expect(entries.map(({ item }) => item)).toEqual([{ sku: "TEE-1", location: "east", onHand: 5 }]);
    }
  });
});

describe("a layout is told from the columns", () => {
  test.each([
    ["semicolons", "sku;location;onHand\nA;east;1\n", ";"],
    ["tabs", "sku\tlocation\tonHand\nA\teast\t1\n", "\t"],
    ["bars", "sku|location|onHand\nA|east|1\n", "|"],
    ["what Excel says to itself", "sep=;\nsku;location;onHand\nA;east;1\n", ";"],
    ["commas within quotes", '"sku";"location, or place";"on hand"\nA;east;1\n', ";"],
  ])("cells between %s", async (_what, text, delimiter) => {
    const { found } = await imported(text, "stock");
    expect(found.layout.delimiter).toBe(delimiter);
    expect(found.layout.columns).toHaveLength(3);
  });

  test("our own fields are found however their names are written, and others are shown as not used", async () => {
    const { found, entries } = await imported("S.K.U.,Location,ON HAND,Shelf\nA,east,1,7\n");
    expect(found).toMatchObject({ kind: "stock", layout: { source: "holdfast" } });
    expect(missingFields(found.layout)).toEqual([]);
    expect(entries).toHaveLength(1);
  });

  test("what is needed and in no column is named", async () => {
    const { found } = await imported("sku,name,price\nA,Tee,1.00\n", "products");
    expect(missingFields(found.layout)).toEqual([
      "weightGrams",
      "currency",
      "hsCode",
      "originCountry",
      "gtin",
    ]);
  });

  testOfShopify(
    `a mapping that was kept counts for the same columns, and variants still have their product's title${note}`,
    async () => {
      const columns = shopify("products-2024");
      const saved = [
        { kind: "products" as const, columns, fields: [{ field: "sku", column: "Handle", otherwise: null }] },
      ];
      const { layout } = await detectLayout(Buffer.from(csvLine(columns)), { saved });
      expect(layout).toMatchObject({ source: "own", carried: { field: "name", while: "Handle" } });
      expect(layout.fields.find(({ field }) => field === "sku")?.column).toBe("Handle");
    },
  );

  test("two columns of one name stay apart", async () => {
    const { found } = await imported("sku,sku,,\nA,B,C,D\n", "stock");
    expect(found.layout.columns).toEqual(["sku", "sku (2)", "column 3", "column 4"]);
    const { found: named } = await imported("sku,sku (3),sku\nA,B,C\n", "stock");
    expect(named.layout.columns).toEqual(["sku", "sku (3)", "sku (4)"]);
  });

  test("a mapping that was kept finds its columns however this file writes their names, and reads decimals as it did", async () => {
    const saved = [
      {
        kind: "stock" as const,
        columns: ["Item Code", "QTY"],
        fields: [
          { field: "sku", column: "Item Code", otherwise: null },
          { field: "location", column: null, otherwise: "east" },
          { field: "onHand", column: "QTY", otherwise: null },
        ],
        decimal: "," as const,
        dates: null,
      },
    ];
    const { layout } = await detectLayout(Buffer.from("qty;item_code\n1.200;A\n"), { saved });
    expect(layout).toMatchObject({ source: "own", decimal: ",", dates: "year" });
    expect(
      layout.fields.filter(({ column }) => column !== null).map(({ field, column }) => [field, column]),
    ).toEqual([
      ["sku", "item_code"],
      ["onHand", "qty"],
    ]);
  });

  test("which of 03/04/2026 is the day is told from the other dates of the file, or by somebody", async () => {
    const orders = (dates: readonly string[]) =>
      `channel,id,currency,customerName,placedAt,lineSku,lineQuantity,linePrice\n${dates
        .map((date, index) => `web,${index},USD,Ada,${date},A,1,1.00\n`)
        .join("")}`;
    const { found, entries } = await imported(orders(["03/04/2026", "31/12/2026 10:15"]));
    expect(found.layout.dates).toBe("day");
    expect(entries.map(({ item }) => (item as OrderItem | null)?.order.placedAt)).toEqual([
      "2026-04-03T00:00:00.000Z",
      "2026-12-31T10:15:00.000Z",
    ]);
    const unsaid = await imported(orders(["03/04/2026"]));
    expect(unsaid.entries[0]?.faults).toMatchObject([{ column: "placedAt", code: "cell_date_untold" }]);
  });

  test("a table of serial numbers needs no figure, and one of kits is told by its columns", async () => {
    expect((await imported("SKU,Location,Serial\nA,east,S-1\n")).found.kind).toBe("stock");
    expect((await imported("kit,component,quantity\nSET,A,2\nSET,B,1\n")).entries).toMatchObject([
      {
        key: "SET",
        rows: 2,
        item: {
          sku: "SET",
          components: [
            { sku: "A", quantity: 2 },
            { sku: "B", quantity: 1 },
          ],
        },
      },
    ]);
    const twice = await imported("kit,component,quantity\nSET,A,2\nSET,A,1\nSET,SET,1\n");
    expect(twice.entries[0]?.faults.map(({ line, code }) => [line, code])).toEqual([
      [3, "row_repeated"],
      [4, "row_repeated"],
    ]);
    const document = { kit: "SET", components: [{ sku: "A", quantity: 2 }] };
    expect((await imported(JSON.stringify(document))).entries).toMatchObject([
      { key: "SET", rows: 1, item: { components: [{ sku: "A", quantity: 2 }] } },
    ]);
  });

  testOfShopify.each([
    ["orders", "orders", "shopify"],
    ["products-2024", "products", "shopify"],
    ["products-older", "products", "shopify"],
    ["customers", "customers", "shopify"],
    ["inventory-2025", "stock", "shopify"],
    ["inventory-2023", "stock", "shopify"],
    ["inventory-older", "stock", "shopify"],
  ])(`Shopify's %s are %s${note}`, async (name, kind, source) => {
    const columns = shopify(name);
    const { found } = await imported(csvLine(columns) + csvLine(columns.map(() => "")));
    expect(found).toMatchObject({ kind, layout: { source } });
    for (const { field, column } of found.layout.fields)
      if (column !== null) expect(columns, field).toContain(column);
  });
});

describe("a cell is read exactly, or what was expected is said", () => {
  test.each([
    ["1234.50", ".", "1234.50"],
    ["1,234.50", ".", "1234.50"],
    ["1.234,50", ",", "1234.50"],
    ["1 234,50", ",", "1234.50"],
    ["12'345.6", ".", "12345.6"],
    ["(3.00)", ".", "-3.00"],
    [",5", ",", "0.5"],
    ["1,23", ".", undefined],
    ["1.23", ",", undefined],
    ["1,2345.00", ".", undefined],
    ["1.2.3", ".", undefined],
    ["1e5", ".", undefined],
    ["0x10", ".", undefined],
    ["", ".", undefined],
  ] as const)("%s with %s is %s", (text, sign, expected) => {
    expect(plainDecimal(text, sign)).toBe(expected);
  });

  test("decimals stand behind a comma where no amount can be read otherwise", () => {
    expect(detectDecimal(["12,50", "3,00"])).toBe(",");
    expect(detectDecimal(["12,50", "3.00"])).toBe(".");
    expect(detectDecimal(["1,234", "1.234"])).toBe(".");
    expect(detectDecimal([])).toBe(".");
  });

  test.each([
    ["integer", "3.0", { value: 3 }],
    ["integer", "3.5", { code: "cell_not_a_count" }],
    ["integer", "99999999999999999999", { code: "cell_not_a_count" }],
    ["amount", "$1,234.50", { value: "1234.50" }],
    ["amount", "1234.50 EUR", { value: "1234.50" }],
    ["amount", "free", { code: "cell_not_an_amount" }],
    ["flag", "Yes", { value: true }],
    ["flag", "perhaps", { code: "cell_not_a_flag" }],
    ["time", "2026-09-03 10:15:00 -0400", { value: "2026-09-03T14:15:00.000Z" }],
    ["time", "2026-02-30", { code: "cell_not_a_time" }],
    ["time", "09/03/2026", { code: "cell_date_untold" }],
    ["time", "yesterday", { code: "cell_not_a_time" }],
    ["id", "1.23457E+12", { code: "cell_mangled" }],
    ["id", "1E5", { value: "1E5" }],
    ["text", "half a character \ud800", { code: "cell_not_decoded" }],
    ["text", "a\u0000b\nc", { value: "ab c" }],
    ["text", "x".repeat(1_001), { code: "cell_too_long" }],
    ["text", "\ufffd", { code: "cell_not_decoded" }],
    ["text", "  ", null],
  ] as const)("%s %j", (type, text, expected) => {
    const read = readCell(type, text, ".");
    if (expected === null) expect(read).toBeNull();
    else expect(read).toMatchObject(expected);
  });

  test("what looks like a formula is text for a spreadsheet, and comes back as it was", () => {
    for (const text of ["=1+1", "+49 30", "-5", "@SUM(A1)", "'=x", "''-1", "plain", "'quoted'", "＝1"]) {
      expect(asItWas(withoutFormula(text))).toBe(text);
      expect(withoutFormula(text)).not.toMatch(/^[=+\-@\t\r＝]/);
    }
    fc.assert(fc.property(fc.string(), (text) => asItWas(withoutFormula(text)) === text));
  });
});

describe("rows are read to the end, and what cannot be read is named with its line", () => {
  test("quotes, line breaks and empty lines are RFC 4180's, and each row has its line", async () => {
    const records = await recordsOf('a,b\r\n"x\r\ny","say ""hi"""\r\n\r\nlast,5" tube');
    expect(records).toEqual([
      { line: 1, cells: ["a", "b"] },
      { line: 2, cells: ["x\r\ny", 'say "hi"'] },
      { line: 5, cells: ["last", '5" tube'] },
    ]);
  });

  test("a quote that is never closed ends the file there, with the line where it was opened", async () => {
    const found: TableRecord[] = [];
    const reading = (async () => {
      async function* only() {
        yield 'a,b\n1,2\n"x\ny","4\n5,6\n7,8\n';
      }
      for await (const record of readRecords(only(), { format: "csv", delimiter: "," })) found.push(record);
    })();
    await expect(reading).rejects.toThrow(UnreadableTableError);
    await expect(reading).rejects.toMatchObject({
      line: 4,
      message: expect.stringContaining("up to line 7"),
    });
    expect(found.map(({ line, broken }) => [line, broken])).toEqual([
      [1, undefined],
      [2, undefined],
      [3, "a closing quote: one is opened in line 4 and never closed, and the file ends in line 7"],
    ]);
  });

  test.each([1, 2, 10].map((times) => Math.floor(times * MAX_RECORD_CHARACTERS)))(
    "a row of %i characters is refused where it is too long, and the next one is read",
    async (length) => {
      const cell = `"${"x\n".repeat(Math.floor(length / 2) - 20)}"`;
      const text = `sku,location,onHand\nA,east,1\n${cell},east,2\nB,east,3\n`;
      const { entries } = await imported(text, "stock", 65_536);
      const lines = 3 + Math.floor(length / 2) - 20;
      expect(entries.map(({ line }) => line)).toEqual([2, 3, lines + 1]);
      expect(entries.map(({ key, units }) => [key, units])).toEqual([
        ["A @ east", 1],
        [null, 0],
        ["B @ east", 3],
      ]);
      expect(entries[1]?.faults).toEqual([
        length === MAX_RECORD_CHARACTERS
          ? expect.objectContaining({ code: "cell_too_long", line: 3, column: "sku" })
          : {
              line: 3,
              column: null,
              code: "row_unreadable",
              expected: `a row of at most 512 KiB: this one ends in line ${lines}, since a quote is opened in line 3 that nothing closes before`,
            },
      ]);
    },
  );

  test("a row of far too many columns is refused, and the next one is read", async () => {
    const { entries } = await imported(`sku,location,onHand\n${",".repeat(1_000)}\nB,east,3\n`, "stock");
    expect(entries.map(({ faults }) => faults[0]?.expected)).toEqual([
      "at most 1000 columns: is the delimiter another one?",
      undefined,
    ]);
  });

  test("of a kit beside a row that cannot be read nothing is booked, since the row may be one of its own", async () => {
    const rows = [
      "K1,A,1",
      "K1,B,1",
      "K1,C",
      "K1,D,1",
      "K2,A,1",
      "K2,B,1",
      "K3,A,1",
      "K3",
      "K4,A,1",
      "K5,A,1",
    ];
    const { entries } = await imported(`kit,component,quantity\n${rows.join("\n")}\n`, "kits");
    expect(entries.map(({ line, rows: count, key, faults }) => [line, count, key, faults[0]?.code])).toEqual([
      [2, 2, null, "row_beside_unreadable"],
      [4, 1, null, "row_columns"],
      [5, 1, null, "row_beside_unreadable"],
      [6, 2, "K2", undefined],
      [8, 1, null, "row_beside_unreadable"],
      [9, 1, null, "row_columns"],
      [10, 1, null, "row_beside_unreadable"],
      [11, 1, "K5", undefined],
    ]);
    expect(entries[0]?.faults[0]?.expected).toContain("line 4");
    // A document of JSON lines is whole by itself.
    const line = (kit: string) => JSON.stringify({ kit, components: [{ sku: "A", quantity: 1 }] });
    const lines = await imported(`${line("K1")}\n{nonsense\n${line("K2")}\n`, "kits");
    expect(lines.entries.map(({ key }) => key)).toEqual(["K1", null, "K2"]);
  });

  test("a row with other columns than the first one is refused, and the next one is read", async () => {
    const { entries } = await imported("sku,location,onHand\nA,east\nB,east,1,2\nC,east,3\n");
    expect(entries.map(({ faults }) => faults.map(({ code }) => code))).toEqual([
      ["row_columns"],
      ["row_columns"],
      [],
    ]);
    expect(entries[2]).toMatchObject({ line: 4, units: 3 });
  });

  test.each([
    ["cells of nothing at the end of rows", "sku,location,onHand\nA,east,1,,\nB,east,2, ,\n"],
    ["a column without a name, which rows leave out", "sku,location,onHand,\nA,east,1\nB,east,2,\n"],
  ])("%s are no other columns", async (_what, text) => {
    const { entries } = await imported(text, "stock");
    expect(entries.map(({ units, faults }) => [units, faults])).toEqual([
      [1, []],
      [2, []],
    ]);
  });

  test("a line that is no JSON is refused, and the next one is read; long numbers keep their digits", async () => {
    const lines = [
      '{"sku":"A","location":"east","onHand":1}',
      "{nonsense",
      "[1]",
      '{"sku":12345678901234567890,"location":"east","onHand":2}',
    ];
    const { entries } = await imported(lines.join("\n"));
    expect(entries.map(({ faults }) => faults[0]?.code)).toEqual([
      undefined,
      "row_unreadable",
      "row_unreadable",
      undefined,
    ]);
    expect((entries[3]?.item as StockItem | undefined)?.sku).toBe("12345678901234567890");
  });

  test("a line of JSON that is far too long is refused, and the next one is read", async () => {
    const good = '{"sku":"A","location":"east","onHand":1}';
    const long = `{"sku":"${"x".repeat(3 * MAX_RECORD_CHARACTERS)}"}`;
    const { entries } = await imported(
      `${good}\n${long}\n${good.replace("A", "B")}\n${long}`,
      "stock",
      65_536,
    );
    expect(entries.map(({ line, key, faults }) => [line, key, faults[0]?.code])).toEqual([
      [1, "A @ east", undefined],
      [2, null, "row_unreadable"],
      [3, "B @ east", undefined],
      [4, null, "row_unreadable"],
    ]);
  });

  test.each([
    [
      "a lot with its date",
      "A,east,3,L-1,2027-03-31,",
      { lot: { name: "L-1", expiresAtMs: 1_806_451_200_000 } },
    ],
    ["a lot without one", "A,east,3,L-1,,", { lot: { name: "L-1", expiresAtMs: null } }],
    ["serial numbers", 'A,east,,,,"S-1, S-2"', { onHand: 2, serials: ["S-1", "S-2"] }],
    ["as many serial numbers as units", "A,east,1,,,S-1", { onHand: 1, serials: ["S-1"] }],
  ])("stock by %s", async (_what, row, item) => {
    const { entries } = await imported(`sku,location,onHand,lot,expires,serial\n${row}\n`);
    expect(entries[0]?.faults).toEqual([]);
    expect(entries[0]?.item).toMatchObject({ sku: "A", location: "east", ...item });
  });

  test.each([
    ["other units than serial numbers", "A,east,3,,,S-1", "onHand", "serials_other"],
    ["a lot and serial numbers", "A,east,1,L-1,,S-1", "serial", "serials_other"],
    ["a serial number twice", 'A,east,,,,"S-1;S-1"', "serial", "serials_other"],
    ["a date of no lot", "A,east,1,,2027-03-31,", "lot", "cell_missing"],
    ["a lot that no label could bear", "A,east,1,Lös,,", "lot", "name_not_plain"],
    ["neither units nor serial numbers", "A,east,,,,", "onHand", "cell_missing"],
  ])("stock with %s is refused", async (_what, row, column, code) => {
    const { entries } = await imported(`sku,location,onHand,lot,expires,serial\n${row}\n`);
    expect(entries[0]?.item).toBeNull();
    expect(entries[0]?.faults).toMatchObject([{ column, code }]);
  });

  test("the same row twice in a file is refused the second time", async () => {
    const { entries } = await imported(`${STOCK}TEE-1,east,7\r\n`);
    expect(entries[1]?.faults).toMatchObject([{ line: 3, code: "row_repeated" }]);
  });

  test("whatever bytes come, reading them ends, and each row is counted once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (noise) => {
        const bytes = Buffer.concat([Buffer.from("sku,location,onHand\n"), noise]);
        try {
          const { entries } = await imported(bytes, "stock");
          for (const entry of entries) expect(entry.rows).toBe(1);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableTableError);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("what other systems export becomes what is booked here", () => {
  const row = (values: Readonly<Record<string, string>>) =>
    csvLine(shopify("orders").map((column) => values[column] ?? ""));
  const header = () => csvLine(shopify("orders"));
  const first = {
    Name: "#1001",
    Email: "ada@example.com",
    "Financial Status": "paid",
    "Fulfillment Status": "unfulfilled",
    Currency: "USD",
    Subtotal: "30.00",
    Shipping: "5.00",
    Taxes: "2.01",
    Total: "37.01",
    "Created at": "2026-09-03 10:15:00 -0400",
    "Lineitem quantity": "2",
    "Lineitem name": "Tee",
    "Lineitem price": "10.00",
    "Lineitem sku": "TEE-1",
    "Shipping Name": "Ada Lovelace",
    "Shipping Address1": "1 Main St",
    "Shipping City": "Boston",
    "Shipping Zip": "'01234",
    "Shipping Province": "MA",
    "Shipping Country": "US",
  };
  const second = {
    Name: "#1001",
    Email: "ada@example.com",
    "Lineitem quantity": "1",
    "Lineitem price": "10.00",
    "Lineitem sku": "MUG-1",
  };

  testOfShopify(
    `an order of Shopify's has its lines, its money to the cent, and a postcode with its zero${note}`,
    async () => {
      const { entries } = await imported(header() + row(first) + row(second));
      expect(entries).toHaveLength(1);
      const [entry] = entries;
      // Which channel gets it, the file does not say.
      expect(entry?.faults).toMatchObject([{ column: "channel", code: "cell_missing" }]);
      expect(entry).toMatchObject({ rows: 2, units: 3, money: { currency: "USD", minor: 3_701 } });
    },
  );

  test("with a channel, it is one order in our own format, and its taxes are its lines'", async () => {
    const own =
      "channel,id,currency,customerName,tax,shippingPrice,total,lineSku,lineQuantity,linePrice,shippingPostalCode,shippingLine1,shippingCity,shippingCountry,paid\n" +
      "web,1001,USD,Ada,2.01,5.00,37.01,TEE-1,2,10.00,'01234,1 Main St,Boston,US,paid\n,1001,,,,,,MUG-1,1,10.00,,,,,\n";
    const { entries } = await imported(own);
    expect((entries[0]?.item as OrderItem | undefined)?.order).toMatchObject({
      id: "1001",
      total: "37.01",
      paymentBy: "channel",
      shippingAddress: { postalCode: "01234" },
      lines: [
        { id: "1", sku: "TEE-1", quantity: 2, taxes: [{ amount: "1.34" }] },
        { id: "2", sku: "MUG-1", quantity: 1, taxes: [{ amount: "0.67" }] },
      ],
    });
  });

  testOfShopify.each([
    ["shipped", { "Fulfillment Status": "fulfilled" }, undefined],
    ["cancelled", { "Cancelled at": "2026-09-04 10:00:00 -0400" }, undefined],
    ["refunded", { "Financial Status": "refunded" }, undefined],
    ["partly shipped", { "Fulfillment Status": "partial" }, "order_partly_shipped"],
  ])(`an order that is %s is not booked${note}`, async (_what, change, code) => {
    const { entries } = await imported(header() + row({ ...first, ...change }));
    expect(entries[0]?.item).toBeNull();
    expect(entries[0]?.faults.some((fault) => fault.code === "order_partly_shipped")).toBe(
      code !== undefined,
    );
  });

  test("a place that does not have the goods is no row of stock, in both generations of the file", async () => {
    const older = [
      "Handle",
      "Title",
      "Option1 Name",
      "Option1 Value",
      "Option2 Name",
      "Option2 Value",
      "Option3 Name",
      "Option3 Value",
      "SKU",
      "HS Code",
      "COO",
      "East",
      "West",
    ];
    const rowOf = (east: string, west: string) =>
      csvLine(["tee", "Tee", "", "", "", "", "", "", "TEE-1", "", "", east, west]);
    const { entries } = await imported(csvLine(older) + rowOf("5", "not stocked"));
    expect(entries.map(({ item, rows }) => ({ item, rows }))).toEqual([
      { item: { sku: "TEE-1", location: "East", onHand: 5 }, rows: 1 },
      { item: null, rows: 0 },
    ]);
  });

  test("a nested record of an interface is read by its paths, a row for each line", async () => {
    const skubana = {
      orderId: 4711,
      orderNumber: "S-1",
      orderStatus: "AWAITING_SHIPMENT",
      shipName: "Ada",
      currency: "USD",
      orderTotal: { amount: 20, currency: "USD" },
      shipAddress1: "1 Main",
      shipCity: "Boston",
      shipCountry: "US",
      orderItems: [
        { listingSku: "TEE-1", quantityOrdered: 1, unitPrice: { amount: 12.5 } },
        { listingSku: "MUG-1", quantityOrdered: 1, unitPrice: { amount: 7.5 } },
      ],
    };
    const { found, entries } = await imported(JSON.stringify(skubana));
    expect(found).toMatchObject({ kind: "orders", layout: { source: "skubana", format: "jsonl" } });
    expect(entries).toMatchObject([{ units: 2, money: { minor: 2_000 } }]);
  });

  test("a product of Skubana's has its price in a currency, one of Orderhive's its weight in gm", async () => {
    const money = { amount: 9.99, currency: "USD" };
    const skubana = {
      productId: 1,
      masterSku: "TEE-1",
      name: "Tee",
      upc: "614141000012",
      mapPrice: money,
      weight: 8,
    };
    const { found, entries } = await imported(JSON.stringify(skubana));
    expect(found).toMatchObject({ kind: "products", layout: { source: "skubana" } });
    expect(missingFields(found.layout)).toEqual(["hsCode", "originCountry"]);
    expect(entries[0]?.faults.map(({ column }) => column)).toEqual(["hsCode", "originCountry"]);
    const orderhive = {
      sku: "TEE-1",
      name: "Tee",
      barcode: "00614141000012",
      hsn_code: "610910",
      weight: 200,
      weight_unit: "gm",
      product_stores: [{ price: 9.99, store_id: 1 }],
    };
    const other = await imported(JSON.stringify(orderhive));
    expect(other.found).toMatchObject({ kind: "products", layout: { source: "orderhive" } });
    expect(other.entries[0]?.faults.map(({ column }) => column)).toEqual(["currency", "originCountry"]);
  });

  test("lines by number, and figures by location, of an interface are rows of their own", async () => {
    const brightpearl = {
      id: 900,
      reference: "B-900",
      orderTypeCode: "SO",
      shippingStatusCode: "SNS",
      placedOn: "2026-11-01T10:00:00.000+00:00",
      currency: { orderCurrencyCode: "GBP" },
      parties: {
        delivery: {
          addressFullName: "Ada",
          addressLine1: "1 High St",
          addressLine3: "Leeds",
          countryIsoCode: "GB",
        },
      },
      totalValue: { total: "20.00" },
      orderRows: {
        "11": { productSku: "TEE-1", quantity: { magnitude: "1" }, itemCost: { value: "12.50" } },
        "12": { productSku: "MUG-1", quantity: { magnitude: "1" }, itemCost: { value: "7.50" } },
      },
    };
    const { found, entries } = await imported(JSON.stringify(brightpearl));
    expect(found).toMatchObject({ kind: "orders", layout: { source: "brightpearl" } });
    expect(entries).toMatchObject([{ rows: 1, units: 2, money: { currency: "GBP", minor: 2_000 } }]);
    const variant = {
      sku: "TEE-1",
      stock_on_hand: "12",
      locations: [
        { location_id: 1, stock_on_hand: "7" },
        { location_id: 2, stock_on_hand: "5" },
      ],
    };
    const stock = await imported(JSON.stringify(variant), "stock");
    expect(stock.found.layout.source).toBe("tradegecko");
    expect(stock.entries.map(({ item }) => item)).toEqual([
      { sku: "TEE-1", location: "1", onHand: 7 },
      { sku: "TEE-1", location: "2", onHand: 5 },
    ]);
  });

  testOfShopify(
    `a variant of Shopify's has the title of its product, and a row of a picture is none${note}`,
    async () => {
      const rows = [
        {
          Handle: "tee",
          Title: "Tee",
          "Variant SKU": "TEE-S",
          "Variant Grams": "180",
          "Variant Price": "19.90",
        },
        { Handle: "tee", "Variant SKU": "TEE-M", "Variant Grams": "190", "Variant Price": "19.90" },
        { Handle: "tee", "Image Src": "https://example.com/tee.png" },
        { Handle: "mug", "Variant SKU": "MUG-1", "Variant Grams": "190", "Variant Price": "9.90" },
      ].map((row: Readonly<Record<string, string>>) =>
        csvLine(shopify("products-2024").map((column) => row[column] ?? "")),
      );
      const { entries } = await imported(csvLine(shopify("products-2024")) + rows.join(""));
      const nameless = entries.map(({ key, faults }) => [
        key,
        faults.some(({ column }) => column === "Title"),
      ]);
      expect(nameless).toEqual([
        ["TEE-S", false],
        ["TEE-M", false],
        [null, false],
        ["MUG-1", true],
      ]);
    },
  );

  test.each([
    ["US", "1234", "01234"],
    ["DE", "4109", "04109"],
    ["US", "12345-678", "12345-678"],
    ["NL", "1234", "1234"],
  ])("a postcode of %s that a spreadsheet has made %s is %s", async (country, written, postalCode) => {
    const own = `channel,id,currency,customerName,shippingLine1,shippingCity,shippingCountry,shippingPostalCode,lineSku,lineQuantity,linePrice\nweb,1,USD,Ada,1 Main,X,${country},${written},A,1,1.00\n`;
    const { entries } = await imported(own);
    expect((entries[0]?.item as OrderItem | undefined)?.order.shippingAddress?.postalCode).toBe(postalCode);
  });

  test("a product's weight is in its unit, and a code that lost its zero has it again", async () => {
    const text =
      "sku,name,weight grams,weight unit,price,currency,hs code,origin country,gtin\nA,Tee,0.5,lb,9.90,USD,610910,US,12345678905\nB,Tee,1,stone,9.90,USD,610910,US,1234\n";
    const { entries } = await imported(text);
    expect(entries[0]?.item).toMatchObject({ weightGrams: 227, gtin: "012345678905", priceMinor: 990 });
    expect(entries[1]?.faults.map(({ code }) => code)).toEqual(["unit_unknown", "gtin_wrong"]);
  });
});
