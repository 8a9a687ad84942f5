/**
 * From a channel's order to the order that is stored: checks what the channel claims, maps its SKUs to the
 * catalog's and finds the reasons to wait.
 *
 * A channel's order is a fact, so whatever can be cleared up later becomes a hold reason. Refused is only
 * what could never be fulfilled as it stands, or a wish: a basket of our own shop without an address.
 */
import type { Address } from "./address.ts";
import { countryCode } from "./geography.ts";
import type { IncomingLine, IncomingOrder } from "./incoming-order.ts";
import { readInstant } from "./instant.ts";
import { addMoney, currencyExponent, type Money, multiplyMoney, rescale, zeroMoney } from "./money.ts";
import type { AllocationPolicy, HoldReason, OrderDocument, OrderLine } from "./order.ts";

/** No real line comes near. Beyond it, a typing error or an attack is more likely than an order. */
const MAX_LINE_QUANTITY = 100_000;
/** Largest orders seen at marketplaces have some 200 lines. */
const MAX_LINES = 500;
/** In units of the order's finest amount: keeps sums of several amounts within exact integers. */
const MAX_AMOUNT = 1e15;

export type CaptureRefusalCode =
  | "no_lines"
  | "too_many_lines"
  | "invalid_quantity"
  | "negative_amount"
  | "amount_out_of_range"
  | "unknown_currency"
  | "currency_mismatch"
  | "address_missing";

type CapturePlan =
  | {
      readonly status: "captured";
      readonly document: OrderDocument;
      readonly holdReasons: readonly HoldReason[];
    }
  | { readonly status: "refused"; readonly code: CaptureRefusalCode; readonly detail: string };

type CaptureFacts = {
  readonly orderId: string;
  readonly companyId: string;
  readonly channelId: string;
  readonly capturedAtMs: number;
  /** The catalog's SKU for the channel's, or `null`. */
  readonly skuOf: (channelSku: string) => string | null;
  /**
   * Whether the order is a wish, which is refused without an address; a channel's order waits for its
   * address.
   */
  readonly addressRequired: boolean;
  /** What to reserve where the channel's orders do not say it; absent: all or nothing. */
  readonly allocation?: AllocationPolicy;
};

export function planCapture(incoming: IncomingOrder, facts: CaptureFacts): CapturePlan {
  const refusal = findRefusal(incoming);
  if (refusal !== null) return refusal;
  const shippingAddress = usableAddress(incoming.shippingAddress);
  if (shippingAddress === null && facts.addressRequired) {
    return refuse("address_missing", "The order needs a shipping address with street, city and country.");
  }
  const lines = incoming.lines.map((line, index) => orderLine(line, index, incoming.currency, facts));
  const capturedAt = new Date(facts.capturedAtMs).toISOString();
  const updatedAt = readInstant(incoming.updatedAt);
  const document: OrderDocument = {
    orderId: facts.orderId,
    companyId: facts.companyId,
    channelId: facts.channelId,
    externalId: incoming.externalId,
    externalNumber: incoming.externalNumber,
    externalIds: incoming.externalIds,
    placedAt: readInstant(incoming.placedAt) ?? capturedAt,
    ...(updatedAt === undefined ? {} : { channelUpdatedAt: updatedAt }),
    capturedAt,
    currency: incoming.currency,
    lines,
    shippingPrice: incoming.shippingPrice,
    discount: incoming.discount,
    ...(incoming.charges === undefined ? {} : { charges: incoming.charges }),
    tax: taxesOf(incoming),
    total: incoming.total,
    shippingAddress,
    billingAddress: usableAddress(incoming.billingAddress),
    customer: incoming.customer,
    shippingService: incoming.shippingService,
    ...(incoming.delivery === undefined ? {} : { delivery: incoming.delivery }),
    ...(incoming.deliverOn === undefined ? {} : { deliverOn: incoming.deliverOn }),
    ...(incoming.releaseOn === undefined ? {} : { releaseOn: incoming.releaseOn }),
    ...(incoming.tags === undefined ? {} : { tags: incoming.tags }),
    paymentBy: incoming.paymentBy,
    ...(incoming.paymentMethod === undefined ? {} : { paymentMethod: incoming.paymentMethod }),
    ...(incoming.taxesIncluded === undefined ? {} : { taxesIncluded: incoming.taxesIncluded }),
    ...(incoming.storeCredit === undefined ? {} : { storeCredit: incoming.storeCredit }),
    ...allocationOf(incoming, facts),
    ...(incoming.note === undefined ? {} : { note: incoming.note }),
    ...(incoming.attributes === undefined ? {} : { attributes: incoming.attributes }),
  };
  return { status: "captured", document, holdReasons: holdReasonsOf(incoming, document) };
}

/** All or nothing is the default and is not written down. */
function allocationOf(incoming: IncomingOrder, facts: CaptureFacts): Pick<OrderDocument, "allocation"> {
  if (incoming.allocation !== undefined) return { allocation: incoming.allocation };
  return facts.allocation === undefined || facts.allocation === "all_or_nothing"
    ? {}
    : { allocation: facts.allocation };
}

/** What the order's lines still lack in the catalog, as a hold reason; `null` where every line is mapped. */
export function unknownSkuReason(
  lines: readonly Pick<OrderLine, "lineId" | "sku" | "channelSku">[],
): HoldReason | null {
  const unknown = lines.filter((line) => line.sku === null);
  if (unknown.length === 0) return null;
  const names = unknown.map((line) => `line ${line.lineId} "${line.channelSku}"`).join(", ");
  return { code: "unknown_sku", detail: `Not in the catalog: ${names}.` };
}

function findRefusal(incoming: IncomingOrder): (CapturePlan & { status: "refused" }) | null {
  const waitsForLines = incoming.holdReasons.some((reason) => reason.code === "lines_missing");
  if (incoming.lines.length === 0 && !waitsForLines) return refuse("no_lines", "The order has no lines.");
  if (incoming.lines.length > MAX_LINES) {
    return refuse(
      "too_many_lines",
      `The order has ${incoming.lines.length} lines; at most ${MAX_LINES} are taken.`,
    );
  }
  if (currencyExponent(incoming.currency) === undefined) {
    return refuse("unknown_currency", `"${incoming.currency}" is not an ISO 4217 currency.`);
  }
  const badQuantity = incoming.lines.find(
    ({ quantity }) => !Number.isSafeInteger(quantity) || quantity < 1 || quantity > MAX_LINE_QUANTITY,
  );
  if (badQuantity !== undefined) {
    return refuse(
      "invalid_quantity",
      `Line "${badQuantity.externalLineId}" orders ${badQuantity.quantity} units; 1 to ${MAX_LINE_QUANTITY} are taken.`,
    );
  }
  for (const [what, amount] of amountsOf(incoming)) {
    if (amount.currency !== incoming.currency) {
      return refuse(
        "currency_mismatch",
        `${what} is in ${amount.currency}, the order in ${incoming.currency}.`,
      );
    }
    if (amount.minor < 0) return refuse("negative_amount", `${what} is negative.`);
  }
  const exponent = Math.max(...[...amountsOf(incoming)].map(([, amount]) => amount.exponent));
  for (const [what, amount] of amountsOf(incoming)) {
    if (!(rescale(amount, exponent) <= MAX_AMOUNT)) {
      return refuse("amount_out_of_range", `${what} is beyond any order.`);
    }
  }
  return null;
}

function* amountsOf(incoming: IncomingOrder): Generator<readonly [string, Money]> {
  yield ["The total", incoming.total];
  yield ["The shipping price", incoming.shippingPrice];
  yield ["The discount", incoming.discount];
  for (const tax of incoming.shippingTaxes) yield [`Shipping tax ${tax.name}`, tax.amount];
  for (const line of incoming.lines) {
    yield [`The price of line "${line.externalLineId}"`, multiplyMoney(line.unitPrice, line.quantity)];
    yield [`The discount of line "${line.externalLineId}"`, line.discount];
    for (const tax of line.taxes) yield [`Tax ${tax.name} of line "${line.externalLineId}"`, tax.amount];
  }
}

function orderLine(line: IncomingLine, index: number, currency: string, facts: CaptureFacts): OrderLine {
  return {
    lineId: String(index + 1),
    externalLineId: line.externalLineId,
    sku: facts.skuOf(line.channelSku),
    channelSku: line.channelSku,
    title: line.title,
    quantity: line.quantity,
    unitPrice: line.unitPrice,
    discount: line.discount,
    tax: line.taxes.map((tax) => tax.amount).reduce(addMoney, zeroMoney(currency)),
    taxes: line.taxes,
    attributes: line.attributes,
    ...(line.kind === undefined ? {} : { kind: line.kind }),
    ...(line.fulfilledBy === undefined ? {} : { fulfilledBy: line.fulfilledBy }),
    ...(line.charges === undefined ? {} : { charges: line.charges }),
    ...(line.fulfilledElsewhere === undefined ? {} : { fulfilledElsewhere: line.fulfilledElsewhere }),
  };
}

/** All taxes: of lines, shipping and charges. */
function taxesOf(incoming: IncomingOrder): Money {
  const charges = [...(incoming.charges ?? []), ...incoming.lines.flatMap((line) => line.charges ?? [])];
  return [
    ...incoming.lines.flatMap((line) => line.taxes.map((tax) => tax.amount)),
    ...incoming.shippingTaxes.map((tax) => tax.amount),
    ...charges.map((charge) => charge.tax),
  ].reduce(addMoney, zeroMoney(incoming.currency));
}

function holdReasonsOf(incoming: IncomingOrder, document: OrderDocument): readonly HoldReason[] {
  const reasons = [...incoming.holdReasons];
  const has = (code: HoldReason["code"]) => reasons.some((reason) => reason.code === code);
  if (document.shippingAddress === null && !has("address_missing")) {
    reasons.push({ code: "address_missing", detail: "The order has no street, city or country to ship to." });
  }
  const unknown = unknownSkuReason(document.lines);
  if (unknown !== null) reasons.push(unknown);
  reasons.push(...unsupported(document).filter((reason) => !has(reason.code)));
  return reasons;
}

/** What is read from channels and not yet acted upon: without a person, it would be shipped or charged again. */
function unsupported(document: OrderDocument): readonly HoldReason[] {
  const elsewhere = document.lines.filter(
    (line) => (line.fulfilledBy ?? "us") !== "us" || (line.fulfilledElsewhere ?? 0) > 0,
  );
  const names = elsewhere.map((line) => `line ${line.lineId}`).join(", ");
  return [
    ...(elsewhere.length === 0
      ? []
      : [
          {
            code: "fulfilled_at_channel" as const,
            detail: `Others ship, or have shipped, some of it: ${names}.`,
          },
        ]),
    ...(document.paymentBy === "on_delivery"
      ? [{ code: "payment_pending" as const, detail: "It is to be paid when it is delivered." }]
      : []),
  ];
}

function usableAddress(address: Address | undefined): Address | null {
  if (address === undefined || address.line1 === "" || address.city === "") return null;
  const country = countryCode(address.country);
  return country === undefined ? null : { ...address, country };
}

function refuse(code: CaptureRefusalCode, detail: string): CapturePlan & { status: "refused" } {
  return { status: "refused", code, detail };
}
