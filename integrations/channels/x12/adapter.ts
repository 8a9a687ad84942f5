/**
 * Purchase orders over EDI: the 850 of X12, one or many in an interchange, with the 860s that change them.
 *
 * An order's id is its number at the buyer (BEG03, with its release where it has one). Quantities are in the
 * unit of the line, EA or a pack: what a pack holds is the listing's, as with all channels. Prices are a
 * unit's and have their decimals; amounts of allowances and charges (SAC05) have two that are not written. An
 * order without a currency is in US dollars, as the standard has it between partners of one country.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { type Money, zeroMoney } from "../../../orders/money.ts";
import type { Charge, HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { amount, firstText, textRecord } from "../../vendor-kit/vendor-json.ts";
import { addressOf, computedTotal, openStandardWebhook, readEach, refused, sum } from "../reading.ts";
import { type FoldedOrder, foldChanges, headOf, orderIdOf } from "./change-order.ts";
import {
  type GroupHead,
  type Interchange,
  readInterchange,
  type Segment,
  type TransactionSet,
} from "./interchange.ts";

/** What the other documents are that a partner sends or gets. */
const OTHERS: Readonly<Record<string, string>> = {
  "810": "an invoice",
  "846": "an inventory report",
  "855": "an acknowledgement of an order",
  "856": "a ship notice",
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

/** What an interchange says of one order, or a document that is about none. */
type AboutOrder = { readonly externalId: string; readonly sets: readonly TransactionSet[] };

function readSets(interchange: Interchange): readonly ChannelReading[] {
  const all = byOrder(interchange);
  return readEach(
    all,
    (about) => readOrder(about as AboutOrder, interchange),
    (about) => (about as AboutOrder).externalId,
  ).map((reading) => (reading.kind === "order" ? withSource(reading, all, interchange) : reading));
}

/** The sets of each order together, in the order in which they stand. */
export function byOrder({ groups }: Interchange): readonly AboutOrder[] {
  const orders = new Map<string, TransactionSet[]>();
  for (const [index, set] of groups.flatMap(({ sets }) => sets).entries()) {
    const id = orderIdOf(set);
    const key = id === "" ? `set ${index}` : `order ${id}`;
    const own = orders.get(key) ?? [];
    own.push(set);
    orders.set(key, own);
  }
  return [...orders.values()].map((sets) => ({ externalId: orderIdOf(sets[0] ?? NO_SET), sets }));
}

const NO_SET: TransactionSet = {
  type: "",
  control: "",
  segments: [],
  group: { code: "", control: "", version: "" },
};

/**
 * Of several orders each keeps its own transaction sets, in an interchange of its own that can be read again.
 */
function withSource(
  reading: Extract<ChannelReading, { readonly kind: "order" }>,
  all: readonly AboutOrder[],
  interchange: Interchange,
): ChannelReading {
  const about = all.find(({ externalId }) => externalId === reading.order.externalId);
  if (reading.source === undefined || about === undefined) return reading;
  return { ...reading, source: aloneIn(about.sets, interchange) };
}

/**
 * An interchange with these transaction sets alone, under the control numbers that they came with.
 * @param of the interchange, or the first of several that they came in
 */
export function aloneIn(
  sets: readonly TransactionSet[],
  { sender, receiver, control, isTest }: Omit<Interchange, "groups">,
): string {
  const [from = "", sending = ""] = [sender.slice(0, 2), sender.slice(3)];
  const [to = "", receiving = ""] = [receiver.slice(0, 2), receiver.slice(3)];
  const blank = " ".repeat(10);
  const isa = ["ISA", "00", blank, "00", blank, from, sending.padEnd(15), to, receiving.padEnd(15)];
  const groups: { readonly head: GroupHead; readonly sets: TransactionSet[] }[] = [];
  for (const set of sets) {
    const last = groups.at(-1);
    if (last?.head === set.group) last.sets.push(set);
    else groups.push({ head: set.group, sets: [set] });
  }
  const segments: readonly (readonly string[])[] = [
    [...isa, "000101", "0000", "U", "00401", control, "0", isTest ? "T" : "P", ">"],
    ...groups.flatMap(({ head, sets: own }): readonly (readonly string[])[] => [
      ["GS", head.code, sending, receiving, "20000101", "0000", head.control, "X", head.version],
      ...own.flatMap((set): readonly (readonly string[])[] => [
        ["ST", set.type, set.control],
        ...set.segments,
        ["SE", String(set.segments.length + 2), set.control],
      ]),
      ["GE", String(own.length), head.control],
    ]),
    ["IEA", String(groups.length), control],
  ];
  // Signs that no element of a text can hold.
  return segments.map((segment) => `${segment.join("\u001d")}\u001e`).join("\n");
}

/**
 * Interchanges about one order as one, in the order in which they came: its envelope is the first one's.
 * @param texts each readable
 */
export function joinInterchanges(texts: readonly string[]): string {
  const all = texts.flatMap((text) => readInterchange(text).interchange ?? []);
  const [first] = all;
  if (first === undefined || all.length === 1) return texts[0] ?? "";
  return aloneIn(
    all.flatMap(({ groups }) => groups.flatMap(({ sets }) => sets)),
    first,
  );
}

function readOrder({ externalId, sets }: AboutOrder, interchange: Interchange): readonly ChannelReading[] {
  const [first] = sets;
  const type = first?.type ?? "";
  if (type !== "850" && type !== "860")
    return [refused("not_an_order", `This is X12's ${type}, ${OTHERS[type] ?? "another document"}.`)];
  if (externalId === "") {
    const number = type === "850" ? "BEG segment with a number" : "BCH segment with an order's number";
    return [refused("malformed_payload", `The ${type} ${first?.control ?? ""} has no ${number}.`)];
  }
  const isCancelled = sets.length === 1 && type === "850" && headOf(sets[0] ?? NO_SET)?.[1] === "01";
  if (isCancelled) return [{ kind: "cancellation", externalId, reason: "cancelled by the buyer's 850" }];
  const folded = foldChanges(sets);
  if (folded === null) {
    const advice = "A folder connection keeps orders and applies it; elsewhere send both in one interchange.";
    return [
      refused(
        "not_an_order",
        `This is X12's 860, a change of order ${externalId}, without the 850 that it changes. ${advice}`,
        externalId,
      ),
    ];
  }
  const order = toIncoming(folded.set, headOf(folded.set) ?? ["BEG"], externalId, interchange);
  return [{ kind: "order", order: withChanges(order, folded) }];
}

function withChanges(order: IncomingOrder, { changes, cancelledBy, unread }: FoldedOrder): IncomingOrder {
  const reasons: HoldReason[] = [
    ...(cancelledBy === null
      ? []
      : [{ code: "cancelled_at_channel" as const, detail: `X12: cancelled by the buyer's ${cancelledBy}.` }]),
    ...unread.map((detail) => ({ code: "changed_at_channel" as const, detail })),
  ];
  if (changes.length === 0) return { ...order, holdReasons: [...reasons, ...order.holdReasons] };
  // A day has no hours: the number of the change tells which of a day's is the newer one.
  const newest =
    changes
      .map((each) => dayOf(each.day))
      .filter(Boolean)
      .sort()
      .at(-1) ?? "";
  const fromMs = Date.parse(newest === "" ? order.placedAt : `${newest}T00:00:00.000Z`);
  const ms = Math.max(Number.isNaN(fromMs) ? 0 : fromMs, Date.parse(order.placedAt) || 0);
  return {
    ...order,
    updatedAt: ms === 0 ? order.updatedAt : new Date(ms + changes.length).toISOString(),
    holdReasons: [...reasons, ...order.holdReasons],
    attributes: { ...order.attributes, changes: String(changes.length) },
  };
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
      // As the partner's papers name the place, for ours.
      ...Object.fromEntries(
        head
          .filter(([tag, , , qualifier, code]) => tag === "N1" && qualifier && code)
          .map(([, role = "", , qualifier = "", code = ""]) => [`n1:${role}`, `${qualifier}:${code.trim()}`]),
      ),
      release: beg[4]?.trim() ?? "",
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
