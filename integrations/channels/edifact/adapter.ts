/**
 * Purchase orders over EDIFACT: the message ORDERS of directories D.96A to D.01B, one or many in an
 * interchange, with the ORDCHGs that change them (`change-order.ts`).
 *
 * An order's id is its number at the buyer (BGM 1004). Prices are those of PRI for its basis (a price of 12.50 for 100 is 0.125 a unit); what a pack holds is the listing's, as with all
 * channels. Amounts have the decimal mark of the UNA, or a comma, and no others.
 */
import type { Address } from "../../../orders/address.ts";
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { type Money, zeroMoney } from "../../../orders/money.ts";
import type { Charge, HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { amount, firstText, textRecord } from "../../vendor-kit/vendor-json.ts";
import {
  addressOf,
  computedTotal,
  openStandardWebhook,
  perUnit,
  readEach,
  refused,
  sum,
} from "../reading.ts";
import { foldChanges, functionOf, isOrderMessage, orderIdOf, partsOf } from "./change-order.ts";
import {
  at,
  type EdifactInterchange,
  type EdifactMessage,
  type EdifactSegment,
  readEdifact,
} from "./interchange.ts";
import { released, segmentAsRead } from "./write-interchange.ts";

export const edifactAdapter: ChannelAdapter = {
  kind: "edifact",
  read(payload) {
    const { interchange, faults } = readEdifact(payload);
    if (interchange === null) return [refused("malformed_payload", faults.map(({ text }) => text).join(" "))];
    const all = byOrder(interchange);
    return readEach(
      all,
      (about) => readOrder(about as AboutOrder, interchange),
      (about) => (about as AboutOrder).externalId,
    ).map((reading) => withSource(reading, all, interchange));
  },
  join: (documents) => documents,
  openWebhook: openStandardWebhook,
};

/** What an interchange says of one order, or a message that is about none. */
export type AboutOrder = { readonly externalId: string; readonly messages: readonly EdifactMessage[] };

export function byOrder({ messages }: EdifactInterchange): readonly AboutOrder[] {
  const orders = new Map<string, EdifactMessage[]>();
  for (const [index, message] of messages.entries()) {
    const id = orderIdOf(message);
    const key = id === "" ? `message ${index}` : `order ${id}`;
    const own = orders.get(key) ?? [];
    own.push(message);
    orders.set(key, own);
  }
  return [...orders.values()].map((own) => ({ externalId: own[0] ? orderIdOf(own[0]) : "", messages: own }));
}

/** An interchange with these messages alone, under the references that they came with. */
export function aloneIn(
  messages: readonly EdifactMessage[],
  { sender, receiver, reference, isTest, decimal }: EdifactInterchange,
): string {
  const party = (text: string) => text.split(":").map(released).join(":");
  return [
    `UNA:+${decimal}? '`,
    `UNB+UNOC:3+${party(sender)}+${party(receiver)}+000101:0000+${released(reference)}++++++${isTest ? "1" : ""}'`,
    ...messages.flatMap((message) => [
      `UNH+${released(message.reference)}+${message.type}:${message.version}'`,
      ...message.segments.map(segmentAsRead),
      `UNT+${message.segments.length + 2}+${released(message.reference)}'`,
    ]),
    `UNZ+${messages.length}+${released(reference)}'`,
  ].join("\n");
}

/** Interchanges about one order as one, in the order in which they came. */
export function joinInterchanges(texts: readonly string[]): string {
  const all = texts.flatMap((text) => readEdifact(text).interchange ?? []);
  const [first] = all;
  if (first === undefined || all.length === 1) return texts[0] ?? "";
  return aloneIn(
    all.flatMap((one) => one.messages),
    first,
  );
}

function withSource(
  reading: ChannelReading,
  all: readonly AboutOrder[],
  interchange: EdifactInterchange,
): ChannelReading {
  if (reading.kind !== "order" || reading.source === undefined) return reading;
  const about = all.find(({ externalId }) => externalId === reading.order.externalId);
  return about === undefined ? reading : { ...reading, source: aloneIn(about.messages, interchange) };
}

function readOrder(
  { externalId, messages }: AboutOrder,
  interchange: EdifactInterchange,
): readonly ChannelReading[] {
  const [first] = messages;
  if (first === undefined) return [];
  if (!isOrderMessage(first))
    return [refused("not_an_order", `This is EDIFACT's ${first.type}: only ORDERS and ORDCHG are orders.`)];
  if (externalId === "") {
    const place = first.type === "ORDERS" ? "BGM segment with a number" : "RFF ON with an order's number";
    return [refused("malformed_payload", `The ${first.type} ${first.reference} has no ${place}.`)];
  }
  const folded = foldChanges(messages);
  const ending = messages.find((message) => functionOf(message) === "1");
  if (folded === null && ending !== undefined)
    return [{ kind: "cancellation", externalId, reason: `cancelled by the buyer's ${ending.type}` }];
  if (folded === null) {
    const advice = "A folder connection keeps orders and applies it; elsewhere send both in one interchange.";
    return [
      refused(
        "not_an_order",
        `This is EDIFACT's ORDCHG, a change of order ${externalId}, without the ORDERS that it changes. ${advice}`,
        externalId,
      ),
    ];
  }
  const { message, changes, cancelledBy, unread } = folded;
  const order = toIncoming(message, externalId, interchange);
  const original = messages.find(({ type }) => type === "ORDERS");
  const placedAt = momentOf(original?.segments ?? [], "137");
  // Some days have no hours: the number of the change tells which is the newer one.
  const made = changes.map((each) => momentOf([each], "137"));
  const updatedMs =
    Math.max(...[order.placedAt, placedAt, ...made].map((each) => Date.parse(each) || 0)) + changes.length;
  const reasons: readonly HoldReason[] = [
    ...(cancelledBy === null
      ? []
      : [
          {
            code: "cancelled_at_channel" as const,
            detail: `EDIFACT: cancelled by the buyer's ${cancelledBy}.`,
          },
        ]),
    ...unread.map((detail) => ({ code: "changed_at_channel" as const, detail })),
  ];
  return [
    {
      kind: "order",
      order: {
        ...order,
        placedAt: firstText(placedAt, order.placedAt),
        updatedAt: changes.length === 0 ? order.updatedAt : new Date(updatedMs).toISOString(),
        holdReasons: [...reasons, ...order.holdReasons],
      },
    },
  ];
}

function toIncoming(
  message: EdifactMessage,
  externalId: string,
  interchange: EdifactInterchange,
): IncomingOrder {
  const { head, lines: loops, summary } = partsOf(message.segments);
  const currency = firstText(at(find(head, "CUX"), 0, 1), "EUR").toUpperCase();
  const money = (text: string, what: string) => amount(decimalOf(text, interchange.decimal), currency, what);
  const lines = loops.map((loop, index) => readLine(loop, index, currency, money));
  const parties = partiesOf(head);
  const buyer = parties.get("BY");
  const deliverTo = parties.get("DP") ?? parties.get("ST") ?? parties.get("UC");
  const billTo = parties.get("IV") ?? buyer;
  const { charges, discount, unread } = chargesOf(head, currency, money);
  const placedAt = momentOf(head, "137");
  const [deliverOn, releaseOn] = [dayAt(head, "2", "69", "63"), dayAt(head, "10", "64")];
  const sums = {
    currency,
    lines,
    shippingPrice: zeroMoney(currency),
    shippingTaxes: [],
    discount,
    ...(charges.length === 0 ? {} : { charges }),
  };
  const stated = moaOf(summary, "86", "128");
  const communications = new Map(
    head
      .filter(({ tag }) => tag === "COM")
      .map((segment): [string, string] => [at(segment, 0, 1), at(segment, 0, 0)])
      .reverse(),
  );
  const [email = "", phone = ""] = [communications.get("EM"), communications.get("TE")];
  const address = deliverTo?.address ?? buyer?.address;
  return {
    ...sums,
    externalId,
    externalNumber: externalId,
    externalIds: textRecord({
      purchase_order: externalId,
      interchange: interchange.reference,
      message: message.reference,
      ...Object.fromEntries([...parties].map(([role, { id }]) => [`nad:${role}`, id])),
      ...Object.fromEntries(
        head
          .filter(({ tag }) => tag === "RFF")
          .map((segment) => [`ref:${at(segment, 0, 0)}`, at(segment, 0, 1)]),
      ),
    }),
    placedAt,
    updatedAt: placedAt,
    total: stated === "" ? computedTotal(sums) : money(stated, "MOA 86"),
    ...(address === undefined ? {} : { shippingAddress: address }),
    ...(billTo?.address === undefined ? {} : { billingAddress: billTo.address }),
    customer: {
      name: firstText(buyer?.name ?? "", billTo?.name ?? "", deliverTo?.name ?? "", buyer?.id ?? ""),
      ...(email === "" ? {} : { email }),
      ...(phone === "" ? {} : { phone }),
      externalId: interchange.sender,
    },
    shippingService: firstText(at(find(head, "TDT"), 4, 3), at(find(head, "TDT"), 2)),
    ...(deliverOn === "" ? {} : { deliverOn }),
    ...(releaseOn === "" ? {} : { releaseOn }),
    // Paid by the invoice's terms.
    paymentBy: "channel",
    holdReasons: holdsOf(lines, loops, summary, unread, interchange),
    attributes: textRecord({
      function: at(find(message.segments, "BGM"), 2),
      type: at(find(message.segments, "BGM"), 0),
      version: message.version,
      sender: interchange.sender,
      cancel_after: dayAt(head, "61", "36"),
    }),
  };
}

/**
 * Where a number of ours is looked for, in this order: the supplier's, then the article's, then the buyer's.
 */
const SKU_QUALIFIERS = ["SA", "VN", "MF", "EN", "SRV", "UP", "EU", "IN", "BP", "PV"];

function readLine(
  loop: readonly EdifactSegment[],
  index: number,
  currency: string,
  money: (text: string, what: string) => Money,
): IncomingLine {
  const [lin] = loop;
  const ids = new Map<string, string>();
  const add = (id: string, qualifier: string) => {
    if (id !== "" && qualifier !== "" && !ids.has(qualifier)) ids.set(qualifier, id);
  };
  add(at(lin, 2, 0), at(lin, 2, 1));
  for (const segment of loop.filter(({ tag }) => tag === "PIA"))
    for (let place = 1; place < segment.elements.length; place += 1)
      add(at(segment, place, 0), at(segment, place, 1));
  const number = firstText(at(lin, 0), String(index + 1));
  const known = SKU_QUALIFIERS.map((qualifier) => ids.get(qualifier) ?? "");
  const quantity = loop.find((segment) => segment.tag === "QTY" && at(segment, 0, 0) === "21");
  const counted = at(quantity, 0, 1).replace(",", ".");
  const title = loop
    .filter(({ tag }) => tag === "IMD")
    .map((segment) => [at(segment, 2, 3), at(segment, 2, 4)].filter(Boolean).join(" "))
    .find((text) => text !== "");
  const { charges, discount } = chargesOf(loop, currency, money);
  return {
    externalLineId: number,
    channelSku: firstText(...known, ...ids.values(), `line:${number}`),
    title: firstText(title ?? "", ...known, `Line ${number}`),
    quantity: /^\d{1,9}(\.\d+)?$/.test(counted) ? Number(counted) : Number.NaN,
    unitPrice: priceOf(loop, number, money),
    discount,
    taxes: [],
    attributes: textRecord({
      unit: at(quantity, 0, 2),
      ...Object.fromEntries([...ids].map(([qualifier, id]) => [`id:${qualifier}`, id])),
    }),
    ...(charges.length === 0 ? {} : { charges }),
  };
}

/** Net before gross; of its basis. */
function priceOf(
  loop: readonly EdifactSegment[],
  number: string,
  money: (text: string, what: string) => Money,
): Money {
  const pri = priceSegment(loop);
  const price = money(at(pri, 0, 1), `the price of line ${number}`);
  const basis = at(pri, 0, 4).replace(",", ".");
  return /^[1-9]\d{0,6}$/.test(basis) ? perUnit(price, Number(basis)) : price;
}

function priceSegment(loop: readonly EdifactSegment[]): EdifactSegment | undefined {
  const all = loop.filter(({ tag }) => tag === "PRI");
  return all.find((pri) => at(pri, 0, 0) === "AAA") ?? all.find((pri) => at(pri, 0, 0) === "AAB") ?? all[0];
}

/** ALC with the MOA that belongs to it; one by percent alone says no amount. */
function chargesOf(
  segments: readonly EdifactSegment[],
  currency: string,
  money: (text: string, what: string) => Money,
): { readonly charges: readonly Charge[]; readonly discount: Money; readonly unread: readonly string[] } {
  const charges: Charge[] = [];
  const off: Money[] = [];
  const unread: string[] = [];
  segments.forEach((alc, place) => {
    if (alc.tag !== "ALC") return;
    const rest = segments.slice(place + 1);
    const next = rest.findIndex(
      ({ tag }) => !["ALI", "DTM", "QTY", "RNG", "PCD", "MOA", "RTE", "RFF"].includes(tag),
    );
    const own = next < 0 ? rest : rest.slice(0, next);
    const value = moaOf(own, "8", "23", "204", "131");
    const name = firstText(at(alc, 4, 3), `Charge ${at(alc, 4, 0)}`.trim());
    if (value === "") unread.push(name);
    else if (at(alc, 0) === "A") off.push(money(value, "MOA of an allowance"));
    else if (at(alc, 0) === "C")
      charges.push({ kind: "fee", name, amount: money(value, "MOA of a charge"), tax: zeroMoney(currency) });
  });
  return { charges, discount: sum(off, currency), unread };
}

function moaOf(segments: readonly EdifactSegment[], ...qualifiers: readonly string[]): string {
  for (const qualifier of qualifiers) {
    const moa = segments.find((segment) => segment.tag === "MOA" && at(segment, 0, 0) === qualifier);
    if (moa !== undefined) return at(moa, 0, 1);
  }
  return "";
}

type Party = { readonly id: string; readonly name: string; readonly address: Address | undefined };

function partiesOf(head: readonly EdifactSegment[]): ReadonlyMap<string, Party> {
  const parties = new Map<string, Party>();
  for (const nad of head.filter(({ tag }) => tag === "NAD")) {
    const role = at(nad, 0);
    const texts = (element: number) =>
      (nad.elements[element] ?? []).map((part) => part.trim()).filter(Boolean);
    const [id, agency] = [at(nad, 1, 0), at(nad, 1, 2)];
    // Structured in C080 and C059, else as lines in C058.
    const free = texts(2);
    const names = texts(3).length > 0 ? texts(3) : free.slice(0, 1);
    const streets = texts(4).length > 0 ? texts(4) : free.slice(1);
    const country = at(nad, 8);
    const hasPlace = streets.length > 0 || at(nad, 5) !== "" || country !== "";
    const address = !hasPlace
      ? undefined
      : addressOf({
          name: firstText(names[0] ?? "", id),
          company: names.slice(1).join(" "),
          line1: streets[0] ?? "",
          line2: streets.slice(1).join(", "),
          city: at(nad, 5),
          region: at(nad, 6),
          postalCode: at(nad, 7),
          country,
        });
    if (!parties.has(role))
      parties.set(role, {
        id: id === "" ? "" : agency === "" ? id : `${id}::${agency}`,
        name: names.join(" "),
        address,
      });
  }
  return parties;
}

function holdsOf(
  lines: readonly IncomingLine[],
  loops: readonly (readonly EdifactSegment[])[],
  summary: readonly EdifactSegment[],
  unread: readonly string[],
  interchange: EdifactInterchange,
): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  if (lines.length === 0) reasons.push({ code: "lines_missing", detail: "The ORDERS has no LIN segment." });
  const counted = summary.find((segment) => segment.tag === "CNT" && at(segment, 0, 0) === "2");
  const count = at(counted, 0, 1);
  if (/^\d+$/.test(count) && Number(count) !== lines.length)
    reasons.push({
      code: "lines_missing",
      detail: `CNT 2 is ${count}, and the ORDERS has ${lines.length} lines.`,
    });
  const unpriced = loops.filter((loop) => at(priceSegment(loop), 0, 1) === "").map(([lin]) => at(lin, 0));
  if (unpriced.length > 0)
    reasons.push({
      code: "price_missing",
      detail: `The ORDERS states no price of line ${unpriced.join(", ")}.`,
    });
  if (unread.length > 0)
    reasons.push({
      code: "price_missing",
      detail: `The ORDERS states no amount of ${unread.join(", ")} (ALC).`,
    });
  if (interchange.isTest)
    reasons.push({ code: "held_by_rule", detail: "UNB 0035 is 1: the partner sent the order as a test." });
  return reasons;
}

/** With a point for the decimal mark; a text that is no number stays as it is. */
function decimalOf(text: string, mark: string): string {
  if (/^[+-]?\d*[.,]\d+$|^[+-]?\d+$/.test(text)) return text.replace(",", ".");
  return mark !== "." && mark !== "," ? text.replace(mark, ".") : text;
}

function find(segments: readonly EdifactSegment[], tag: string): EdifactSegment | undefined {
  return segments.find((segment) => segment.tag === tag);
}

/** ISO 8601 of a DTM; empty where there is none, or none that is a moment. */
function momentOf(segments: readonly EdifactSegment[], ...qualifiers: readonly string[]): string {
  for (const qualifier of qualifiers) {
    const dtm = segments.find((segment) => segment.tag === "DTM" && at(segment, 0, 0) === qualifier);
    if (dtm === undefined) continue;
    const digits = at(dtm, 0, 1);
    const full = at(dtm, 0, 2) === "101" || /^\d{6}$/.test(digits) ? `20${digits}` : digits;
    const match = /^(\d{4})(\d{2})(\d{2})(\d{2})?(\d{2})?(\d{2})?/.exec(full);
    if (match === null) continue;
    const [, year, month, day, hour = "00", minute = "00", second = "00"] = match;
    const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
    const ms = Date.parse(iso);
    if (!Number.isNaN(ms) && new Date(ms).toISOString() === iso) return iso;
  }
  return "";
}

function dayAt(segments: readonly EdifactSegment[], ...qualifiers: readonly string[]): string {
  return momentOf(segments, ...qualifiers).slice(0, 10);
}
