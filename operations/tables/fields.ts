/**
 * What each kind of table has to say: its fields, with the words by which columns call them. A file of ours has
 * exactly these names; exports of other systems add theirs in `layouts/`.
 */
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import type { CellType } from "./cells.ts";

export type Field = {
  readonly name: string;
  readonly type: CellType;
  /** For people. */
  readonly meaning: string;
  readonly required: boolean;
  /** What counts where nobody says. */
  readonly otherwise?: string;
};

type Options = { readonly required?: true; readonly otherwise?: string };

function field(name: string, type: CellType, meaning: string, options: Options = {}): Field {
  return {
    name,
    type,
    meaning,
    required: options.required ?? false,
    ...(options.otherwise === undefined ? {} : { otherwise: options.otherwise }),
  };
}

const NEEDED = { required: true } as const;

function address(prefix: string, whose: string): readonly Field[] {
  return [
    field(`${prefix}Name`, "text", `${whose}: name`),
    field(`${prefix}Company`, "text", `${whose}: company`),
    field(`${prefix}Line1`, "text", `${whose}: street and number`),
    field(`${prefix}Line2`, "text", `${whose}: second line`),
    field(`${prefix}City`, "text", `${whose}: city`),
    field(`${prefix}Region`, "text", `${whose}: state or region`),
    field(`${prefix}PostalCode`, "text", `${whose}: postcode`),
    field(`${prefix}Country`, "text", `${whose}: country, by its ISO 3166-1 code`),
    field(`${prefix}Phone`, "text", `${whose}: telephone`),
  ];
}

export const FIELDS: Readonly<Record<TableKind, readonly Field[]>> = {
  products: [
    field("sku", "id", "SKU, 1 to 64 printable ASCII characters", NEEDED),
    field("name", "text", "What it is called", NEEDED),
    field("weightGrams", "number", "Weight of one unit", NEEDED),
    field("weightUnit", "text", "Unit of the weight: g, kg, oz or lb", { otherwise: "g" }),
    field("lengthMm", "integer", "Length in mm"),
    field("widthMm", "integer", "Width in mm"),
    field("heightMm", "integer", "Height in mm"),
    field("price", "amount", "Price of one unit", NEEDED),
    field("currency", "text", "Currency of the price, ISO 4217", NEEDED),
    field("hsCode", "text", "HS code for customs, 6 to 10 digits", NEEDED),
    field("originCountry", "text", "Country of origin, ISO 3166-1", NEEDED),
    field("gtin", "id", "GTIN: 8, 12, 13 or 14 digits", NEEDED),
    field("tagged", "flag", "Whether its units bear RFID tags", { otherwise: "false" }),
  ],
  kits: [
    field("kit", "id", "SKU of the kit; rows of one kit follow each other", NEEDED),
    field("component", "id", "SKU of what it is picked as", NEEDED),
    field("quantity", "integer", "Units of it in one kit", NEEDED),
  ],
  stock: [
    field("sku", "id", "SKU in the catalog", NEEDED),
    field("location", "text", "Id or name of the location", NEEDED),
    field(
      "onHand",
      "integer",
      "Units that are there; of a row with serial numbers, as many as those",
      NEEDED,
    ),
    field("lot", "id", "Lot of these units, of a SKU that is tracked by lot: a row for each"),
    field("expires", "time", "When the lot expires"),
    field("serial", "words", "Serial number of the unit, or several, separated by commas"),
  ],
  locations: [
    field("id", "id", "Id: a-z, 0-9, _ and -", NEEDED),
    field("name", "text", "What it is called", NEEDED),
    field("kind", "text", "fulfillment_center, store or supplier", {
      required: true,
      otherwise: "fulfillment_center",
    }),
    field("line1", "text", "Street and number", NEEDED),
    field("line2", "text", "Second line"),
    field("city", "text", "City", NEEDED),
    field("region", "text", "State or region"),
    field("postalCode", "text", "Postcode"),
    field("country", "text", "Country, ISO 3166-1", NEEDED),
    field("latitude", "number", "Degrees"),
    field("longitude", "number", "Degrees"),
    field("timeZone", "text", "IANA name, such as Europe/Berlin"),
    field("priority", "integer", "Lower is preferred where all else is equal"),
  ],
  orders: [
    field("channel", "text", "Id of the channel, of kind holdfast, that gets the orders", NEEDED),
    field("id", "id", "The order's id in the former system; rows of one order follow each other", NEEDED),
    field("number", "id", "Number that people call it by"),
    field(
      "status",
      "text",
      "Only open orders are booked; those that are shipped, completed or cancelled are skipped",
    ),
    field("cancelled", "text", "When it was cancelled; an order with anything here is skipped"),
    field("placedAt", "time", "When it was placed"),
    field("currency", "text", "ISO 4217", NEEDED),
    field("customerName", "text", "Who ordered", NEEDED),
    field("customerEmail", "text", "E-mail address"),
    field("customerPhone", "text", "Telephone"),
    field("customerId", "id", "The customer's number in the former system"),
    ...address("shipping", "Delivery address"),
    ...address("billing", "Invoice address"),
    field("shippingPrice", "amount", "What shipping costs"),
    field("shippingService", "text", "How it is to be shipped"),
    field("discount", "amount", "Discount on the order as a whole"),
    field("tax", "amount", "Taxes of the order that no line bears"),
    field("total", "amount", "Total; checked against the sum"),
    field("taxesIncluded", "flag", "Whether prices contain the taxes"),
    field("paymentBy", "text", "Who takes the money: merchant, channel (paid already) or on_delivery"),
    field("paid", "text", "The former system's word for the payment; paid is paymentBy channel"),
    field("language", "text", "That the shopper reads, such as de"),
    field("tags", "text", "Separated by commas"),
    field("note", "words", "Note"),
    field("lineId", "id", "Id of the line"),
    field("lineSku", "id", "SKU of the line", NEEDED),
    field("lineTitle", "text", "What the line is called"),
    field("lineQuantity", "integer", "Units ordered", NEEDED),
    field("lineShipped", "integer", "Units of them that have left already: they are not booked"),
    field("lineStatus", "text", "A line that is fulfilled, shipped or cancelled is left out"),
    field("linePrice", "amount", "Price of one unit", NEEDED),
    field("lineDiscount", "amount", "Discount on the whole line"),
    field("lineTax", "amount", "Tax of the whole line"),
  ],
  customers: [
    field("email", "text", "E-mail address", NEEDED),
    field("name", "text", "Name"),
    field("phone", "text", "Telephone"),
    field("storeCredit", "amount", "Store credit that the customer has left"),
    field("currency", "text", "Currency of the store credit, ISO 4217"),
  ],
  returns: [
    field("id", "id", "The return's id in the former system; rows of one return follow each other", NEEDED),
    field("status", "text", "Only returns that are not over are booked"),
    field("order", "id", "Id of the order here, such as web-1001", NEEDED),
    field("lineId", "id", "Id of the order's line; or its SKU"),
    field("sku", "id", "SKU of the order's line, where its id is not known"),
    field("quantity", "integer", "Units that come back", NEEDED),
    field("reason", "text", "Why: too_small, defective, changed_mind, …", { otherwise: "changed_mind" }),
    field("method", "text", "How the goods come back", { otherwise: "label" }),
    field("comment", "words", "The shopper's words"),
  ],
};

/** Kinds whose rows tell of shoppers. */
export const OF_SHOPPERS: ReadonlySet<TableKind> = new Set<TableKind>(["orders", "customers", "returns"]);

/** As people and programs write a column's name: `Weight (grams)`, `weight_grams` and `weightGrams` are one. */
export function plainName(column: string): string {
  return column
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}
