/**
 * What we tell a buyer in EDIFACT: ORDRSP, DESADV, INVOIC and INVRPT, each from the order as the buyer wrote
 * it. What is written is in D.96A and in D.01B alike.
 *
 * Lines, numbers and units are the buyer's own; a document whose character set could not hold one of them as
 * it is, is not written at all (`UnwritableDocument`).
 */
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { decimalText, type Money, rescale } from "../../../orders/money.ts";
import type { OrderWord, StockLevel, ToldLine } from "../../../ports/channel-connection.ts";
import { type PartnerOrder, UnwritableDocument } from "../../partner-folder/partner-format.ts";
import { perUnit } from "../reading.ts";
import type { EdifactPartner } from "./partner.ts";
import { inCharset, type WrittenMessage, type WrittenSegment } from "./write-interchange.ts";

type WordOf<Kind extends OrderWord["kind"]> = Extract<OrderWord, { readonly kind: Kind }>;

/** @returns null: EDIFACT has no message for it among those that we write */
export function messageFor(
  word: OrderWord,
  { order, cancelled }: PartnerOrder,
  partner: EdifactPartner,
  nowMs: number,
): WrittenMessage | null {
  examine(partner, [
    order.externalId,
    ...order.lines.flatMap((line) => [line.externalLineId, ...idsOf(line).flat()]),
  ]);
  switch (word.kind) {
    case "acknowledge":
      return response(order, null, cancelled, word.order.orderId, partner, nowMs);
    case "cancel":
      return response(order, word, cancelled, word.order.orderId, partner, nowMs);
    case "ship":
      return despatchAdvice(word, order, partner, nowMs);
    case "invoice":
      return invoice(word, order, partner);
    case "refund":
      return creditNote(word, order, partner, nowMs);
    default:
      return null;
  }
}

/** BGM 1225 and LIN 1229. */
const RESPONSE = { accepted: "29", changed: "4", refused: "27" } as const;
const LINE = { accepted: "5", changed: "3", refused: "7" } as const;

/** @param cancel units that will not be delivered; null: everything will */
function response(
  order: IncomingOrder,
  cancel: WordOf<"cancel"> | null,
  before: ReadonlyMap<string, number>,
  orderId: string,
  partner: EdifactPartner,
  nowMs: number,
): WrittenMessage {
  const gone = new Map((cancel?.lines ?? []).map((line) => [line.externalLineId, line.quantity]));
  const lines =
    cancel === null ? order.lines : order.lines.filter(({ externalLineId }) => gone.has(externalLineId));
  const verdict = cancel === null ? RESPONSE.accepted : cancel.isWhole ? RESPONSE.refused : RESPONSE.changed;
  const segments: readonly WrittenSegment[] = [
    ["BGM", "231", cut(orderId, 35), verdict],
    momentSegment("137", nowMs),
    ["RFF", ["ON", order.externalId]],
    ...parties(order, partner),
    ["CUX", ["2", order.currency, "9"]],
    ...lines.flatMap((line): readonly WrittenSegment[] => {
      const left =
        line.quantity - (gone.get(line.externalLineId) ?? 0) - (before.get(line.externalLineId) ?? 0);
      const status = left === line.quantity ? LINE.accepted : left > 0 ? LINE.changed : LINE.refused;
      return [
        ...lineSegments(line, line.externalLineId, status),
        ["QTY", ["21", String(line.quantity), unitOf(line)]],
        ["QTY", ["113", String(Math.max(0, left)), unitOf(line)]],
        ["PRI", ["AAA", decimalText(line.unitPrice)]],
      ];
    }),
    ["UNS", "S"],
    ["CNT", ["2", String(lines.length)]],
  ];
  return { type: "ORDRSP", segments };
}

function despatchAdvice(
  word: WordOf<"ship">,
  order: IncomingOrder,
  partner: EdifactPartner,
  nowMs: number,
): WrittenMessage {
  const carrier = cut([word.carrier, word.service].filter(Boolean).join(" "), 35);
  const tracking: readonly WrittenSegment[] =
    word.trackingNumber === "" ? [] : [["RFF", ["CN", cut(word.trackingNumber, 35)]]];
  const segments: readonly WrittenSegment[] = [
    ["BGM", "351", cut(word.shipmentId, 35), "9"],
    momentSegment("137", nowMs),
    momentSegment("11", Date.parse(word.shippedAt)),
    ["RFF", ["ON", order.externalId]],
    ...tracking,
    ...parties(order, partner),
    ...(carrier === "" ? [] : [["TDT", "20", "", "", "", ["", "", "", carrier]] as const]),
    ["CPS", "1"],
    ["PAC", "1"],
    // 33E: marked with an SSCC.
    ...(word.sscc === undefined
      ? []
      : ([
          ["PCI", "33E"],
          ["GIN", "BJ", word.sscc],
        ] as const)),
    ...word.lines.flatMap((told): readonly WrittenSegment[] => [
      ...lineSegments(lineOf(order, told), told.externalLineId, "", told.channelSku),
      ["QTY", ["12", String(told.quantity), unitOf(lineOf(order, told))]],
      ["RFF", ["ON", order.externalId, told.externalLineId]],
      ...tracking,
    ]),
    ["CNT", ["2", String(word.lines.length)]],
  ];
  return { type: "DESADV", segments };
}

function invoice(word: WordOf<"invoice">, order: IncomingOrder, partner: EdifactPartner): WrittenMessage {
  examine(partner, [word.number]);
  if (word.number.length > 35)
    throw new UnwritableDocument(`The invoice's number ${word.number} has more than 35 signs.`);
  const exponent = word.total.exponent;
  const minor = (money: Money) => rescale(money, exponent);
  const text = (value: number) => decimalText({ ...word.total, minor: value });
  const lineTax = word.lines.reduce((sum, { tax }) => sum + minor(tax), 0);
  const otherTax = minor(word.tax) - lineTax;
  const isShippingTaxed = minor(word.shipping) !== 0;
  const shipping = minor(word.shipping) - (isShippingTaxed ? otherTax : 0);
  const charges = minor(word.charges) - (isShippingTaxed ? 0 : otherTax);
  const goods = word.lines.reduce((sum, { amount, tax }) => sum + minor(amount) - minor(tax), 0);
  const segments: readonly WrittenSegment[] = [
    // 381: a credit note.
    ["BGM", word.total.minor < 0 ? "381" : "380", word.number, "9"],
    momentSegment("137", Date.parse(word.issuedAt)),
    ["RFF", ["ON", order.externalId]],
    ...parties(order, partner),
    ["CUX", ["2", order.currency, "4"]],
    ...allowanceOrCharge(shipping, "FC", "Freight", text),
    ...allowanceOrCharge(charges, "", "Other", text),
    ...word.lines.flatMap((told): readonly WrittenSegment[] => {
      const line = lineOf(order, told);
      const net = minor(told.amount) - minor(told.tax);
      return [
        ...lineSegments(
          line,
          told.externalLineId,
          "",
          told.channelSku === "" ? cut(told.title, 35) : told.channelSku,
        ),
        ["IMD", "F", "", ["", "", "", cut(told.title, 35)]],
        ["QTY", ["47", String(told.quantity), unitOf(line)]],
        ["MOA", ["203", text(net)]],
        ["PRI", ["AAA", decimalText(perUnit({ ...word.total, minor: net }, told.quantity))]],
        ["RFF", ["ON", order.externalId, told.externalLineId]],
      ];
    }),
    ["UNS", "S"],
    ["CNT", ["2", String(word.lines.length)]],
    ["MOA", ["77", text(minor(word.total))]],
    ["MOA", ["79", text(goods)]],
    ["MOA", ["125", text(minor(word.total) - minor(word.tax))]],
    ["MOA", ["176", text(minor(word.tax))]],
  ];
  return { type: "INVOIC", segments };
}

/** Money that goes back without goods of its own: one allowance over all of it. */
function creditNote(
  word: WordOf<"refund">,
  order: IncomingOrder,
  partner: EdifactPartner,
  nowMs: number,
): WrittenMessage {
  examine(partner, [word.refundId]);
  if (word.refundId.length > 35)
    throw new UnwritableDocument(`The refund's number ${word.refundId} has more than 35 signs.`);
  const text = (minor: number) => decimalText({ ...word.amount, minor });
  const minor = -word.amount.minor;
  const segments: readonly WrittenSegment[] = [
    ["BGM", "381", word.refundId, "9"],
    momentSegment("137", nowMs),
    ["RFF", ["ON", order.externalId]],
    ...parties(order, partner),
    ["CUX", ["2", order.currency, "4"]],
    ...allowanceOrCharge(minor, "", "Refund", text),
    ["UNS", "S"],
    ["CNT", ["2", "0"]],
    ["MOA", ["77", text(minor)]],
    ["MOA", ["79", text(0)]],
    ["MOA", ["125", text(minor)]],
    ["MOA", ["176", text(0)]],
  ];
  return { type: "INVOIC", segments };
}

function allowanceOrCharge(
  minor: number,
  code: string,
  name: string,
  text: (minor: number) => string,
): readonly WrittenSegment[] {
  if (minor === 0) return [];
  return [
    ["ALC", minor > 0 ? "C" : "A", "", "", "", [code, "", "", name]],
    ["MOA", [minor > 0 ? "23" : "204", text(Math.abs(minor))]],
  ];
}

/** QTY 145: actual stock, of which may be sold. */
export function inventoryReport(
  levels: readonly StockLevel[],
  partner: EdifactPartner,
  number: number,
  nowMs: number,
): WrittenMessage {
  examine(
    partner,
    levels.map(({ channelSku }) => channelSku),
  );
  const segments: readonly WrittenSegment[] = [
    ["BGM", "35", String(number), "9"],
    momentSegment("137", nowMs),
    ["NAD", "SU", partyId(partner.ourId, partner.ourQualifier)],
    ...levels.flatMap(({ channelSku, quantity }, index): readonly WrittenSegment[] => [
      ["LIN", String(index + 1), "", [channelSku, "SA"]],
      ["QTY", ["145", String(quantity), "PCE"]],
    ]),
  ];
  return { type: "INVRPT", segments };
}

/** Buyer, supplier and where the goods go, each by the id that the buyer gave. */
function parties(order: IncomingOrder, partner: EdifactPartner): readonly WrittenSegment[] {
  const idOf = (role: string): readonly string[] => (order.externalIds[`nad:${role}`] ?? "").split(":");
  const buyer = idOf("BY");
  const address = order.shippingAddress;
  const [place = ""] = idOf("DP");
  const [street = "", more = ""] = [address?.line1, address?.line2];
  return [
    ["NAD", "BY", buyer[0] === "" ? partyId(partner.partnerId, partner.partnerQualifier) : buyer],
    ["NAD", "SU", idOf("SU")[0] === "" ? partyId(partner.ourId, partner.ourQualifier) : idOf("SU")],
    ...(address === undefined
      ? []
      : [
          [
            "NAD",
            "DP",
            place === "" ? "" : idOf("DP"),
            "",
            cut(address.name, 35),
            [cut(street, 35), cut(more, 35)],
            cut(address.city, 35),
            cut(address.region ?? "", 9),
            cut(address.postalCode ?? "", 9),
            address.country,
          ] as const,
        ]),
  ];
}

/** A GLN is GS1's (agency 9). */
function partyId(id: string, qualifier: string): readonly string[] {
  return qualifier === "14" ? [id, "", "9"] : [id];
}

/** LIN and PIA, with every number that the buyer gave of the line. */
function lineSegments(
  line: IncomingLine | undefined,
  number: string,
  action: string,
  channelSku = "",
): readonly WrittenSegment[] {
  const ids = line === undefined ? [[channelSku, "SA"] as const] : idsOf(line);
  const main = ids.find(([, qualifier]) => qualifier === "EN" || qualifier === "SRV") ?? ids[0];
  const others = ids.filter((pair) => pair !== main).slice(0, 5);
  return [
    ["LIN", number, action, main ?? ""],
    ...(others.length === 0 ? [] : [["PIA", "1", ...others] as const]),
  ];
}

function idsOf(line: IncomingLine): readonly (readonly [id: string, qualifier: string])[] {
  const ids = Object.entries(line.attributes ?? {})
    .filter(([name]) => name.startsWith("id:"))
    .map(([name, id]) => [id, name.slice("id:".length)] as const);
  return ids.length === 0 ? [[line.channelSku, "SA"]] : ids;
}

function lineOf(order: IncomingOrder, { externalLineId }: ToldLine): IncomingLine | undefined {
  return order.lines.find((line) => line.externalLineId === externalLineId);
}

function unitOf(line: IncomingLine | undefined): string {
  const unit = line?.attributes?.["unit"] ?? "";
  return unit === "" ? "PCE" : unit;
}

function momentSegment(qualifier: string, ms: number): WrittenSegment {
  const digits = new Date(ms).toISOString().replace(/\D/g, "").slice(0, 12);
  return ["DTM", [qualifier, digits, "203"]];
}

function examine({ charset }: EdifactPartner, exact: readonly string[]): void {
  const bad = exact.find((text) => inCharset(text, charset) !== text);
  if (bad !== undefined)
    throw new UnwritableDocument(
      `"${bad}" holds a sign that ${charset} does not have: set another character set for this partner (EDIFACT_CHARSET).`,
    );
}

function cut(text: string, length: number): string {
  return text.slice(0, length);
}
