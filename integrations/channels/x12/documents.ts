/**
 * What we tell a buyer in X12: 855, 856, 810 (invoice and credit memo) and 846, each from the order as the buyer wrote it.
 *
 * Lines, numbers and units are the buyer's own; a document that could not hold one of them as it is, for it
 * has a sign that our separators use, is not written at all (`UnwritableDocument`): a number that is not
 * theirs would be matched to nothing, or to another order.
 */

import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { decimalText, type Money, rescale } from "../../../orders/money.ts";
import type { OrderWord, StockLevel, ToldLine } from "../../../ports/channel-connection.ts";
import { type PartnerOrder, UnwritableDocument } from "../../partner-folder/partner-format.ts";
import { perUnit } from "../reading.ts";
import type { X12Partner } from "./partner.ts";
import { stampOf, type WrittenSegment, type WrittenSet } from "./write-interchange.ts";

type WordOf<Kind extends OrderWord["kind"]> = Extract<OrderWord, { readonly kind: Kind }>;

/** @returns null: X12 has no document for it among those that we write */
export function setFor(
  word: OrderWord,
  { order, cancelled }: PartnerOrder,
  partner: X12Partner,
  nowMs: number,
): WrittenSet | null {
  examine(partner, [
    order.externalIds["purchase_order"] ?? "",
    order.externalIds["release"] ?? "",
    ...order.lines.flatMap((line) => [line.externalLineId, ...idPairs(line)]),
  ]);
  switch (word.kind) {
    case "acknowledge":
      return acknowledgement(order, null, cancelled, word.order.orderId, nowMs);
    case "cancel":
      return acknowledgement(order, word, cancelled, word.order.orderId, nowMs);
    case "ship":
      return shipNotice(word, order);
    case "invoice":
      return invoice(word, order);
    case "refund":
      return creditMemo(word, order, nowMs);
    default:
      return null;
  }
}

/** @param cancel units that will not be delivered; null: everything will */
function acknowledgement(
  order: IncomingOrder,
  cancel: WordOf<"cancel"> | null,
  before: ReadonlyMap<string, number>,
  orderId: string,
  nowMs: number,
): WrittenSet {
  const gone = new Map((cancel?.lines ?? []).map((line) => [line.externalLineId, line.quantity]));
  const lines =
    cancel === null ? order.lines : order.lines.filter(({ externalLineId }) => gone.has(externalLineId));
  const type = cancel === null ? "AD" : cancel.isWhole ? "RD" : "AC";
  const segments: readonly WrittenSegment[] = [
    [
      "BAK",
      cancel === null ? "00" : "04",
      type,
      purchaseOrder(order),
      dayOf(order.placedAt, nowMs),
      order.externalIds["release"] ?? "",
      "",
      "",
      cut(orderId, 30),
      stampOf(nowMs).day,
    ],
    ...shipTo(order),
    ...lines.flatMap((line): readonly WrittenSegment[] => {
      const lost = gone.get(line.externalLineId) ?? 0;
      const left = line.quantity - lost - (before.get(line.externalLineId) ?? 0);
      const status: readonly WrittenSegment[] =
        lost === 0
          ? [["ACK", "IA", String(line.quantity), unitOf(line)]]
          : [
              ["ACK", "IR", String(lost), unitOf(line)],
              ...(left > 0 ? [["ACK", "IQ", String(left), unitOf(line)]] : []),
            ];
      return [
        [
          "PO1",
          line.externalLineId,
          String(line.quantity),
          unitOf(line),
          decimalText(line.unitPrice),
          "",
          ...idPairs(line),
        ],
        ...status,
      ];
    }),
    ["CTT", String(lines.length)],
  ];
  return { type: "855", segments };
}

/** SCAC, by the carriers' names; another one is written by its name. */
const SCAC: Readonly<Record<string, string>> = {
  ups: "UPSN",
  fedex: "FDEG",
  usps: "USPS",
  dhl: "DHLC",
  ontrac: "EMSY",
};

function shipNotice(word: WordOf<"ship">, order: IncomingOrder): WrittenSet {
  const shippedMs = Date.parse(word.shippedAt);
  const { day, time } = stampOf(shippedMs);
  const scac = SCAC[word.carrier.toLowerCase().split(/[ _-]/)[0] ?? ""];
  const name = [word.carrier, word.service].filter(Boolean).join(" ");
  const items = word.lines.map((told) => ({ told, line: lineOf(order, told) }));
  const segments: readonly WrittenSegment[] = [
    ["BSN", "00", cut(word.shipmentId, 30), day, time, "0001"],
    ["HL", "1", "", "S", "1"],
    ["TD1", "CTN", "1"],
    ...(name === ""
      ? []
      : [["TD5", "", ...(scac === undefined ? ["", ""] : ["2", scac]), "", cut(name, 35)]]),
    ...(word.trackingNumber === "" ? [] : [["REF", "CN", cut(word.trackingNumber, 30)]]),
    ["DTM", "011", day, time],
    ...shipTo(order),
    ["HL", "2", "1", "O", "1"],
    ["PRF", purchaseOrder(order), order.externalIds["release"] ?? "", "", dayOf(order.placedAt, shippedMs)],
    ["HL", "3", "2", "P", "1"],
    // With its application identifier, as the parcel's barcode has it.
    ...(word.sscc === undefined ? [] : [["MAN", "GM", `00${word.sscc}`]]),
    ...(word.trackingNumber === "" ? [] : [["MAN", "CP", cut(word.trackingNumber, 48)]]),
    ...items.flatMap(({ told, line }, index): readonly WrittenSegment[] => [
      ["HL", String(index + 4), "3", "I", "0"],
      ["LIN", told.externalLineId, ...(line === undefined ? ["VN", told.channelSku] : idPairs(line))],
      [
        "SN1",
        told.externalLineId,
        String(told.quantity),
        unitOf(line),
        "",
        ...(line === undefined ? [] : [String(line.quantity), unitOf(line)]),
      ],
      ...(word.trackingNumber === "" ? [] : [["REF", "2I", cut(word.trackingNumber, 30)]]),
    ]),
    ["CTT", String(items.length + 3)],
  ];
  return { type: "856", segments };
}

/** Data element 76. */
const INVOICE_NUMBER = 22;

function invoice(word: WordOf<"invoice">, order: IncomingOrder): WrittenSet {
  if (word.number.length > INVOICE_NUMBER)
    throw new UnwritableDocument(
      `The invoice's number ${word.number} has more than ${INVOICE_NUMBER} signs, which an 810 cannot hold.`,
    );
  const { currency } = order;
  const lineTax = word.lines.reduce((sum, line) => sum + rescale(line.tax, 2), 0);
  const otherTax = rescale(word.tax, 2) - lineTax;
  const isShippingTaxed = rescale(word.shipping, 2) !== 0;
  const shipping = rescale(word.shipping, 2) - (isShippingTaxed ? otherTax : 0);
  const charges = rescale(word.charges, 2) - (isShippingTaxed ? 0 : otherTax);
  const issuedMs = Date.parse(word.issuedAt);
  const segments: readonly WrittenSegment[] = [
    [
      "BIG",
      stampOf(issuedMs).day,
      word.number,
      dayOf(order.placedAt, issuedMs),
      purchaseOrder(order),
      order.externalIds["release"] ?? "",
      "",
      // A credit takes back what an invoice before it said.
      word.total.minor < 0 ? "CR" : "DI",
    ],
    ["CUR", "SE", currency],
    ...shipTo(order),
    ...word.lines.flatMap((told): readonly WrittenSegment[] => {
      const line = lineOf(order, told);
      const net: Money = {
        ...told.amount,
        minor: told.amount.minor - rescale(told.tax, told.amount.exponent),
      };
      return [
        [
          "IT1",
          told.externalLineId,
          String(told.quantity),
          unitOf(line),
          decimalText(perUnit(net, told.quantity)),
          "",
          ...(line === undefined
            ? ["VN", told.channelSku === "" ? cut(told.title, 48) : told.channelSku]
            : idPairs(line)),
        ],
        ["PID", "F", "", "", "", cut(told.title, 80)],
      ];
    }),
    ["TDS", String(rescale(word.total, 2))],
    ...(rescale(word.tax, 2) === 0 ? [] : [["TXI", "TX", hundredths(rescale(word.tax, 2))]]),
    ...allowanceOrCharge("D240", shipping, "Freight"),
    ...allowanceOrCharge("F050", charges, "Other"),
    ["CTT", String(word.lines.length)],
  ];
  return { type: "810", segments };
}

/** Money that goes back without goods of its own: one allowance over all of it. */
function creditMemo(word: WordOf<"refund">, order: IncomingOrder, nowMs: number): WrittenSet {
  if (word.refundId.length > INVOICE_NUMBER)
    throw new UnwritableDocument(
      `The refund's number ${word.refundId} has more than ${INVOICE_NUMBER} signs, which an 810 cannot hold.`,
    );
  const cents = -rescale(word.amount, 2);
  const { day } = stampOf(nowMs);
  const placed = dayOf(order.placedAt, nowMs);
  const release = order.externalIds["release"] ?? "";
  const segments: readonly WrittenSegment[] = [
    ["BIG", day, word.refundId, placed, purchaseOrder(order), release, "", "CR"],
    ["CUR", "SE", order.currency],
    ...shipTo(order),
    ["TDS", String(cents)],
    ...allowanceOrCharge("ZZZZ", cents, "Refund"),
    ["CTT", "0"],
  ];
  return { type: "810", segments };
}

function allowanceOrCharge(code: string, cents: number, name: string): readonly WrittenSegment[] {
  if (cents === 0) return [];
  const amount = String(Math.abs(cents));
  return [["SAC", cents > 0 ? "C" : "A", code, "", "", amount, "", "", "", "", "", "", "", "", "", name]];
}

/** QTY01 33: may be sold. */
export function inventoryReport(
  levels: readonly StockLevel[],
  partner: X12Partner,
  number: number,
  nowMs: number,
): WrittenSet {
  examine(
    partner,
    levels.map(({ channelSku }) => channelSku),
  );
  const { day, time } = stampOf(nowMs);
  const segments: readonly WrittenSegment[] = [
    ["BIA", "00", "SI", String(number), day, time],
    ...levels.flatMap(({ channelSku, quantity }, index): readonly WrittenSegment[] => [
      ["LIN", String(index + 1), "VN", channelSku],
      ["QTY", "33", String(quantity), ["EA"]],
    ]),
    ["CTT", String(levels.length)],
  ];
  return { type: "846", segments };
}

function purchaseOrder(order: IncomingOrder): string {
  return order.externalIds["purchase_order"] ?? order.externalId;
}

/** Where the goods go, in the buyer's own code of the place where it gave one. */
function shipTo(order: IncomingOrder): readonly WrittenSegment[] {
  const address = order.shippingAddress;
  const [qualifier = "", ...code] = (order.externalIds["n1:ST"] ?? "").split(":");
  if (address === undefined) return [];
  return [
    ["N1", "ST", cut(address.name, 60), ...(qualifier === "" ? [] : [qualifier, code.join(":")])],
    ["N3", cut(address.line1, 55), cut(address.line2 ?? "", 55)],
    [
      "N4",
      cut(address.city, 30),
      cut(address.region ?? "", 2),
      cut(address.postalCode ?? "", 15),
      address.country,
    ],
  ];
}

function lineOf(order: IncomingOrder, { externalLineId }: ToldLine): IncomingLine | undefined {
  return order.lines.find((line) => line.externalLineId === externalLineId);
}

function unitOf(line: IncomingLine | undefined): string {
  const unit = line?.attributes?.["unit"] ?? "";
  return unit === "" ? "EA" : unit;
}

/** Every number that the buyer gave of it, as it gave them; else our own as the vendor's. */
function idPairs(line: IncomingLine): readonly string[] {
  const pairs = Object.entries(line.attributes ?? {})
    .filter(([name]) => name.startsWith("id:"))
    .slice(0, 10)
    .flatMap(([name, value]) => [name.slice("id:".length), value]);
  return pairs.length === 0 ? ["VN", line.channelSku] : pairs;
}

function examine(partner: X12Partner, exact: readonly string[]): void {
  const marks = [partner.element, partner.component, partner.terminator, partner.repetition];
  const bad = exact.find((text) => marks.some((mark) => text.includes(mark)) || /[^ -~]/.test(text));
  if (bad !== undefined)
    throw new UnwritableDocument(
      `"${bad}" holds a sign that X12 cannot carry with the separators ${marks.join(" ")}: set other separators for this partner (X12_SEPARATORS).`,
    );
}

function hundredths(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, "0");
  return `${cents < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function dayOf(iso: string, elseMs: number): string {
  const ms = Date.parse(iso);
  return stampOf(Number.isNaN(ms) ? elseMs : ms).day;
}

function cut(text: string, length: number): string {
  return text.slice(0, length);
}
