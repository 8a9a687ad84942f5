/**
 * Purchase orders over EDI: the 850 of X12, one or many in an interchange.
 *
 * An order's id is its number at the buyer (BEG03, with its release where it has one). Quantities are in the
 * unit of the line, EA or a pack: what a pack holds is the listing's, as with all channels. Prices are a unit's
 * and have their decimals; amounts of allowances and charges (SAC05) have two that are not written. An order
 * without a currency is in US dollars, as the standard has it between partners of one country.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { type Money, zeroMoney } from "../../../orders/money.ts";
import type { Charge, HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { amount, firstText, textRecord } from "../../vendor-kit/vendor-json.ts";
import { addressOf, computedTotal, openStandardWebhook, readEach, refused, sum } from "../reading.ts";
import { type Interchange, readInterchange, type Segment, type TransactionSet } from "./interchange.ts";

/** What the other documents are that a partner sends or gets. */
const OTHERS: Readonly<Record<string, string>> = {
  "810": "an invoice",
  "846": "an inventory report",
  "855": "an acknowledgement of an order",
  "856": "a ship notice",
  "860": "a change of an order, which a person has to apply",
  "940": "a shipping order of a warehouse",
  "945": "a shipping advice of a warehouse",
  "997": "an acknowledgement of documents",
};

export const x12Adapter: ChannelAdapter = {
  kind: "x12",
  read(payload) {
    const { interchange, faults } = readInterchange(payload);
    if (interchange === null) return [refused("malformed_payload", faults.join(" "))];
    return readSets(interchange);
  },
  join: (documents) => documents,
  openWebhook: openStandardWebhook,
};

function readSets(interchange: Interchange): readonly ChannelReading[] {
  const sets = interchange.groups.flatMap((group) => group.sets);
  return readEach(
    sets,
    (set) => readSet(set as TransactionSet, interchange),
    (set) => orderId(set as TransactionSet),
  ).map((reading) => (reading.kind === "order" ? withSource(reading, sets, interchange) : reading));
}

/**
 * Of several orders each keeps its own transaction set, in an interchange of its own that can be read again.
 */
function withSource(
  reading: Extract<ChannelReading, { readonly kind: "order" }>,
  sets: readonly TransactionSet[],
  interchange: Interchange,
): ChannelReading {
  const set = sets.find((one) => orderId(one) === reading.order.externalId);
  if (reading.source === undefined || set === undefined) return reading;
  return { ...reading, source: aloneIn(set, interchange) };
}

/** An interchange with this one transaction set, under the control numbers that it came with. */
function aloneIn(set: TransactionSet, { sender, receiver, control, isTest, groups }: Interchange): string {
  const group = groups.find(({ sets }) => sets.includes(set));
  const [from = "", sending = ""] = [sender.slice(0, 2), sender.slice(3)];
  const [to = "", receiving = ""] = [receiver.slice(0, 2), receiver.slice(3)];
  const blank = " ".repeat(10);
  const isa = ["ISA", "00", blank, "00", blank, from, sending.padEnd(15), to, receiving.padEnd(15)];
  const segments: readonly (readonly string[])[] = [
    [...isa, "000101", "0000", "U", "00401", control, "0", isTest ? "T" : "P", ">"],
    [
      "GS",
      group?.code ?? "PO",
      sending,
      receiving,
      "20000101",
      "0000",
      group?.control ?? "1",
      "X",
      group?.version ?? "",
    ],
    ["ST", set.type, set.control],
    ...set.segments,
    ["SE", String(set.segments.length + 2), set.control],
    ["GE", "1", group?.control ?? "1"],
    ["IEA", "1", control],
  ];
  // Signs that no element of a text can hold.
  return segments.map((segment) => `${segment.join("\u001d")}\u001e`).join("\n");
}

function readSet(set: TransactionSet, interchange: Interchange): readonly ChannelReading[] {
  if (set.type !== "850") {
    const what = OTHERS[set.type] ?? "another document";
    return [refused("not_an_order", `This is X12's ${set.type}, ${what}.`)];
  }
  const beg = set.segments.find(([tag]) => tag === "BEG");
  const externalId = orderId(set);
  if (beg === undefined || externalId === "")
    return [refused("malformed_payload", `The 850 ${set.control} has no BEG segment with a number.`)];
  if (beg[1] === "01") return [{ kind: "cancellation", externalId, reason: "cancelled by the buyer's 850" }];
  return [{ kind: "order", order: toIncoming(set, beg, externalId, interchange) }];
}

function orderId(set: TransactionSet): string {
  const beg = set.segments.find(([tag]) => tag === "BEG");
  const [number = "", release = ""] = [beg?.[3]?.trim(), beg?.[4]?.trim()];
  return release === "" || number === "" ? number : `${number}-${release}`;
}

function toIncoming(
  set: TransactionSet,
  beg: Segment,
  externalId: string,
  interchange: Interchange,
): IncomingOrder {
  const firstLine = set.segments.findIndex(([tag]) => tag === "PO1");
  const head = firstLine < 0 ? set.segments : set.segments.slice(0, firstLine);
  const currency = firstText(elementOf(head, "CUR", 2), "USD").toUpperCase();
  const lines = linesOf(set.segments).map((loop, index) => readLine(loop, index, currency));
  const parties = partiesOf(head);
  const shipTo = parties.get("ST");
  const billTo = parties.get("BT") ?? parties.get("BY");
  const { charges, discount } = chargesOf(head, currency);
  const placed = dayOf(beg[5] ?? "");
  const contact = head.find(([tag]) => tag === "PER") ?? ["PER"];
  const email = contactOf(contact, "EM");
  const phone = contactOf(contact, "TE");
  const deliverOn = dayOf(dateOf(head, "002"));
  const releaseOn = dayOf(dateOf(head, "010", "037"));
  const sums = {
    currency,
    lines,
    shippingPrice: zeroMoney(currency),
    shippingTaxes: [],
    discount,
    ...(charges.length === 0 ? {} : { charges }),
  };
  const stated = set.segments.find(([tag, code]) => tag === "AMT" && (code === "TT" || code === "1"))?.[2];
  return {
    ...sums,
    externalId,
    externalNumber: externalId,
    externalIds: textRecord({
      purchase_order: beg[3]?.trim() ?? "",
      interchange: interchange.control,
      transaction_set: set.control,
      ...Object.fromEntries(
        head
          .filter(([tag]) => tag === "REF")
          .map(([, qualifier = "", value = ""]) => [`ref:${qualifier}`, value.trim()]),
      ),
    }),
    placedAt: placed === "" ? "" : `${placed}T00:00:00.000Z`,
    updatedAt: placed === "" ? "" : `${placed}T00:00:00.000Z`,
    total: stated === undefined ? computedTotal(sums) : amount(stated.trim(), currency, "AMT02"),
    ...(shipTo === undefined ? {} : { shippingAddress: shipTo }),
    ...(billTo === undefined ? {} : { billingAddress: billTo }),
    customer: {
      name: firstText(parties.get("BY")?.name ?? "", billTo?.name ?? "", shipTo?.name ?? ""),
      ...(email === "" ? {} : { email }),
      ...(phone === "" ? {} : { phone }),
      externalId: interchange.sender,
    },
    shippingService: firstText(
      elementOf(head, "TD5", 12),
      elementOf(head, "TD5", 5),
      elementOf(head, "TD5", 3),
    ),
    ...(deliverOn === "" ? {} : { deliverOn }),
    ...(releaseOn === "" ? {} : { releaseOn }),
    // Paid by the invoice's terms.
    paymentBy: "channel",
    holdReasons: readHolds(lines, set.segments, interchange),
    attributes: textRecord({
      purpose: beg[1] ?? "",
      type: beg[2] ?? "",
      sender: interchange.sender,
      terms: elementOf(head, "ITD", 12),
      cancel_after: dateOf(head, "001", "061"),
    }),
  };
}

/** A line and what belongs to it, from its PO1 to the next one or to the summary. */
function linesOf(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  const loops: Segment[][] = [];
  for (const segment of segments) {
    if (segment[0] === "PO1") loops.push([segment]);
    else if (segment[0] === "CTT") return loops;
    else loops.at(-1)?.push(segment);
  }
  return loops;
}

/** Where a number of ours is looked for, in this order. */
const SKU_QUALIFIERS = ["SK", "VN", "VP", "VC", "UP", "EN", "UK", "UA", "IB", "BP", "IN", "CB", "PI"];

function readLine(loop: readonly Segment[], index: number, currency: string): IncomingLine {
  const po1 = loop[0] ?? ["PO1"];
  const ids = new Map<string, string>();
  for (let at = 6; at < po1.length; at += 2) {
    const [qualifier = "", value = ""] = [po1[at]?.trim(), po1[at + 1]?.trim()];
    if (qualifier !== "" && value !== "" && !ids.has(qualifier)) ids.set(qualifier, value);
  }
  const number = firstText(po1[1]?.trim() ?? "", String(index + 1));
  const text = po1[2]?.trim() ?? "";
  const { charges, discount } = chargesOf(loop, currency);
  const known = SKU_QUALIFIERS.map((qualifier) => ids.get(qualifier) ?? "");
  return {
    externalLineId: number,
    channelSku: firstText(...known, ...ids.values(), `line:${number}`),
    title: firstText(
      ...loop.filter(([tag]) => tag === "PID").map((pid) => pid[5]?.trim() ?? ""),
      ...known,
      `Line ${number}`,
    ),
    quantity: /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN,
    unitPrice: amount(po1[4]?.trim() ?? "", currency, `the price of line ${number}`),
    discount,
    taxes: [],
    attributes: textRecord({
      unit: po1[3]?.trim() ?? "",
      pack: elementOf(loop, "PO4", 1),
      ...Object.fromEntries([...ids].map(([qualifier, value]) => [`id:${qualifier}`, value])),
    }),
    ...(charges.length === 0 ? {} : { charges }),
  };
}

/** SAC05 is in hundredths without a sign for it; A takes off, C comes on top. */
function chargesOf(
  segments: readonly Segment[],
  currency: string,
): { readonly charges: readonly Charge[]; readonly discount: Money } {
  const all = segments
    .filter(([tag, kind, , , , value]) => tag === "SAC" && (kind === "A" || kind === "C") && value)
    .map((sac) => ({
      isOff: sac[1] === "A",
      name: firstText(sac[15]?.trim() ?? "", `Charge ${sac[2]?.trim() ?? ""}`.trim()),
      amount: amount(withDecimals(sac[5]?.trim() ?? ""), currency, "SAC05"),
    }));
  return {
    charges: all
      .filter(({ isOff }) => !isOff)
      .map(({ name, amount: price }) => ({ kind: "fee", name, amount: price, tax: zeroMoney(currency) })),
    discount: sum(
      all.filter(({ isOff }) => isOff).map(({ amount: price }) => price),
      currency,
    ),
  };
}

/** `1234` is 12.34. */
function withDecimals(text: string): string {
  if (!/^-?\d+$/.test(text)) return text;
  const sign = text.startsWith("-") ? "-" : "";
  const digits = text.replace("-", "").padStart(3, "0");
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function partiesOf(head: readonly Segment[]): ReadonlyMap<string, Address> {
  const parties = new Map<string, Address>();
  head.forEach((segment, at) => {
    if (segment[0] !== "N1") return;
    const next = head.slice(at + 1).findIndex(([tag]) => tag === "N1");
    const loop = head.slice(at + 1, next < 0 ? undefined : at + 1 + next);
    const streets = loop
      .filter(([tag]) => tag === "N3")
      .flatMap(([, ...parts]) => parts.map((part) => part.trim()));
    const n4 = loop.find(([tag]) => tag === "N4") ?? ["N4"];
    const more = loop.filter(([tag]) => tag === "N2").map((n2) => n2[1]?.trim() ?? "");
    const address = addressOf({
      name: firstText(segment[2]?.trim() ?? "", segment[4]?.trim() ?? ""),
      company: more.filter(Boolean).join(", "),
      line1: streets[0] ?? "",
      line2: streets.slice(1).filter(Boolean).join(", "),
      city: n4[1]?.trim() ?? "",
      region: n4[2]?.trim() ?? "",
      postalCode: n4[3]?.trim() ?? "",
      country: firstText(n4[4]?.trim() ?? "", streets.length > 0 || n4.length > 1 ? "US" : ""),
    });
    const role = segment[1]?.trim() ?? "";
    if (address !== undefined && !parties.has(role)) parties.set(role, address);
  });
  return parties;
}

function readHolds(
  lines: readonly IncomingLine[],
  segments: readonly Segment[],
  interchange: Interchange,
): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  if (lines.length === 0) reasons.push({ code: "lines_missing", detail: "The 850 has no PO1 segment." });
  const ctt = segments.find(([tag]) => tag === "CTT")?.[1]?.trim() ?? "";
  if (/^\d+$/.test(ctt) && Number(ctt) !== lines.length) {
    const detail = `CTT01 is ${ctt}, and the 850 has ${lines.length} lines.`;
    reasons.push({ code: "lines_missing", detail });
  }
  const unpriced = linesOf(segments)
    .filter(([po1]) => (po1?.[4]?.trim() ?? "") === "")
    .map(([po1]) => po1?.[1]?.trim() ?? "");
  if (unpriced.length > 0) {
    const detail = `The 850 states no price of line ${unpriced.join(", ")}.`;
    reasons.push({ code: "price_missing", detail });
  }
  if (interchange.isTest)
    reasons.push({ code: "held_by_rule", detail: "ISA15 is T: the partner sent the order as a test." });
  return reasons;
}

function elementOf(segments: readonly Segment[], tag: string, element: number): string {
  return segments.find(([name]) => name === tag)?.[element]?.trim() ?? "";
}

function dateOf(segments: readonly Segment[], ...qualifiers: readonly string[]): string {
  const dtm = segments.find(([tag, qualifier]) => tag === "DTM" && qualifiers.includes(qualifier ?? ""));
  return dtm?.[2]?.trim() ?? "";
}

/** CCYYMMDD, or YYMMDD of this century, as a calendar day; empty where it is none. */
function dayOf(text: string): string {
  const full = /^\d{6}$/.test(text) ? `20${text}` : text;
  const match = /^(\d{4})(\d{2})(\d{2})$/.exec(full);
  if (match === null) return "";
  const day = `${match[1]}-${match[2]}-${match[3]}`;
  return Number.isNaN(Date.parse(`${day}T00:00:00Z`)) ? "" : day;
}

/** Of a PER segment, whose elements from the third on are pairs. */
function contactOf(per: Segment, qualifier: string): string {
  for (let at = 3; at < per.length; at += 2) if (per[at] === qualifier) return per[at + 1]?.trim() ?? "";
  return "";
}
