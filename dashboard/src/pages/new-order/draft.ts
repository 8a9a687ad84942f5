/** An order as it is typed: what stands in the fields, and what is sent of it. Empty fields are left out. */
import type { OrderQuote, OrderQuoteBody } from "../../../../contract/requests/order-quote.ts";
import { decimalText } from "../../format/money.ts";

export type DraftLine = {
  /** Of the row, for as long as it is there. */
  readonly key: string;
  readonly sku: string;
  readonly name: string;
  readonly quantity: string;
  /** Empty: the catalog's price. */
  readonly price: string;
  readonly discount: string;
  readonly tax: string;
};

export type Payer = OrderQuote["paymentBy"];

export type Draft = {
  readonly channel: string;
  readonly currency: string;
  readonly lines: readonly DraftLine[];
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly delivery: "parcel" | "pickup";
  readonly store: string;
  readonly company: string;
  readonly line1: string;
  readonly line2: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  readonly country: string;
  readonly shippingService: string;
  readonly shippingPrice: string;
  readonly discount: string;
  readonly taxesIncluded: boolean;
  /** Empty: as the channel's setting says. */
  readonly allocation: "" | NonNullable<OrderQuoteBody["allocation"]>;
  readonly payer: Payer;
  readonly paymentMethod: string;
  readonly storeCredit: string;
  /** Empty: it is not held. */
  readonly hold: string;
  readonly releaseOn: string;
  readonly note: string;
};

export const EMPTY: Draft = {
  channel: "",
  currency: "",
  lines: [],
  name: "",
  email: "",
  phone: "",
  delivery: "parcel",
  store: "",
  company: "",
  line1: "",
  line2: "",
  city: "",
  region: "",
  postalCode: "",
  country: "",
  shippingService: "",
  shippingPrice: "",
  discount: "",
  taxesIncluded: false,
  allocation: "",
  payer: "merchant",
  paymentMethod: "",
  storeCredit: "",
  hold: "",
  releaseOn: "",
  note: "",
};

/** As the fields take amounts, with a point or a comma. */
export const AMOUNT_PATTERN = "\\d{1,9}([.,]\\d{1,4})?";
const AMOUNT = new RegExp(`^${AMOUNT_PATTERN}$`);

/** The amount as the order's format has it; `undefined`: nothing stands there, or no amount yet. */
export function amountOf(typed: string): string | undefined {
  const text = typed.trim();
  return AMOUNT.test(text) ? text.replace(",", ".") : undefined;
}

/** Units of a line; `undefined`: it is no count yet. */
export function unitsOf(typed: string): number | undefined {
  return /^[1-9]\d{0,5}$/.test(typed.trim()) ? Number(typed) : undefined;
}

/** One more of what is on the order already, else a new line. */
export function withProduct(
  lines: readonly DraftLine[],
  { sku, name }: { readonly sku: string; readonly name: string },
  key: string,
): readonly DraftLine[] {
  const at = lines.findIndex((line) => line.sku === sku);
  if (at < 0) return [...lines, { key, sku, name, quantity: "1", price: "", discount: "", tax: "" }];
  return lines.map((line, index) =>
    index === at ? { ...line, quantity: String((unitsOf(line.quantity) ?? 0) + 1) } : line,
  );
}

/** What there is to ask of the draft; `null`: it has no line that counts yet. */
export function quoteBodyOf(draft: Draft): OrderQuoteBody | null {
  const lines = draft.lines.flatMap((line) => {
    const quantity = unitsOf(line.quantity);
    if (quantity === undefined) return [];
    const tax = amountOf(line.tax);
    return {
      sku: line.sku,
      title: line.name,
      quantity,
      ...given("unitPrice", amountOf(line.price)),
      ...given("discount", amountOf(line.discount)),
      ...(tax === undefined ? {} : { taxes: [{ name: "Tax", amount: tax }] }),
    };
  });
  if (lines.length === 0 || !/^[A-Za-z]{3}$/.test(draft.currency)) return null;
  const address = addressOf(draft);
  const isCollected = draft.delivery === "pickup";
  const code = draft.storeCredit.trim();
  const hold = draft.hold.trim();
  return {
    currency: draft.currency.toUpperCase(),
    lines,
    customer: {
      name: draft.name.trim(),
      ...given("email", draft.email),
      ...given("phone", draft.phone),
    },
    ...(isCollected || Object.keys(address).length === 0 ? {} : { shippingAddress: address }),
    ...(isCollected ? { delivery: { method: "pickup" as const, ...given("locationId", draft.store) } } : {}),
    ...given("shippingService", draft.shippingService),
    ...given("shippingPrice", amountOf(draft.shippingPrice)),
    ...given("discount", amountOf(draft.discount)),
    ...(draft.taxesIncluded ? { taxesIncluded: true as const } : {}),
    ...(draft.allocation === "" ? {} : { allocation: draft.allocation }),
    ...(draft.payer === "merchant" ? {} : { paymentBy: draft.payer }),
    ...(draft.payer === "merchant" ? given("paymentMethod", draft.paymentMethod) : {}),
    ...(code.length < 16 ? {} : { storeCredit: { code } }),
    ...(hold === "" ? {} : { hold: { reason: hold } }),
    ...given("releaseOn", draft.releaseOn),
    ...given("note", draft.note),
  };
}

function addressOf(draft: Draft) {
  const address = {
    ...given("company", draft.company),
    ...given("line1", draft.line1),
    ...given("line2", draft.line2),
    ...given("city", draft.city),
    ...given("region", draft.region),
    ...given("postalCode", draft.postalCode),
    ...given("country", draft.country),
  };
  return Object.keys(address).length === 0 ? address : { name: draft.name.trim(), ...address };
}

function given<K extends string>(name: K, typed: string | undefined): { readonly [key in K]?: string } {
  const text = typed?.trim() ?? "";
  return text === "" ? {} : ({ [name]: text } as { readonly [key in K]: string });
}

/**
 * The order as it is sent: with the prices that are on the screen.
 *
 * @throws Error with a sentence for the form where something has no price or no count
 */
export function orderOf(draft: Draft, quote: OrderQuote, id: string): object {
  const body = quoteBodyOf(draft);
  if (body === null) throw new Error("The order has no line yet: find a product first.");
  if (body.lines.length < draft.lines.length) throw new Error("Every line needs a number of units.");
  const lines = body.lines.map((line, index) => {
    const listed = quote.lines[index]?.listPriceMinor ?? null;
    const unitPrice =
      line.unitPrice ?? (listed === null ? undefined : decimalText(listed, quote.sums.exponent));
    if (unitPrice === undefined)
      throw new Error(`The catalog has no price of ${line.sku} in ${body.currency}: type one.`);
    return { ...line, unitPrice };
  });
  return { ...body, id, lines };
}
