/**
 * Order rows as tables have them: one row a line, what is said of the order as a whole in its first row. The
 * columns are those of `holdfast import` of orders, in any order and spelling (`Line SKU`, `line_sku`,
 * `lineSku`); what comes of them is one canonical order each.
 *
 * Commas, semicolons and tabs are known by the header; with semicolons, amounts may have a decimal comma.
 * Each fault is named with its line, and spoils its own order alone.
 */
import { parse } from "csv-parse/sync";
import type { FileProblem } from "../../partner-folder/partner-format.ts";

export type ReadRow = {
  readonly externalId: string;
  /** Line of the file, from 1, of the order's first row. */
  readonly line: number;
  /** A canonical order, or `{id, cancelled: true}`. */
  readonly document: Readonly<Record<string, unknown>>;
};

const NEEDED = ["id", "currency", "customerName", "lineSku", "lineQuantity", "linePrice"] as const;
const ADDRESS = ["Name", "Company", "Line1", "Line2", "City", "Region", "PostalCode", "Country", "Phone"];
const COLUMNS = [
  ...NEEDED,
  "number",
  "cancelled",
  "placedAt",
  "customerEmail",
  "customerPhone",
  "customerId",
  "shippingPrice",
  "shippingService",
  "discount",
  "tax",
  "total",
  "deliverOn",
  "releaseOn",
  "note",
  "lineId",
  "lineTitle",
  "lineDiscount",
  "lineTax",
  ...ADDRESS.flatMap((part) => [`shipping${part}`, `billing${part}`]),
];
const BY_PLAIN_NAME = new Map(COLUMNS.map((column) => [plainName(column), column]));
const AMOUNTS = ["linePrice", "lineDiscount", "lineTax", "shippingPrice", "discount", "tax", "total"];
const SPREADSHEET_NUMBER = /^\d(\.\d+)?E\+?\d+$/i;

type Row = { readonly line: number; readonly values: Readonly<Record<string, string>> };

export function readRows(text: string): {
  readonly orders: readonly ReadRow[];
  readonly problems: readonly FileProblem[];
} {
  const header = text.split(/\r\n|\n|\r/, 1)[0] ?? "";
  const delimiter = [",", ";", "\t"].reduce((best, sign) =>
    header.split(sign).length > header.split(best).length ? sign : best,
  );
  const problems: FileProblem[] = [];
  const problem = (line: number, what: string, advice: string) =>
    problems.push({ place: `line ${line}`, what, advice });
  let records: readonly { readonly record: readonly string[]; readonly info: { readonly lines: number } }[];
  try {
    records = parse(text, {
      bom: true,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as typeof records;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    problem(1, `The table cannot be read: ${why.slice(0, 200)}`, "Write a quote inside of quotes twice.");
    return { orders: [], problems };
  }
  const names = (records[0]?.record ?? []).map((name) => BY_PLAIN_NAME.get(plainName(name)) ?? null);
  const missing = NEEDED.filter((name) => !names.includes(name));
  const twice = names.find((name, index) => name !== null && names.indexOf(name) !== index);
  if (missing.length > 0 || twice !== undefined) {
    const what =
      missing.length > 0 ? `There is no column ${missing.join(", ")}.` : `There are two columns ${twice}.`;
    problem(
      1,
      what,
      `The first line names the columns: ${NEEDED.join(", ")} and more (docs/channels/files.md).`,
    );
    return { orders: [], problems };
  }
  const groups = new Map<string, Row[]>();
  let before = "";
  for (const { record, info } of records.slice(1)) {
    if (record.length !== names.length) {
      const what = `The line has ${record.length} cells, and the header ${names.length}.`;
      problem(info.lines, what, "Put a cell with a delimiter in it into quotes, and leave no cell out.");
      continue;
    }
    const values: Record<string, string> = {};
    names.forEach((name, index) => {
      if (name !== null && (record[index] ?? "") !== "") values[name] = record[index] ?? "";
    });
    const id = values["id"] ?? before;
    if (id === "") {
      problem(
        info.lines,
        "The line has no id.",
        "Every row names its order; those that follow may leave it out.",
      );
      continue;
    }
    before = id;
    groups.set(id, [...(groups.get(id) ?? []), { line: info.lines, values }]);
  }
  const orders: ReadRow[] = [];
  for (const [externalId, rows] of groups) {
    const faults = faultsOf(rows, delimiter);
    if (faults.length > 0) problems.push(...faults);
    else
      orders.push({
        externalId,
        line: rows[0]?.line ?? 0,
        document: documentOf(externalId, rows, delimiter),
      });
  }
  return { orders, problems };
}

export function plainName(column: string): string {
  return column
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

function isCancelled(rows: readonly Row[]): boolean {
  return rows.some(({ values }) => !/^(|no|false|0)$/i.test(values["cancelled"] ?? ""));
}

function faultsOf(rows: readonly Row[], delimiter: string): readonly FileProblem[] {
  const faults: FileProblem[] = [];
  if (isCancelled(rows)) return faults;
  const [first] = rows;
  for (const { line, values } of rows) {
    const fault = (column: string, what: string, advice: string) =>
      faults.push({ place: `line ${line}`, what: `${column}: ${what}`, advice });
    const needed = values === first?.values ? NEEDED : NEEDED.slice(3);
    for (const column of needed)
      if ((values[column] ?? "") === "") fault(column, "is empty", "It is needed: fill it in.");
    const quantity = values["lineQuantity"] ?? "1";
    if (!/^\d{1,9}$/.test(quantity) || Number(quantity) === 0)
      fault("lineQuantity", `"${quantity}" is no count`, "Write a whole number from 1, e.g. 12.");
    for (const column of AMOUNTS) {
      const text = values[column] ?? "";
      if (text !== "" && !/^\d{1,13}(\.\d{1,6})?$/.test(amountText(text, delimiter)))
        fault(
          column,
          `"${text}" is no amount`,
          "Write digits and a point, e.g. 1234.50, without a currency.",
        );
    }
    for (const column of ["id", "lineSku"])
      if (SPREADSHEET_NUMBER.test(values[column] ?? ""))
        fault(
          column,
          `"${values[column]}" is what a spreadsheet makes of a long number`,
          "Format the column as text before the file is saved.",
        );
  }
  return faults;
}

function amountText(text: string, delimiter: string): string {
  return delimiter === ";" ? text.replace(",", ".") : text;
}

function documentOf(id: string, rows: readonly Row[], delimiter: string): Readonly<Record<string, unknown>> {
  if (isCancelled(rows)) return { id, cancelled: true };
  const first = rows[0]?.values ?? {};
  const text = (name: string) => first[name] ?? "";
  const given = (entries: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== ""));
  const amounts = (values: Readonly<Record<string, string>>, name: string) =>
    amountText(values[name] ?? "", delimiter);
  const taxes = (amount: string) => (amount === "" ? {} : { taxes: [{ name: "Tax", amount }] });
  const orderTax = amounts(first, "tax");
  const charge = { kind: "fee", name: "Tax", amount: orderTax };
  return {
    id,
    ...given({
      number: text("number"),
      placedAt: text("placedAt"),
      shippingService: text("shippingService"),
      shippingPrice: amounts(first, "shippingPrice"),
      discount: amounts(first, "discount"),
      total: amounts(first, "total"),
      deliverOn: text("deliverOn"),
      releaseOn: text("releaseOn"),
      note: text("note"),
    }),
    currency: text("currency").toUpperCase(),
    ...(orderTax === "" ? {} : { charges: [charge] }),
    customer: {
      name: text("customerName"),
      ...given({ email: text("customerEmail"), phone: text("customerPhone"), id: text("customerId") }),
    },
    ...addressIn(first, "shipping", text("customerName")),
    ...addressIn(first, "billing", text("customerName")),
    paymentBy: "channel",
    lines: rows.map(({ values }, index) => ({
      id: values["lineId"] ?? String(index + 1),
      sku: values["lineSku"],
      ...given({ title: values["lineTitle"] ?? "", discount: amounts(values, "lineDiscount") }),
      quantity: Number(values["lineQuantity"]),
      unitPrice: amounts(values, "linePrice"),
      ...taxes(amounts(values, "lineTax")),
    })),
  };
}

function addressIn(
  values: Readonly<Record<string, string>>,
  prefix: "shipping" | "billing",
  customerName: string,
): Readonly<Record<string, unknown>> {
  const part = (name: string) => values[`${prefix}${name}`] ?? "";
  if (part("Line1") === "" && part("City") === "" && part("Country") === "") return {};
  const optional = {
    company: "Company",
    line2: "Line2",
    region: "Region",
    postalCode: "PostalCode",
    phone: "Phone",
  };
  return {
    [`${prefix}Address`]: {
      name: part("Name") === "" ? customerName : part("Name"),
      line1: part("Line1"),
      city: part("City"),
      country: part("Country"),
      ...Object.fromEntries(
        Object.entries(optional)
          .map(([field, name]) => [field, part(name)])
          .filter(([, value]) => value !== ""),
      ),
    },
  };
}
