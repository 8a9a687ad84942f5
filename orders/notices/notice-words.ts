/**
 * What each notice to a shopper says, before it takes the form of text or HTML. Pure.
 *
 * Leaves how it looks, and that no fact becomes markup, to `render-notice.ts`.
 */

import type { Money } from "../money.ts";
import type { DeliveryPromise } from "../order.ts";
import { dayText, moneyText } from "./notice-formats.ts";
import type { ChangeAuthor, Notice, NoticeFacts, NoticeLine, PickupFacts, ReturnWay } from "./notices.ts";
import type { MoneyOfChange } from "./told-changes.ts";

/** What one notice says, before it takes the form of text or HTML. */
export type NoticeContent = {
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
function wayBack(
  way: ReturnWay,
  isStoreCredit: boolean,
): Pick<NoticeContent, "title" | "preview" | "paragraphs"> {
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

export function contentOf(facts: NoticeFacts, notice: Notice): NoticeContent {
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
    case "payment_needed": {
      const amount = moneyText(notice.amount);
      if (notice.isToConfirm)
        return {
          title: "Please confirm your payment",
          preview: `Your bank asks you to confirm ${amount}.`,
          paragraphs: [
            `Your bank asks you to confirm your payment of ${amount}.`,
            "Please do so on your order's page; it goes on as soon as you have. You are charged when it is sent.",
          ],
          progress: null,
          highlights: [{ label: "To confirm", value: amount }],
          action: { label: "Confirm now", url: facts.orderUrl },
          lines: facts.lines,
          showTotal: true,
          showAddress: false,
        };
      return {
        title:
          notice.declined === null ? "Your order waits for your payment" : "Your payment did not go through",
        preview: `Please pay ${amount} on your order's page.`,
        paragraphs: [
          notice.declined ??
            "We have your order and keep it for you, and we do not know yet how you would like to pay.",
          `Please pay ${amount} on your order's page. It goes on as soon as you have; you are charged when it is sent.`,
        ],
        progress: null,
        highlights: [{ label: "To pay", value: amount }],
        action: { label: "Pay now", url: facts.orderUrl },
        lines: facts.lines,
        showTotal: true,
        showAddress: false,
      };
    }
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
    case "units_substituted":
      return substitutedContent(notice, orderAction);
    case "order_changed":
      return changeContent(notice, orderAction);
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

function changeContent(
  { author, changes, changedLines, newTotal, money }: Extract<Notice, { kind: "order_changed" }>,
  action: NoticeContent["action"],
): NoticeContent {
  const told = `${authorText(author)} changed your order.`;
  return {
    title: "Your order has changed",
    preview: told,
    paragraphs: [
      `${told} Below is what is different, and your order as it is now.`,
      moneyWords(money, newTotal),
      ...(author.kind === "shopper"
        ? ["If this was not you, answer this mail."]
        : ["If this is not what you want, answer this mail."]),
    ],
    progress: null,
    highlights: changes.map(({ label, was, is }) => ({
      label,
      value: was === null ? `Now ${is}` : `Now ${is ?? "none"} (before: ${was})`,
    })),
    action,
    lines: changedLines,
    showTotal: false,
    showAddress: false,
  };
}

function substitutedContent(
  { substitutes, newTotal, money, isCheaper }: Extract<Notice, { kind: "units_substituted" }>,
  action: NoticeContent["action"],
): NoticeContent {
  const told = substitutes.map(
    ({ quantity, title, insteadOf }) => `${quantity} × ${title} instead of ${insteadOf}`,
  );
  return {
    title: "We send something else in its place",
    preview: `We send ${told.join(", ")}, at no higher price.`,
    paragraphs: [
      `We are sorry: we could not find what you ordered anywhere. We send ${told.join(", ")}, at no higher price.`,
      isCheaper ? moneyWords(money, newTotal) : "You pay what you would have paid.",
      "If you do not want it, answer this mail before it is sent, or send it back from your order's page.",
    ],
    progress: null,
    highlights: substitutes.map(({ quantity, title, insteadOf }) => ({
      label: `Instead of ${insteadOf}`,
      value: `${quantity} × ${title}`,
    })),
    action,
    lines: substitutes,
    showTotal: false,
    showAddress: false,
  };
}

function authorText(author: ChangeAuthor): string {
  if (author.kind === "us") return "We have";
  return author.kind === "shopper" ? "You have" : `${author.name} has`;
}

/** What happens with the money. */
function moneyWords(money: MoneyOfChange, newTotal: Money): string {
  const total = moneyText(newTotal);
  switch (money.kind) {
    case "unchanged":
      return `There is nothing more to pay and nothing to give back: the total is ${total}.`;
    case "not_charged":
      return `You have not been charged yet. You are charged ${total} in all, as your order is sent.`;
    case "to_charge":
      return `You are charged ${moneyText(money.amount)} more, when the rest of your order is sent.`;
    case "to_refund":
      return money.payer === null
        ? `You have paid more than that. We refund you ${moneyText(money.amount)}.`
        : `You paid ${money.payer}, so ${money.payer} is to refund you ${moneyText(money.amount)}.`;
    case "to_pay":
      return `An amount of ${moneyText(money.amount)} is still to be paid to ${money.payer}.`;
    case "on_delivery":
      return `You pay ${total} when you get your order.`;
    default: {
      const unreachable: never = money;
      return unreachable;
    }
  }
}

function pickupContent(notice: PickupFacts, facts: NoticeFacts, title: string): NoticeContent {
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
  action: NoticeContent["action"],
): NoticeContent {
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

function promiseHighlights(promise: DeliveryPromise | null): NoticeContent["highlights"] {
  return promise === null
    ? []
    : [
        { label: "Arrives by", value: dayText(promise.deliverBy) },
        { label: "Ships by", value: dayText(promise.shipBy) },
      ];
}
