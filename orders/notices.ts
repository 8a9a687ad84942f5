/**
 * What Holdfast writes to a shopper: facts in; subject, plain text and HTML out. Pure.
 *
 * Owns the words and the look. Leaves to the caller: whether and to whom to write, and the links.
 *
 * Invariants (tests cite them): N1 every fact is escaped where it enters HTML, and is one line in a subject;
 * N2 a link that is not http(s) is left out; N3 text and HTML say the same.
 */
import type { Address } from "./address.ts";
import { chargeableMinor, currencyExponent, type Money } from "./money.ts";
import type { DeliveryPromise } from "./order.ts";

export type NoticeFacts = {
  readonly shopName: string;
  /** The number that the shopper knows, e.g. `#9999`. */
  readonly orderNumber: string;
  readonly customerName: string;
  readonly lines: readonly NoticeLine[];
  readonly total: Money;
  readonly shipTo: Address | null;
  /** The shopper's own page of this order. */
  readonly orderUrl: string;
};

export type NoticeLine = {
  readonly title: string;
  readonly quantity: number;
  /** Price of all units; absent where it does not matter, e.g. in a parcel. */
  readonly total?: Money;
};

export type Notice =
  | { readonly kind: "order_confirmed"; readonly promise: DeliveryPromise | null }
  /** The order waits or will be late; `promise` is the new one, where there is one. */
  | {
      readonly kind: "order_delayed";
      /** One sentence for the shopper; not an internal hold code. */
      readonly explanation: string;
      readonly promise: DeliveryPromise | null;
    }
  /** Units that are nowhere to be had were taken off the order. */
  | {
      readonly kind: "units_cancelled";
      readonly unitLines: readonly NoticeLine[];
      /** Who gives back what was paid for them; `null`: it was not charged. */
      readonly payer: string | null;
    }
  | ({ readonly kind: "pickup_ready" } & PickupFacts)
  | ({ readonly kind: "pickup_reminder" } & PickupFacts)
  | {
      readonly kind: "shipped";
      readonly carrier: string;
      readonly trackingNumber: string;
      readonly trackingUrl: string;
      /** What is in this parcel; an order may ship in several. */
      readonly parcelLines: readonly NoticeLine[];
      /** Calendar day, ISO 8601. */
      readonly deliverBy: string | null;
    }
  | {
      readonly kind: "out_for_delivery";
      readonly carrier: string;
      readonly trackingNumber: string;
      readonly trackingUrl: string;
    }
  | {
      readonly kind: "delivered";
      readonly place: string;
      readonly returnUrl: string;
      /** In the store, by the customer. */
      readonly isCollected: boolean;
    }
  | {
      readonly kind: "return_approved";
      readonly returnId: string;
      readonly labelUrl: string;
      readonly way: ReturnWay;
      /** It becomes store credit instead of going back to the way the order was paid. */
      readonly isStoreCredit: boolean;
      readonly returnLines: readonly NoticeLine[];
    }
  | { readonly kind: "return_declined"; readonly returnId: string; readonly explanation: string }
  | {
      readonly kind: "refund_issued";
      /** Paid back through the payment provider; `null` where it all became store credit. */
      readonly amount: Money | null;
      readonly storeCredit: StoreCreditGiven | null;
      /** Why, in a few words, e.g. `Return R-1`. */
      readonly explanation: string;
    }
  /** Somebody else has the money, and is to give it back. */
  | {
      readonly kind: "refund_at_channel";
      readonly amount: Money;
      /** Who is to refund it, e.g. the marketplace. */
      readonly payer: string;
      readonly explanation: string;
    }
  | {
      readonly kind: "order_cancelled";
      readonly explanation: string;
      /** What somebody else is to give back, and who; `null` where nothing was charged. */
      readonly refund: { readonly amount: Money; readonly payer: string } | null;
    };

/** How the goods come back. */
type ReturnWay =
  | { readonly kind: "label" | "qr_code"; readonly carrier: string }
  | { readonly kind: "store"; readonly store: string }
  | { readonly kind: "none" };

type StoreCreditGiven = { readonly amount: Money; readonly balance: Money; readonly code: string };

/** Where an order waits to be collected, and what it is handed over against. */
type PickupFacts = {
  readonly code: string;
  readonly place: string;
  readonly street: string;
  /** Calendar day, ISO 8601. */
  readonly until: string;
  /** In front of the store. */
  readonly isCurbside: boolean;
};

export type NoticeKind = Notice["kind"];

type RenderedNotice = { readonly subject: string; readonly text: string; readonly html: string };

export function renderNotice(facts: NoticeFacts, notice: Notice): RenderedNotice {
  const content = contentOf(facts, notice);
  return {
    subject: oneLine(`${content.title}: order ${facts.orderNumber}`),
    text: textOf(facts, content),
    html: htmlOf(facts, content),
  };
}

/** What one notice says, before it takes the form of text or HTML. */
type Content = {
  readonly title: string;
  readonly preview: string;
  readonly paragraphs: readonly string[];
  /**
   * Steps done of confirmed, shipped, on its way to the door, delivered; `null` where that is not the
   * subject.
   */
  readonly progress: 1 | 2 | 3 | 4 | null;
  readonly highlights: readonly { readonly label: string; readonly value: string }[];
  readonly action: { readonly label: string; readonly url: string };
  readonly lines: readonly NoticeLine[];
  readonly showTotal: boolean;
  readonly showAddress: boolean;
};

/** What the customer does with the goods. */
function wayBack(way: ReturnWay, isStoreCredit: boolean): Pick<Content, "title" | "preview" | "paragraphs"> {
  const pay = isStoreCredit ? "We add it to your store credit" : "We refund you";
  const refunded = `${pay} once we have received and checked it.`;
  switch (way.kind) {
    case "label":
      return {
        title: "Your return label is ready",
        preview: "Print the label, put it on the parcel and hand it in.",
        paragraphs: [
          "Your return is approved. Pack the items below, put the label on the parcel and cover or remove the old one.",
          `Hand the parcel to ${way.carrier}. ${refunded}`,
        ],
      };
    case "qr_code":
      return {
        title: "Your return code is ready",
        preview: "Show the code at the counter. You need not print anything.",
        paragraphs: [
          "Your return is approved. Pack the items below. You need not print anything.",
          `Show the code on your order's page at a counter of ${way.carrier}. ${refunded}`,
        ],
      };
    case "store":
      return {
        title: "Your return is approved",
        preview: `Bring the items to ${way.store}.`,
        paragraphs: [
          `Your return is approved. Bring the items below to ${way.store} and give your return number.`,
          `${pay} once they are checked there.`,
        ],
      };
    case "none":
      return {
        title: "Your return is approved",
        preview: "Send the items back with your return number.",
        paragraphs: [
          "Your return is approved. Write the return number on the parcel, so that we know whose it is.",
          refunded,
        ],
      };
    default: {
      const unreachable: never = way;
      return unreachable;
    }
  }
}

function contentOf(facts: NoticeFacts, notice: Notice): Content {
  const orderAction = { label: "View your order", url: facts.orderUrl };
  switch (notice.kind) {
    case "order_confirmed":
      return {
        title: "Your order is confirmed",
        preview: "Thank you. We have your order and are getting it ready.",
        paragraphs: ["Thank you for your order. We are getting it ready and write again when it ships."],
        progress: 1,
        highlights: promiseHighlights(notice.promise),
        action: orderAction,
        lines: facts.lines,
        showTotal: true,
        showAddress: true,
      };
    case "order_delayed":
      return {
        title: "Your order will take longer",
        preview: notice.explanation,
        paragraphs: [
          notice.explanation,
          notice.promise === null
            ? "We are working on it and write as soon as we have a new date. You need not do anything."
            : "We are sorry for the wait. You need not do anything.",
        ],
        progress: null,
        highlights: promiseHighlights(notice.promise),
        action: orderAction,
        lines: facts.lines,
        showTotal: false,
        showAddress: false,
      };
    case "units_cancelled":
      return {
        title: "Part of your order is not available",
        preview: "We could not find some of your items anywhere and have taken them off your order.",
        paragraphs: [
          "We are sorry: we could not find the items below anywhere, so we have taken them off your order. Everything else is on its way as planned.",
          notice.payer === null
            ? "You are not charged for them."
            : `You paid ${notice.payer} for them, who is to give you that money back.`,
        ],
        progress: null,
        highlights: [],
        action: orderAction,
        lines: notice.unitLines,
        showTotal: false,
        showAddress: false,
      };
    case "pickup_ready":
      return pickupContent(notice, facts, "Your order is ready to collect");
    case "pickup_reminder":
      return pickupContent(notice, facts, "Your order is still waiting for you");
    case "shipped":
      return {
        title: "Your order is on its way",
        preview: `${notice.carrier} has your parcel ${notice.trackingNumber}.`,
        paragraphs: [`Your parcel has left us with ${notice.carrier}.`],
        progress: 2,
        highlights: [
          ...(notice.deliverBy === null ? [] : [{ label: "Arrives by", value: dayText(notice.deliverBy) }]),
          { label: `${notice.carrier} tracking number`, value: notice.trackingNumber },
        ],
        action: { label: "Track your parcel", url: notice.trackingUrl },
        lines: notice.parcelLines,
        showTotal: false,
        showAddress: true,
      };
    case "out_for_delivery":
      return {
        title: "Your order arrives today",
        preview: `${notice.carrier} is on the way to you.`,
        paragraphs: [`${notice.carrier} has your parcel on the vehicle and is on the way to you.`],
        progress: 3,
        highlights: [{ label: `${notice.carrier} tracking number`, value: notice.trackingNumber }],
        action: { label: "Track your parcel", url: notice.trackingUrl },
        lines: [],
        showTotal: false,
        showAddress: true,
      };
    case "delivered":
      return {
        title: notice.isCollected ? "You have collected your order" : "Your order has arrived",
        preview: notice.isCollected ? "Thank you for coming." : "Your parcel has been delivered.",
        paragraphs: [
          notice.isCollected
            ? "Thank you for coming. We hope that you like what you have bought."
            : "Your parcel has been delivered. We hope that you like what is in it.",
          "If something is not right, you can send it back from your order's page.",
        ],
        progress: 4,
        highlights: notice.place === "" ? [] : [{ label: "Delivered at", value: notice.place }],
        action: { label: "View or return your order", url: notice.returnUrl },
        lines: [],
        showTotal: false,
        showAddress: false,
      };
    case "return_approved":
      return {
        ...wayBack(notice.way, notice.isStoreCredit),
        progress: null,
        highlights: [{ label: "Return number", value: notice.returnId }],
        action: { label: "Open your return", url: notice.labelUrl },
        lines: notice.returnLines,
        showTotal: false,
        showAddress: false,
      };
    case "return_declined":
      return {
        title: "Your return was declined",
        preview: notice.explanation,
        paragraphs: [
          "We cannot take this return back.",
          notice.explanation,
          "Please keep the items. Answer this mail if you think that this is a mistake.",
        ],
        progress: null,
        highlights: [{ label: "Return number", value: notice.returnId }],
        action: orderAction,
        lines: [],
        showTotal: false,
        showAddress: false,
      };
    case "refund_issued":
      return refundContent(notice, orderAction);
    case "refund_at_channel":
      return {
        title: "Your refund was approved",
        preview: `${notice.payer} refunds you ${moneyText(notice.amount)}.`,
        paragraphs: [
          `You paid ${notice.payer}, so ${notice.payer} gives you the money back: ${moneyText(notice.amount)}.`,
          "We have approved it on our side. When it arrives is up to them.",
        ],
        progress: null,
        highlights: [
          { label: `To be refunded by ${notice.payer}`, value: moneyText(notice.amount) },
          { label: "For", value: notice.explanation },
        ],
        action: orderAction,
        lines: [],
        showTotal: false,
        showAddress: false,
      };
    case "order_cancelled":
      return {
        title: "Your order is cancelled",
        preview: notice.explanation,
        paragraphs: [
          notice.explanation,
          notice.refund === null
            ? "You have not been charged. If your bank shows a reserved amount, it disappears within some days."
            : `You paid ${notice.refund.payer}, who is to refund you ${moneyText(notice.refund.amount)}.`,
        ],
        progress: null,
        highlights:
          notice.refund === null
            ? []
            : [
                {
                  label: `To be refunded by ${notice.refund.payer}`,
                  value: moneyText(notice.refund.amount),
                },
              ],
        action: orderAction,
        lines: facts.lines,
        showTotal: false,
        showAddress: false,
      };
    default: {
      const unreachable: never = notice;
      return unreachable;
    }
  }
}

function pickupContent(notice: PickupFacts, facts: NoticeFacts, title: string): Content {
  const how = notice.isCurbside
    ? `Come to ${notice.place} and tell us on your order's page that you are there. We bring your order to you.`
    : `Come to ${notice.place} and show this code.`;
  return {
    title,
    preview: `Your code is ${notice.code}.`,
    paragraphs: [
      how,
      "Whoever has the code can collect the order. We may ask for a document with your name.",
    ],
    progress: null,
    highlights: [
      { label: "Code", value: notice.code },
      { label: "Where", value: notice.street === "" ? notice.place : `${notice.place}, ${notice.street}` },
      { label: "Until", value: dayText(notice.until) },
    ],
    action: { label: notice.isCurbside ? "I am here" : "View your order", url: facts.orderUrl },
    lines: facts.lines,
    showTotal: false,
    showAddress: false,
  };
}

function refundContent(
  { amount, storeCredit, explanation }: Extract<Notice, { kind: "refund_issued" }>,
  action: Content["action"],
): Content {
  const paragraphs = [
    amount === null
      ? ""
      : `We have refunded ${moneyText(amount)} to the way you paid. Banks take up to ten days to show it.`,
    storeCredit === null
      ? ""
      : `We have added ${moneyText(storeCredit.amount)} to your store credit. Use the code at your next order.`,
  ].filter((paragraph) => paragraph !== "");
  return {
    title: amount === null ? "You have store credit" : "Your refund is on its way",
    preview: paragraphs.join(" "),
    paragraphs,
    progress: null,
    highlights: [
      ...(amount === null ? [] : [{ label: "Refunded", value: moneyText(amount) }]),
      ...(storeCredit === null
        ? []
        : [
            { label: "Store credit", value: moneyText(storeCredit.amount) },
            { label: "Code", value: storeCredit.code },
            { label: "Balance", value: moneyText(storeCredit.balance) },
          ]),
      { label: "For", value: explanation },
    ],
    action,
    lines: [],
    showTotal: false,
    showAddress: false,
  };
}

function promiseHighlights(promise: DeliveryPromise | null): Content["highlights"] {
  return promise === null
    ? []
    : [
        { label: "Arrives by", value: dayText(promise.deliverBy) },
        { label: "Ships by", value: dayText(promise.shipBy) },
      ];
}

const STEPS = ["Confirmed", "Shipped", "Out for delivery", "Delivered"] as const;

function textOf(facts: NoticeFacts, content: Content): string {
  const blocks = [
    [`${facts.shopName} · order ${facts.orderNumber}`],
    [content.title],
    [greeting(facts)],
    content.paragraphs,
    content.highlights.map(({ label, value }) => `${label}: ${value}`),
    content.lines.map(
      (line) =>
        `${line.quantity} × ${line.title}${line.total === undefined ? "" : ` – ${moneyText(line.total)}`}`,
    ),
    content.showTotal ? [`Total: ${moneyText(facts.total)}`] : [],
    content.showAddress && facts.shipTo !== null ? ["Delivery to:", ...addressLines(facts.shipTo)] : [],
    isWebUrl(content.action.url) ? [`${content.action.label}: ${content.action.url}`] : [],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.map(oneLine).join("\n"))
    .join("\n\n")}\n`;
}

const INK = "#14211c";
const MUTED = "#5c6b64";
const LINE = "#e2e8e4";
const ACCENT = "#0f6b4f";
const PAPER = "#f3f6f4";
const FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

/** Tables and inline styles, because that is what every mail program renders. */
function htmlOf(facts: NoticeFacts, content: Content): string {
  const sections = [
    `<h1 style="margin:0 0 12px;font-size:24px;line-height:1.25;font-weight:700;color:${INK}">${escapeHtml(content.title)}</h1>`,
    paragraph(greeting(facts)),
    ...content.paragraphs.map(paragraph),
    progressHtml(content.progress),
    highlightsHtml(content.highlights),
    actionHtml(content.action),
    linesHtml(facts, content),
    content.showAddress && facts.shipTo !== null ? addressHtml(facts.shipTo) : "",
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escapeHtml(content.title)}</title>
</head>
<body style="margin:0;padding:0;background:${PAPER};${FONT};color:${INK}">
<div style="display:none;max-height:0;overflow:hidden">${escapeHtml(content.preview)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:${PAPER}"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px">
<tr><td style="padding:0 4px 14px;font-size:14px;color:${MUTED}"><strong style="color:${INK}">${escapeHtml(facts.shopName)}</strong> &nbsp;·&nbsp; order ${escapeHtml(facts.orderNumber)}</td></tr>
<tr><td style="background:#ffffff;border:1px solid ${LINE};border-radius:12px;padding:28px 24px">
${sections.filter((section) => section !== "").join("\n")}
</td></tr>
<tr><td style="padding:16px 4px;font-size:12px;line-height:1.5;color:${MUTED}">You get this message because you ordered at ${escapeHtml(facts.shopName)}.</td></tr>
</table>
</td></tr></table>
</body>
</html>
`;
}

function paragraph(text: string): string {
  return `<p style="margin:0 0 12px;font-size:16px;line-height:1.55">${escapeHtml(text)}</p>`;
}

function progressHtml(progress: Content["progress"]): string {
  if (progress === null) return "";
  const cells = STEPS.map((step, index) => {
    const done = index < progress;
    const weight = index === progress - 1 ? "600" : "400";
    return `<td width="25%" style="padding:0 3px 0 0;vertical-align:top"><div style="height:5px;border-radius:3px;background:${done ? ACCENT : LINE}"></div><div style="padding-top:6px;font-size:12px;font-weight:${weight};color:${done ? INK : MUTED}">${step}</div></td>`;
  });
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:16px 0 8px"><tr>${cells.join("")}</tr></table>`;
}

function highlightsHtml(highlights: Content["highlights"]): string {
  if (highlights.length === 0) return "";
  const rows = highlights.map(
    ({ label, value }) =>
      `<div style="padding:4px 0"><div style="font-size:12px;color:${MUTED}">${escapeHtml(label)}</div><div style="font-size:17px;font-weight:600;word-break:break-word">${escapeHtml(value)}</div></div>`,
  );
  return `<div style="margin:16px 0;padding:12px 16px;background:${PAPER};border-radius:8px">${rows.join("")}</div>`;
}

function actionHtml(action: Content["action"]): string {
  if (!isWebUrl(action.url)) return "";
  return `<table role="presentation" cellpadding="0" cellspacing="0" style="margin:20px 0"><tr><td style="background:${ACCENT};border-radius:8px"><a href="${escapeHtml(action.url)}" style="display:inline-block;padding:13px 22px;font-size:16px;font-weight:600;color:#ffffff;text-decoration:none">${escapeHtml(action.label)}</a></td></tr></table>`;
}

function linesHtml(facts: NoticeFacts, content: Content): string {
  if (content.lines.length === 0) return "";
  const cell = `padding:10px 0;border-top:1px solid ${LINE};font-size:15px;line-height:1.45`;
  const rows = content.lines.map(
    (line) =>
      `<tr><td style="${cell};color:${MUTED};white-space:nowrap;padding-right:12px;vertical-align:top">${line.quantity} ×</td><td style="${cell}" width="100%">${escapeHtml(line.title)}</td><td align="right" style="${cell};white-space:nowrap;padding-left:12px;vertical-align:top">${line.total === undefined ? "" : escapeHtml(moneyText(line.total))}</td></tr>`,
  );
  const total = content.showTotal
    ? `<tr><td colspan="2" style="${cell};font-weight:600">Total</td><td align="right" style="${cell};font-weight:600;white-space:nowrap">${escapeHtml(moneyText(facts.total))}</td></tr>`
    : "";
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:8px 0">${rows.join("")}${total}</table>`;
}

function addressHtml(address: Address): string {
  return `<div style="margin-top:16px;font-size:12px;color:${MUTED}">Delivery to</div><div style="font-size:15px;line-height:1.5">${addressLines(address).map(escapeHtml).join("<br>")}</div>`;
}

function greeting(facts: NoticeFacts): string {
  const name = facts.customerName.trim();
  return name === "" ? "Hello," : `Hello ${name},`;
}

function addressLines(address: Address): readonly string[] {
  const place = [address.city, address.region, address.postalCode].filter(Boolean).join(" ");
  return [address.name, address.company, address.line1, address.line2, place, address.country].filter(
    (line): line is string => line !== undefined && line.trim() !== "",
  );
}

/** `$359.97`, `¥2,599`; rounded to what the currency can be charged in. */
function moneyText(amount: Money): string {
  const exponent = currencyExponent(amount.currency) ?? amount.exponent;
  return new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: amount.currency,
    minimumFractionDigits: exponent,
    maximumFractionDigits: exponent,
  }).format(chargeableMinor(amount) / 10 ** exponent);
}

/** `Tuesday, November 24` for `2026-11-24`; the text itself where it is no date. */
function dayText(day: string): string {
  const time = Date.parse(`${day.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(time)) return day;
  return new Intl.DateTimeFormat("en-US", {
    weekday: "long",
    month: "long",
    day: "numeric",
    timeZone: "UTC",
  }).format(time);
}

function isWebUrl(url: string): boolean {
  return /^https?:\/\/[^\s"'<>]+$/i.test(url);
}

/**
 * Line breaks and other control characters become spaces: a subject is a header, a line of the text one line.
 */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return oneLine(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
