/**
 * Rows become entries: what is booked as one. Mostly that is a row; an order or a return has a row for each of
 * its lines, one after the other.
 *
 * E1 Each row of the file is in one entry, so that what was read is what was booked, skipped or refused.
 * E2 A key that was there before in the file is refused: which of the two holds nobody could say.
 * E3 Of an order, a return or a kit all rows are booked or none: what stands beside a row that cannot be read
 *    is refused, since that row may be one of its own.
 */
import { MAX_SERIALS } from "../../actors/rules/command-validity.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import { gtin14 } from "../../orders/gtin.ts";
import { currencyExponent, parseMoney } from "../../orders/money.ts";
import {
  type Built,
  type Entry,
  NOTHING,
  type ProductItem,
  type ReturnItem,
  type StockItem,
  textOf,
  type Wanting,
  wantingOf,
} from "./entry.ts";
import { orderEntry } from "./order-entries.ts";
import type { Row, RowFault } from "./read-rows.ts";

/** @param columnOf what the file calls a field, for its faults */
export async function* readEntries(
  kind: TableKind,
  rows: AsyncIterable<Row>,
  columnOf: (field: string) => string | null,
): AsyncGenerator<Entry> {
  const seen = new Set<string>();
  /** @param torn the line of a row that cannot be read, before or behind the group */
  const close = (group: readonly Row[], torn: number | null): Entry => {
    const [first] = group as readonly [Row, ...Row[]];
    const count = group.filter(({ isFirst }) => isFirst).length;
    const faults = [
      ...group.flatMap((row) => row.faults),
      ...(torn === null ? [] : [besideTorn(first.line, torn)]),
    ];
    // Of a row that is none, nothing is missing.
    const isBroken = faults.some(({ column }) => column === null);
    const built = isBroken ? NOTHING : build(kind, group, columnOf);
    const entry: Entry = { ...built, line: first.line, rows: count, faults: [...faults, ...built.faults] };
    if (entry.key === null || entry.item === null) return entry;
    if (!seen.has(entry.key)) {
      seen.add(keptAlone(entry.key));
      return entry;
    }
    const expected = "each once in a file, with its rows one after the other: it was there before";
    return {
      ...entry,
      faults: [...entry.faults, { line: first.line, column: null, code: "row_repeated", expected }],
    };
  };
  const groupedBy = GROUPED_BY[kind];
  let group: Row[] = [];
  let tornBefore: number | null = null;
  for await (const row of rows) {
    if (groupedBy === undefined) {
      yield close([row], null);
      continue;
    }
    if (row.isTorn === true) {
      if (group.length > 0) yield close(group, row.line);
      group = [];
      yield close([row], null);
      tornBefore = row.line;
      continue;
    }
    const [first] = group;
    if (first !== undefined && belongsTo(groupedBy, first, row, group.length)) {
      group.push(row);
      continue;
    }
    if (first !== undefined) {
      yield close(group, tornBefore);
      tornBefore = null;
    }
    group = [row];
  }
  if (group.length > 0) yield close(group, tornBefore);
}

function besideTorn(line: number, torn: number): RowFault {
  const expected = `rows beside it that can be read: that of line ${torn} may be one of its own`;
  return { line, column: null, code: "row_beside_unreadable", expected };
}

/** Without the piece of the file of which it would else be a part, and which would stay as long as it does. */
function keptAlone(key: string): string {
  return Buffer.from(key, "utf16le").toString("utf16le");
}

/** Lines of one order, return or kit; so many more than any may have are none. */
const MOST_ROWS_OF_ONE = 2_000;

/** The field that rows of one entry have in common; absent: each row is an entry. */
const GROUPED_BY: Readonly<Partial<Record<TableKind, string>>> = { orders: "id", returns: "id", kits: "kit" };

function belongsTo(field: string, first: Row, row: Row, length: number): boolean {
  const id = first.values[field];
  return (
    length < MOST_ROWS_OF_ONE && id !== undefined && row.values[field] === id && row.document === undefined
  );
}

function build(kind: TableKind, group: readonly Row[], columnOf: (field: string) => string | null): Built {
  const [row] = group as readonly [Row, ...Row[]];
  const wanting = wantingOf(row, columnOf);
  switch (kind) {
    case "products":
      return productEntry(row, wanting);
    case "kits":
      return kitEntry(group, columnOf);
    case "stock":
      return stockEntry(row, columnOf);
    case "locations":
      return locationEntry(row, wanting);
    case "orders":
      return orderEntry(group, columnOf);
    case "customers":
      return customerEntry(row, wanting);
    case "returns":
      return returnEntry(group, columnOf);
    default: {
      const unreachable: never = kind;
      return unreachable;
    }
  }
}

const GRAMS: Readonly<Record<string, number>> = {
  g: 1,
  gm: 1,
  gms: 1,
  gram: 1,
  grams: 1,
  kg: 1_000,
  kgs: 1_000,
  kilogram: 1_000,
  oz: 28.349523125,
  ounce: 28.349523125,
  ounces: 28.349523125,
  lb: 453.59237,
  lbs: 453.59237,
  pound: 453.59237,
  pounds: 453.59237,
};

function productEntry(row: Row, wanting: Wanting): Built {
  // Exports of shops have rows of pictures, too.
  if (row.values["sku"] === undefined && row.values["price"] === undefined && row.faults.length === 0)
    return NOTHING;
  const faults: RowFault[] = [
    ...wanting("sku", "name", "weightGrams", "price", "currency", "hsCode", "originCountry", "gtin"),
  ];
  const fault = (column: string, code: string, expected: string) =>
    faults.push({ line: row.line, column, code, expected });
  const grams = GRAMS[textOf(row, "weightUnit").toLowerCase()];
  if (grams === undefined) fault("weightUnit", "unit_unknown", "g, kg, oz or lb");
  const currency = textOf(row, "currency").toUpperCase();
  const price = parseMoney(textOf(row, "price"), currency);
  const hasPrice = row.values["price"] !== undefined && row.values["currency"] !== undefined;
  if (hasPrice && currencyExponent(currency) === undefined)
    fault("currency", "currency_unknown", "a currency of ISO 4217, such as EUR");
  else if (
    hasPrice &&
    (price === undefined || price.minor < 0 || price.exponent !== currencyExponent(currency))
  )
    fault(
      "price",
      "cell_not_an_amount",
      `an amount in ${currency}, not negative and no finer than it has coins`,
    );
  if (row.values["gtin"] !== undefined && gtin14(paddedGtin(textOf(row, "gtin"))) === undefined)
    fault("gtin", "gtin_wrong", "8, 12, 13 or 14 digits of which the last checks the others");
  const key = textOf(row, "sku") || null;
  if (faults.length > 0 || row.faults.length > 0 || grams === undefined || price === undefined)
    return { ...NOTHING, key, faults };
  const item: ProductItem = {
    sku: textOf(row, "sku"),
    name: textOf(row, "name"),
    weightGrams: Math.round(Number(row.values["weightGrams"]) * grams),
    ...numbers(row, "lengthMm", "widthMm", "heightMm"),
    priceMinor: price.minor,
    currency,
    hsCode: textOf(row, "hsCode"),
    originCountry: textOf(row, "originCountry").toUpperCase(),
    gtin: paddedGtin(textOf(row, "gtin")),
    tagged: row.values["tagged"] === true,
  };
  return { key, units: 0, money: null, item, faults: [] };
}

/** Spreadsheets take a leading zero away, and some put an apostrophe before numbers. */
function paddedGtin(text: string): string {
  const digits = text.replace(/^'/, "");
  return /^(\d{7}|\d{11})$/.test(digits) ? `0${digits}` : digits;
}

function numbers(row: Row, ...fields: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    fields.flatMap((field) => (row.values[field] === undefined ? [] : [[field, Number(row.values[field])]])),
  );
}

function kitEntry(group: readonly Row[], columnOf: (field: string) => string | null): Built {
  const [first] = group as readonly [Row, ...Row[]];
  const faults: RowFault[] = group.flatMap((row) => wantingOf(row, columnOf)("kit", "component", "quantity"));
  for (const row of group) {
    const quantity = Number(row.values["quantity"] ?? 1);
    if (quantity < 1 || quantity > MOST_OF_A_COMPONENT)
      faults.push({
        line: row.line,
        column: columnOf("quantity") ?? "quantity",
        code: "cell_not_a_count",
        expected: `1 to ${MOST_OF_A_COMPONENT.toLocaleString("en")} units`,
      });
  }
  const key = textOf(first, "kit") || null;
  const seen = new Set<unknown>();
  for (const { line, values } of group) {
    const component = values["component"];
    if (component !== undefined && (seen.has(component) || component === key))
      faults.push({
        line,
        column: columnOf("component") ?? "component",
        code: "row_repeated",
        expected: "each component once, and another one than the kit",
      });
    seen.add(component);
  }
  if (group.length > MOST_COMPONENTS)
    faults.push({
      line: first.line,
      column: null,
      code: "kit_too_large",
      expected: `at most ${MOST_COMPONENTS} components`,
    });
  if (faults.length > 0 || group.some((row) => row.faults.length > 0)) return { ...NOTHING, key, faults };
  const components = group.map((row) => ({
    sku: textOf(row, "component"),
    quantity: Number(row.values["quantity"]),
  }));
  return { key, units: 0, money: null, item: { sku: textOf(first, "kit"), components }, faults: [] };
}

/** As the API takes them (`contract/catalog.ts`). */
const MOST_COMPONENTS = 50;
const MOST_OF_A_COMPONENT = 10_000;

function stockEntry(row: Row, columnOf: (field: string) => string | null): Built {
  if (row.isUntracked === true || (row.values["sku"] === undefined && row.faults.length === 0))
    return NOTHING;
  const serials = textOf(row, "serial")
    .split(/[,;|\n]/)
    .map((each) => each.trim())
    .filter((each) => each !== "");
  const isSerial = serials.length > 0;
  const wanting = wantingOf(row, columnOf);
  const faults: RowFault[] = [...wanting("sku", "location", ...(isSerial ? [] : ["onHand"]))];
  const fault = (field: string, code: string, expected: string) =>
    faults.push({ line: row.line, column: columnOf(field) ?? field, code, expected });
  const onHand = row.values["onHand"] === undefined ? serials.length : Number(row.values["onHand"]);
  const lot = textOf(row, "lot");
  if (onHand < 0) fault("onHand", "cell_not_a_count", "a number of units from 0");
  if (isSerial && onHand !== serials.length)
    fault("onHand", "serials_other", `${serials.length}: as many units as the row has serial numbers`);
  if (isSerial && lot !== "")
    fault("serial", "serials_other", "a lot or serial numbers: no SKU is tracked by both");
  if (new Set(serials).size !== serials.length) fault("serial", "serials_other", "each serial number once");
  if (serials.length > MAX_SERIALS)
    fault("serial", "serials_other", `at most ${MAX_SERIALS} serial numbers in a row: use more rows`);
  if ([lot, ...serials].some((name) => name !== "" && !/^[\x20-\x7e]{1,128}$/.test(name)))
    fault(isSerial ? "serial" : "lot", "name_not_plain", "1 to 128 characters of printable ASCII");
  if (lot === "" && row.values["expires"] !== undefined)
    fault("lot", "cell_missing", "the lot that expires then");
  if (faults.length > 0 || row.faults.length > 0) return { ...NOTHING, key: null, faults };
  const sku = textOf(row, "sku");
  const location = textOf(row, "location");
  const expires = row.values["expires"];
  const item: StockItem = {
    sku,
    location,
    onHand,
    ...(lot === ""
      ? {}
      : { lot: { name: lot, expiresAtMs: expires === undefined ? null : Date.parse(String(expires)) } }),
    ...(isSerial ? { serials } : {}),
  };
  const key = `${sku} @ ${location}${lot === "" ? "" : ` lot ${lot}`}${isSerial ? ` serial ${serials.join(", ")}` : ""}`;
  return { key, units: onHand, money: null, item, faults: [] };
}

function locationEntry(row: Row, wanting: Wanting): Built {
  const faults = wanting("id", "name", "kind", "line1", "city", "country");
  const key = textOf(row, "id") || null;
  if (faults.length > 0 || row.faults.length > 0) return { ...NOTHING, key, faults };
  return { key, units: 0, money: null, item: row.values, faults: [] };
}

function customerEntry(row: Row, wanting: Wanting): Built {
  const given = row.values["storeCredit"] !== undefined;
  const faults: RowFault[] = [...wanting("email"), ...(given ? wanting("currency") : [])];
  const email = textOf(row, "email").toLowerCase();
  if (email !== "" && !/^[^\s@]+@[^\s@]+$/.test(email))
    faults.push({ line: row.line, column: "email", code: "email_wrong", expected: "an e-mail address" });
  const currency = textOf(row, "currency").toUpperCase();
  const credit = given ? parseMoney(textOf(row, "storeCredit"), currency) : undefined;
  if (
    given &&
    row.values["currency"] !== undefined &&
    (credit === undefined || credit.minor < 0 || credit.exponent !== currencyExponent(currency))
  )
    faults.push({
      line: row.line,
      column: "storeCredit",
      code: "cell_not_an_amount",
      expected: "an amount in a currency of ISO 4217, not negative and no finer than it has coins",
    });
  const key = email === "" ? null : given ? `${email} ${currency}` : email;
  if (faults.length > 0 || row.faults.length > 0) return { ...NOTHING, key, faults };
  const money = credit === undefined ? null : { currency, minor: credit.minor };
  return {
    key,
    units: 0,
    money,
    item: { email, credit: money === null || money.minor === 0 ? null : money },
    faults: [],
  };
}

/** Words of former systems for a return that nobody waits for any more. */
const OVER = new Set([
  "refunded",
  "declined",
  "cancelled",
  "canceled",
  "closed",
  "completed",
  "partiallyrefunded",
]);

function returnEntry(group: readonly Row[], columnOf: (field: string) => string | null): Built {
  const [first] = group as readonly [Row, ...Row[]];
  const document = first.document;
  if (document !== undefined) return returnDocument(first.line, document);
  const faults: RowFault[] = [
    ...wantingOf(first, columnOf)("id", "order"),
    ...group.flatMap((row) => wantingOf(row, columnOf)("quantity")),
  ];
  for (const row of group)
    if (row.values["lineId"] === undefined && row.values["sku"] === undefined)
      faults.push({
        line: row.line,
        column: "lineId",
        code: "cell_missing",
        expected: "the line's id, or its SKU",
      });
  const key = textOf(first, "id") || null;
  const units = group.reduce((sum, row) => sum + Number(row.values["quantity"] ?? 0), 0);
  if (faults.length > 0 || group.some((row) => row.faults.length > 0))
    return { ...NOTHING, key, units, faults };
  if (
    OVER.has(
      textOf(first, "status")
        .toLowerCase()
        .replaceAll(/[^a-z]/g, ""),
    )
  )
    return { ...NOTHING, key, units };
  const item: ReturnItem = {
    id: textOf(first, "id"),
    orderId: textOf(first, "order"),
    reason: textOf(first, "reason"),
    method: textOf(first, "method"),
    comment: textOf(first, "comment"),
    lines: group.map((row) => ({
      lineId: textOf(row, "lineId") || null,
      sku: textOf(row, "sku") || null,
      quantity: Number(row.values["quantity"]),
    })),
  };
  return { key, units, money: null, item, faults: [] };
}

function returnDocument(line: number, document: Readonly<Record<string, unknown>>): Built {
  const lines = Array.isArray(document["lines"])
    ? (document["lines"] as readonly Record<string, unknown>[])
    : [];
  const id = String(document["id"] ?? "");
  const orderId = String(document["order"] ?? "");
  const units = lines.reduce((sum, each) => sum + (Number(each?.["quantity"]) || 0), 0);
  if (OVER.has(String(document["status"] ?? "").replaceAll("_", ""))) return { ...NOTHING, key: id, units };
  const isWhole =
    id !== "" &&
    orderId !== "" &&
    lines.length > 0 &&
    lines.every(
      (each) =>
        /^[1-9]\d{0,8}$/.test(String(each?.["quantity"])) && (each["lineId"] ?? each["sku"]) !== undefined,
    );
  if (!isWhole) {
    const expected = "id, order, and lines with lineId (or sku) and quantity";
    return {
      ...NOTHING,
      key: id || null,
      units,
      faults: [{ line, column: null, code: "row_unreadable", expected }],
    };
  }
  const item: ReturnItem = {
    id,
    orderId,
    reason: String(document["reason"] ?? "changed_mind"),
    method: String(document["method"] ?? "label"),
    comment: String(document["comment"] ?? ""),
    lines: lines.map((each) => ({
      lineId: each["lineId"] === undefined ? null : String(each["lineId"]),
      sku: each["sku"] === undefined ? null : String(each["sku"]),
      quantity: Number(each["quantity"]),
    })),
  };
  return { key: id, units, money: null, item, faults: [] };
}
