/**
 * What a mail template can name: the variables of each kind of notice, and their values for one notice.
 *
 * V1 Every variable of a kind is there in each of its mails; what does not apply is null, which a template
 *    can ask for. So a template that was checked once works for every order.
 * V2 Every text is one line: what an order says can neither add lines to a mail nor headers to a subject.
 */
import { addressLines, dayText, isWebUrl, moneyText, oneLine } from "./notice-formats.ts";
import { contentOf } from "./notice-words.ts";
import type { Notice, NoticeFacts, NoticeKind, NoticeLine } from "./notices.ts";

export type NoticeVariable = { readonly name: string; readonly meaning: string };

/** Of every kind. */
const COMMON: readonly NoticeVariable[] = [
  { name: "shopName", meaning: "the company's name" },
  { name: "orderNumber", meaning: "the number that the shopper knows" },
  { name: "customerName", meaning: "the shopper's name; none where the order has none" },
  { name: "orderUrl", meaning: "the shopper's page of the order" },
  { name: "total", meaning: "the order's total" },
  { name: "orderLines", meaning: "list of what was ordered: quantity, title, total" },
  { name: "lines", meaning: "list of what this mail is about: quantity, title, total" },
  { name: "showTotal", meaning: "whether the shipped text shows the total" },
  { name: "address", meaning: "list of the lines of the address, where the shipped text shows it" },
  { name: "title", meaning: "the heading of the shipped text" },
  { name: "greeting", meaning: "the greeting of the shipped text" },
  { name: "paragraphs", meaning: "list of the paragraphs of the shipped text" },
  { name: "highlights", meaning: "list of what the shipped text sets off: label, value" },
  { name: "action", meaning: "the link of the shipped text: label, url" },
];

const PROMISE: readonly NoticeVariable[] = [
  { name: "shipBy", meaning: "day by which it is sent" },
  { name: "deliverBy", meaning: "day by which it arrives" },
];
const PARCEL: readonly NoticeVariable[] = [
  { name: "carrier", meaning: "who carries the parcel" },
  { name: "trackingNumber", meaning: "the parcel's number there" },
  { name: "trackingUrl", meaning: "where the shopper follows it" },
];
const PICKUP: readonly NoticeVariable[] = [
  { name: "code", meaning: "the code that the order is handed over against" },
  { name: "place", meaning: "the store" },
  { name: "street", meaning: "its address" },
  { name: "until", meaning: "last day on which it is kept" },
  { name: "isCurbside", meaning: "whether it is brought to the car" },
];
const PAYER: NoticeVariable = { name: "payer", meaning: "who gives the money back, where that is not us" };
const EXPLANATION: NoticeVariable = { name: "explanation", meaning: "why, in a sentence" };
const RETURN_ID: NoticeVariable = { name: "returnId", meaning: "number of the return" };

const OWN: Readonly<Record<NoticeKind, readonly NoticeVariable[]>> = {
  order_confirmed: PROMISE,
  payment_needed: [
    { name: "amount", meaning: "what is to be paid" },
    { name: "declined", meaning: "why the last means of payment was declined" },
    { name: "isToConfirm", meaning: "whether the shopper's bank wants a confirmation" },
  ],
  order_delayed: [EXPLANATION, ...PROMISE],
  units_cancelled: [PAYER],
  units_substituted: [{ name: "newTotal", meaning: "the total from now on" }],
  order_changed: [{ name: "newTotal", meaning: "the total from now on" }],
  pickup_ready: PICKUP,
  pickup_reminder: PICKUP,
  shipped: [...PARCEL, { name: "deliverBy", meaning: "day by which it arrives" }],
  out_for_delivery: PARCEL,
  delivered: [
    { name: "place", meaning: "where it was delivered" },
    { name: "isCollected", meaning: "whether the shopper has collected it in a store" },
  ],
  return_approved: [
    RETURN_ID,
    { name: "method", meaning: "label, qr_code, store or none" },
    { name: "carrier", meaning: "who takes the parcel" },
    { name: "store", meaning: "the store that it is brought to" },
    { name: "isStoreCredit", meaning: "whether it becomes store credit" },
  ],
  return_declined: [RETURN_ID, EXPLANATION],
  refund_issued: [
    { name: "amount", meaning: "what was paid back" },
    { name: "storeCredit", meaning: "store credit that was given: amount, balance, code" },
    EXPLANATION,
  ],
  refund_at_channel: [{ name: "amount", meaning: "what is to be paid back" }, PAYER, EXPLANATION],
  order_cancelled: [EXPLANATION, { name: "amount", meaning: "what is to be paid back" }, PAYER],
};

export function variablesOf(kind: NoticeKind): readonly NoticeVariable[] {
  return [...COMMON, ...OWN[kind]];
}

export function valuesOf(facts: NoticeFacts, notice: Notice): Readonly<Record<string, unknown>> {
  const content = contentOf(facts, notice);
  const values = {
    shopName: facts.shopName,
    orderNumber: facts.orderNumber,
    customerName: facts.customerName.trim() === "" ? null : facts.customerName,
    orderUrl: link(facts.orderUrl),
    total: moneyText(facts.total),
    orderLines: facts.lines.map(lineValues),
    lines: content.lines.map(lineValues),
    showTotal: content.showTotal,
    address: content.showAddress && facts.shipTo !== null ? addressLines(facts.shipTo) : [],
    title: content.title,
    greeting: greetingOf(facts),
    paragraphs: content.paragraphs,
    highlights: content.highlights,
    action: { label: content.action.label, url: link(content.action.url) },
    ...ownValues(notice),
  };
  return inOneLine(values) as Readonly<Record<string, unknown>>;
}

export function greetingOf(facts: NoticeFacts): string {
  const name = facts.customerName.trim();
  return name === "" ? "Hello," : `Hello ${name},`;
}

function ownValues(notice: Notice): Readonly<Record<string, unknown>> {
  switch (notice.kind) {
    case "order_confirmed":
      return promiseValues(notice.promise);
    case "payment_needed":
      return {
        amount: moneyText(notice.amount),
        declined: notice.declined,
        isToConfirm: notice.isToConfirm,
      };
    case "order_delayed":
      return { explanation: notice.explanation, ...promiseValues(notice.promise) };
    case "units_cancelled":
      return { payer: notice.payer };
    case "units_substituted":
    case "order_changed":
      return { newTotal: moneyText(notice.newTotal) };
    case "pickup_ready":
    case "pickup_reminder": {
      const { code, place, street, until, isCurbside } = notice;
      return { code, place, street, until: dayText(until), isCurbside };
    }
    case "shipped": {
      const { carrier, trackingNumber, trackingUrl, deliverBy } = notice;
      const day = deliverBy === null ? null : dayText(deliverBy);
      return { carrier, trackingNumber, trackingUrl: link(trackingUrl), deliverBy: day };
    }
    case "out_for_delivery": {
      const { carrier, trackingNumber, trackingUrl } = notice;
      return { carrier, trackingNumber, trackingUrl: link(trackingUrl) };
    }
    case "delivered":
      return { place: notice.place === "" ? null : notice.place, isCollected: notice.isCollected };
    case "return_approved": {
      const { returnId, way, isStoreCredit } = notice;
      return {
        returnId,
        method: way.kind,
        carrier: "carrier" in way ? way.carrier : null,
        store: way.kind === "store" ? way.store : null,
        isStoreCredit,
      };
    }
    case "return_declined":
      return { returnId: notice.returnId, explanation: notice.explanation };
    case "refund_issued": {
      const { amount, storeCredit, explanation } = notice;
      return {
        amount: amount === null ? null : moneyText(amount),
        storeCredit:
          storeCredit === null
            ? null
            : {
                amount: moneyText(storeCredit.amount),
                balance: moneyText(storeCredit.balance),
                code: storeCredit.code,
              },
        explanation,
      };
    }
    case "refund_at_channel":
      return { amount: moneyText(notice.amount), payer: notice.payer, explanation: notice.explanation };
    case "order_cancelled":
      return {
        explanation: notice.explanation,
        amount: notice.refund === null ? null : moneyText(notice.refund.amount),
        payer: notice.refund === null ? null : notice.refund.payer,
      };
    default: {
      const unreachable: never = notice;
      return unreachable;
    }
  }
}

function link(url: string): string | null {
  return isWebUrl(url) ? url : null;
}

function promiseValues(promise: { readonly shipBy: string; readonly deliverBy: string } | null) {
  return {
    shipBy: promise === null ? null : dayText(promise.shipBy),
    deliverBy: promise === null ? null : dayText(promise.deliverBy),
  };
}

function lineValues({ title, quantity, total }: NoticeLine) {
  return { title, quantity, total: total === undefined ? null : moneyText(total) };
}

function inOneLine(value: unknown): unknown {
  if (typeof value === "string") return oneLine(value);
  if (Array.isArray(value)) return value.map(inOneLine);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inOneLine(inner)]));
}
