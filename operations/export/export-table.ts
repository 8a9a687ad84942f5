/**
 * A kind of table as a file, in the layout that an import of the same kind reads: made as it is read, of one
 * moment. CSV has a row for each line of an order or a return; JSON lines have all that our own format can say.
 */
import type { CanonicalOrder } from "../../contract/canonical-order.ts";
import type { TableFormat } from "../../contract/imports/imports.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import { currencyExponent, decimalText } from "../../orders/money.ts";
import {
  type ExportedOrder,
  type ExportedStock,
  exportedCredit,
  exportedKits,
  exportedLocations,
  exportedOrders,
  exportedPersons,
  exportedProducts,
  exportedReturns,
  exportedStock,
} from "../../store/exports/exported.ts";
import { askAgain } from "../ask-again.ts";
import type { OperationContext } from "../context.ts";
import { type Cell, csvLine } from "../tables/csv-line.ts";
import { canonicalOrderOf, withoutPersons } from "./canonical-order.ts";

export type ExportRequest = {
  readonly kind: TableKind;
  readonly format: TableFormat;
  readonly companyId: string;
  /** Of orders: only this channel's. */
  readonly channel: string | null;
  /** Of orders: without those that are over. */
  readonly open: boolean;
  /** Whether shoppers' names and addresses are shown. */
  readonly seesPersons: boolean;
};

type Document = Readonly<Record<string, unknown>>;
/** What a part of the table is as rows of cells, and as documents. */
type Part = { readonly documents: readonly Document[]; readonly rows: () => readonly (readonly Cell[])[] };

/** Characters of the file, part by part. */
export async function* exportTable(
  { database, allocator }: Pick<OperationContext, "database" | "allocator">,
  request: ExportRequest,
): AsyncGenerator<string> {
  const { kind, format } = request;
  if (format === "csv") yield csvLine(COLUMNS[kind]);
  for await (const part of partsOf({ database, allocator }, request))
    yield format === "csv"
      ? part.rows().map(csvLine).join("")
      : part.documents.map((document) => `${JSON.stringify(document)}\n`).join("");
}

const ADDRESS = [
  "Name",
  "Company",
  "Line1",
  "Line2",
  "City",
  "Region",
  "PostalCode",
  "Country",
  "Phone",
] as const;

const COLUMNS: Readonly<Record<TableKind, readonly string[]>> = {
  products: [
    "sku",
    "name",
    "weightGrams",
    "lengthMm",
    "widthMm",
    "heightMm",
    "price",
    "currency",
    "hsCode",
    "originCountry",
    "gtin",
    "tagged",
  ],
  kits: ["kit", "component", "quantity"],
  stock: [
    "sku",
    "location",
    "onHand",
    "lot",
    "expires",
    "serial",
    "reserved",
    "allocated",
    "picked",
    "unavailable",
    "safetyStock",
  ],
  locations: [
    "id",
    "name",
    "kind",
    "line1",
    "line2",
    "city",
    "region",
    "postalCode",
    "country",
    "latitude",
    "longitude",
    "timeZone",
    "priority",
  ],
  orders: [
    "channel",
    "id",
    "number",
    "status",
    "placedAt",
    "currency",
    "customerName",
    "customerEmail",
    "customerPhone",
    "customerId",
    ...ADDRESS.map((part) => `shipping${part}`),
    ...ADDRESS.map((part) => `billing${part}`),
    "shippingPrice",
    "shippingService",
    "discount",
    "tax",
    "total",
    "taxesIncluded",
    "paymentBy",
    "language",
    "tags",
    "note",
    "lineId",
    "lineSku",
    "lineTitle",
    "lineQuantity",
    "linePrice",
    "lineDiscount",
    "lineTax",
  ],
  customers: ["email", "name", "phone", "storeCredit", "currency"],
  returns: ["id", "status", "order", "lineId", "sku", "quantity", "reason", "method", "comment"],
};

async function* partsOf(
  { database, allocator }: Pick<OperationContext, "database" | "allocator">,
  request: ExportRequest,
): AsyncGenerator<Part> {
  const { kind, companyId, channel, open, seesPersons } = request;
  switch (kind) {
    case "products":
      for await (const rows of exportedProducts(database, companyId))
        yield flat(
          kind,
          rows.map(({ priceMinor, ...row }) => ({ ...row, price: amountText(priceMinor, row.currency) })),
        );
      return;
    case "stock":
      for await (const rows of exportedStock(database, companyId))
        yield flat(kind, await toldApart(allocator, rows));
      return;
    case "kits":
      for await (const kits of exportedKits(database, companyId))
        yield {
          documents: kits,
          rows: () =>
            kits.flatMap((one) =>
              one.components.map(({ sku, quantity }) =>
                cellsOf(kind, { kit: one.kit, component: sku, quantity }),
              ),
            ),
        };
      return;
    case "locations":
      for await (const rows of exportedLocations(database, companyId))
        yield flat(
          kind,
          rows.map(({ address: { name: _, ...address }, ...row }) => ({ ...address, ...row })),
        );
      return;
    case "orders":
      for await (const rows of exportedOrders(database, companyId, { channel, open })) {
        const orders = rows.map((row) => {
          const order = canonicalOrderOf(row.document);
          return {
            channel: row.channel,
            status: statusOf(row),
            order: seesPersons ? order : withoutPersons(order),
          };
        });
        yield {
          documents: orders.map(({ order, ...rest }) => ({ ...rest, ...order })),
          rows: () => orders.flatMap((each) => rowsOfOrder(each)),
        };
      }
      return;
    case "customers":
      for await (const rows of exportedPersons(database, companyId))
        yield flat(
          kind,
          rows.flatMap(({ document: { customer } }) =>
            customer.email === undefined
              ? []
              : [{ email: customer.email, name: customer.name, phone: customer.phone }],
          ),
        );
      for await (const rows of exportedCredit(database, companyId))
        yield flat(
          kind,
          rows.map(({ email, currency, minor }) => ({
            email,
            currency,
            storeCredit: amountText(minor, currency),
          })),
        );
      return;
    case "returns":
      for await (const rows of exportedReturns(database, companyId)) {
        const returns = rows.map((row) => ({ ...row, comment: seesPersons ? row.comment : "" }));
        yield {
          documents: returns,
          rows: () =>
            returns.flatMap(({ lines, ...rest }) =>
              (lines ?? []).map((line) => cellsOf(kind, { ...rest, ...line })),
            ),
        };
      }
      return;
    default: {
      const unreachable: never = kind;
      return unreachable;
    }
  }
}

/**
 * Of a SKU that tells its units apart, a row for each lot and for each serial number. Those are the engine's
 * alone, so they are of the moment at which it is asked, which may be a little later; what a position has
 * beside its units stands in its first row.
 */
async function toldApart(
  allocator: OperationContext["allocator"],
  rows: readonly ExportedStock[],
): Promise<readonly object[]> {
  const named = new Map(
    (await askAgain(() => allocator.namedUnits([...new Set(rows.map(({ sku }) => sku))]))).flatMap(
      ({ sku, locations }) => locations.map((each) => [`${sku}\n${each.locationId}`, each] as const),
    ),
  );
  return rows.flatMap((row): readonly object[] => {
    const units = named.get(`${row.sku}\n${row.location}`);
    if (units === undefined || units.lots.length + units.serials.length === 0) return [row];
    const place = { sku: row.sku, location: row.location };
    const apart = [
      ...units.lots.map(({ lot, expiresAtMs, onHand }) => ({
        onHand,
        lot,
        ...(expiresAtMs === 0 ? {} : { expires: new Date(expiresAtMs).toISOString() }),
      })),
      ...units.serials.map((serial) => ({ onHand: 1, serial })),
    ];
    return apart.map((each, index) => ({ ...(index === 0 ? row : place), ...each }));
  });
}

function flat(kind: TableKind, documents: readonly object[]): Part {
  const given = documents as readonly Document[];
  return { documents: given, rows: () => given.map((document) => cellsOf(kind, document)) };
}

function cellsOf(kind: TableKind, document: Document): readonly Cell[] {
  return COLUMNS[kind].map((column) => (document[column] as Cell | undefined) ?? null);
}

function amountText(minor: number, currency: string): string {
  return decimalText({ minor, currency, exponent: currencyExponent(currency) ?? 2 });
}

/** The word by which an import knows what is still to be sent. */
function statusOf({ status, fulfillment }: ExportedOrder): string {
  if (status === "completed" || status === "cancelled") return status;
  if (fulfillment === "unfulfilled" || fulfillment === "in_progress") return "open";
  return fulfillment === "fulfilled" || fulfillment === "delivered" || fulfillment === "partially_delivered"
    ? "fulfilled"
    : "partially_fulfilled";
}

function rowsOfOrder({
  channel,
  status,
  order,
}: {
  readonly channel: string;
  readonly status: string;
  readonly order: CanonicalOrder;
}): readonly (readonly Cell[])[] {
  const address = (prefix: "shipping" | "billing", said: CanonicalOrder["shippingAddress"]) =>
    said === undefined
      ? {}
      : Object.fromEntries(
          ADDRESS.map((part) => [
            `${prefix}${part}`,
            said[(part[0]?.toLowerCase() + part.slice(1)) as keyof typeof said] ?? null,
          ]),
        );
  const first = {
    number: order.number,
    status,
    placedAt: order.placedAt,
    currency: order.currency,
    customerName: order.customer.name,
    customerEmail: order.customer.email,
    customerPhone: order.customer.phone,
    customerId: order.customer.id,
    ...address("shipping", order.shippingAddress),
    ...address("billing", order.billingAddress),
    shippingPrice: order.shippingPrice,
    shippingService: order.shippingService,
    discount: order.discount,
    tax: order.shippingTaxes?.[0]?.amount,
    total: order.total,
    taxesIncluded: order.taxesIncluded,
    paymentBy: order.paymentBy,
    language: order.language,
    tags: order.tags?.join(","),
    note: order.note,
  };
  return order.lines.map((line, index) =>
    cellsOf("orders", {
      channel,
      id: order.id,
      ...(index === 0 ? first : {}),
      lineId: line.id,
      lineSku: line.sku,
      lineTitle: line.title,
      lineQuantity: line.quantity,
      linePrice: line.unitPrice,
      lineDiscount: line.discount,
      lineTax: sumText(line.taxes, order.currency),
    }),
  );
}

function sumText(taxes: CanonicalOrder["shippingTaxes"], currency: string): string | null {
  if (taxes === undefined || taxes.length === 0) return null;
  const [first, ...others] = taxes;
  if (first !== undefined && others.length === 0) return first.amount;
  const exponent = currencyExponent(currency) ?? 2;
  const minor = taxes.reduce((sum, { amount }) => sum + Math.round(Number(amount) * 10 ** exponent), 0);
  return decimalText({ minor, currency, exponent });
}
