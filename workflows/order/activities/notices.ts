/**
 * Writes to the shopper. A saga queues what it has to tell; the mail is written when it is sent
 * (`workflows/runtime/mail-relay.ts`), from what is true then. The key identifies a mail to its receiver. A
 * mail that was sent is not sent again.
 */
import { isCollected } from "../../../orders/fulfillment/collection.ts";
import { chargeableMinor, currencyExponent, type Money, multiplyMoney } from "../../../orders/money.ts";
import { dayText } from "../../../orders/notices/notice-formats.ts";
import {
  type Notice,
  type NoticeKind,
  type NoticeLine,
  putOffDay,
  type SubstitutedLine,
} from "../../../orders/notices/notices.ts";
import { renderNotice } from "../../../orders/notices/render-notice.ts";
import { moneyOfChange, toldChanges } from "../../../orders/notices/told-changes.ts";
import type { OrderDocument } from "../../../orders/order.ts";
import { isSettled } from "../../../orders/order-status.ts";
import { issueCollectionCode, readCollection } from "../../../store/floor/collections.ts";
import { findParcelLines, findShipment } from "../../../store/floor/shipments.ts";
import { readAwaitedPayment } from "../../../store/orders/awaited-payment.ts";
import {
  noticeKey,
  type QueuedMail,
  queueMails,
  recordNotice,
  wasNoticeSent,
} from "../../../store/orders/notices.ts";
import type { OrderProgress } from "../../../store/orders/order-progress.ts";
import { readRevisionChange } from "../../../store/orders/order-revisions.ts";
import { readPayment } from "../../../store/orders/payments.ts";
import { readShortUnits } from "../../../store/orders/shortages.ts";
import { type RefundRecord, readRefundsAbout } from "../../../store/refunds/refunds.ts";
import { payerOf, readChannelName } from "../../../store/refunds/settle-refund.ts";
import { readStoreCreditGiven } from "../../../store/refunds/store-credit.ts";
import {
  type ReturnRecord,
  readDecision,
  readLocationName,
  readReturn,
} from "../../../store/returns/returns.ts";
import { findMailTemplate } from "../../../store/settings/mail-templates.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible } from "../../activities/failures.ts";
import { mustReadOrder } from "./order-state.ts";
import { returnShipmentId } from "./shipping.ts";

export type SagaNoticeKind = NoticeKind;

export function createNoticeActivities({ database, mailer, payments, publicUrl }: SagaDependencies) {
  const pageOf = (order: OrderProgress) => `${publicUrl}/track/${order.trackingToken}`;

  const awaitedBy = (order: OrderProgress) =>
    readAwaitedPayment(database, order, payments.first.port.smallestChargeable(order.currency));

  const noticeOf = async (order: OrderProgress, kind: SagaNoticeKind, about: string): Promise<Notice> => {
    switch (kind) {
      case "order_confirmed":
        return {
          kind,
          promise:
            order.shipBy === null || order.deliverBy === null
              ? null
              : { shipBy: order.shipBy, deliverBy: order.deliverBy },
        };
      case "payment_needed": {
        const awaited = await awaitedBy(order);
        if (awaited === null || awaited.state === "checking")
          throw new StepImpossible("payment_not_needed", `${order.orderId} waits for no means of payment.`);
        return {
          kind,
          amount: minorOf(order, awaited.amountMinor),
          declined: awaited.declined,
          isToConfirm: awaited.state === "confirm",
        };
      }
      case "shipped": {
        const { carrier, trackingNumber } = await mustReadShipment(about);
        const parcelLines = linesOf(order, (await findParcelLines(database, about)) ?? []);
        return {
          kind,
          carrier,
          trackingNumber,
          trackingUrl: pageOf(order),
          parcelLines,
          deliverBy: order.deliverBy,
        };
      }
      case "out_for_delivery": {
        const { carrier, trackingNumber } = await mustReadShipment(about);
        return { kind, carrier, trackingNumber, trackingUrl: pageOf(order) };
      }
      case "delivered":
        return { kind, place: "", returnUrl: pageOf(order), isCollected: isCollected(order.document) };
      case "order_delayed": {
        const day = putOffDay(about);
        if (day !== null)
          return {
            kind,
            explanation: `Part of your order is sent later than we promised: not before ${dayText(day)}.`,
            promise: null,
          };
        const units = await readShortUnits(database, about.split(","));
        const named = linesOf(order, units).map(({ title, quantity }) => `${quantity} × ${title}`);
        return {
          kind,
          explanation: `We do not have these at the moment: ${named.join(", ")}. They follow as soon as they are here.`,
          promise: null,
        };
      }
      case "units_cancelled":
        return {
          kind,
          unitLines: linesOf(order, await readShortUnits(database, about.split(","))),
          payer: order.document.paymentBy === "channel" ? await payerOf(database, order) : null,
        };
      case "units_substituted":
        return substitutesOf(order, about);
      case "order_changed":
        return changeOf(order, about);
      case "pickup_ready":
      case "pickup_reminder": {
        const collection = await readCollection(database, about);
        if (collection === undefined)
          throw new StepImpossible("nothing_to_collect", `${about} is not ready to be collected.`);
        const { place, street, until } = collection;
        const isCurbside = order.document.delivery?.method === "curbside";
        return {
          kind,
          code: await issueCollectionCode(database, about),
          place,
          street,
          until,
          isCurbside,
        };
      }
      case "order_cancelled":
        return {
          kind,
          explanation: "Your order was cancelled before it left us.",
          refund:
            order.document.paymentBy === "channel"
              ? { amount: order.document.total, payer: await payerOf(database, order) }
              : null,
        };
      case "return_approved": {
        const returned = await mustReadReturn(about);
        const returnLines = linesOf(
          order,
          returned.lines.map((line) => ({ lineId: line.lineId, quantity: line.requested })),
        );
        return {
          kind,
          returnId: about,
          labelUrl: pageOf(order),
          way: await wayBack(returned),
          isStoreCredit: returned.refundTo === "store_credit",
          returnLines,
        };
      }
      case "return_declined":
        return { kind, returnId: about, explanation: await readDecision(database, about) };
      case "refund_issued": {
        const { paid, credit, explanation } = await refundsAbout(order, about);
        return {
          kind,
          amount: paid === 0 && credit !== null ? null : minorOf(order, paid),
          storeCredit: credit,
          explanation,
        };
      }
      case "refund_at_channel": {
        const { due, explanation } = await refundsAbout(order, about);
        return { kind, amount: minorOf(order, due), payer: await payerOf(database, order), explanation };
      }
      default: {
        const unreachable: never = kind;
        return unreachable;
      }
    }
  };

  /** @param about `{order}:r{revision}` */
  const mustReadChange = async ({ orderId }: OrderProgress, about: string) => {
    const change = await readRevisionChange(database, orderId, Number(about.slice(`${orderId}:r`.length)));
    if (change === undefined)
      throw new StepImpossible("revision_not_found", `There is no revision ${about} that a change has made.`);
    return change;
  };

  /** What becomes of the shopper's money. */
  const moneyOf = async (order: OrderProgress, before: OrderDocument, after: OrderDocument) => {
    const payment = await readPayment(database, order.orderId);
    return moneyOfChange(before, after, {
      capturedMinor: payment?.capturedMinor ?? 0,
      isSettledThere: isSettled(order.paymentStatus),
      payer: await payerOf(database, order),
    });
  };

  const substitutesOf = async (order: OrderProgress, about: string): Promise<Notice> => {
    const { before, after } = await mustReadChange(order, about);
    const substitutes = after.lines.flatMap(
      ({ lineId, substituteFor, title, quantity, unitPrice }): readonly SubstitutedLine[] => {
        const isNew = before.lines.every((line) => line.lineId !== lineId);
        const ordered = order.lines.find((line) => line.lineId === substituteFor);
        if (!isNew || ordered === undefined) return [];
        return [{ title, quantity, total: multiplyMoney(unitPrice, quantity), insteadOf: ordered.title }];
      },
    );
    return {
      kind: "units_substituted",
      substitutes,
      newTotal: after.total,
      money: await moneyOf(order, before, after),
      isCheaper: chargeableMinor(after.total) < chargeableMinor(before.total),
    };
  };

  const changeOf = async (order: OrderProgress, about: string): Promise<Notice> => {
    const { channelId } = order;
    const { before, after, by } = await mustReadChange(order, about);
    const names = new Map<string, string>();
    for (const id of [before.delivery?.locationId, after.delivery?.locationId])
      if (id !== undefined) names.set(id, (await readLocationName(database, id)) ?? id);
    return {
      kind: "order_changed",
      author: by.startsWith("channel:")
        ? { kind: "channel", name: await readChannelName(database, channelId) }
        : { kind: by === "shopper" ? "shopper" : "us" },
      changes: toldChanges(before, after, (id) => names.get(id) ?? id),
      changedLines: after.lines.map(({ title, quantity, unitPrice }) => ({
        title,
        quantity,
        total: multiplyMoney(unitPrice, quantity),
      })),
      newTotal: after.total,
      money: await moneyOf(order, before, after),
    };
  };

  /** What a refund came to, or all refunds of a return. */
  const refundsAbout = async (order: OrderProgress, about: string) => {
    const refunds = await readRefundsAbout(database, about);
    const sum = (part: (refund: RefundRecord) => number) =>
      refunds.reduce((total, refund) => total + part(refund), 0);
    const given = await readStoreCreditGiven(
      database,
      refunds.map(({ refundId }) => refundId),
    );
    const [first] = refunds;
    return {
      paid: sum(({ paymentMinor }) => paymentMinor),
      due: sum(({ channelMinor }) => channelMinor),
      credit:
        given === undefined
          ? null
          : {
              amount: minorOf(order, given.amountMinor),
              balance: minorOf(order, given.balanceMinor),
              code: given.code,
            },
      explanation: first?.returnId == null ? `Order ${order.externalNumber}` : `Return ${first.returnId}`,
    };
  };

  const wayBack = async ({ returnId, method, locationId }: ReturnRecord) => {
    if (method === "none") return { kind: method };
    const store = locationId === null ? null : await readLocationName(database, locationId);
    if (method === "store") return { kind: method, store: store ?? "our store" };
    return { kind: method, carrier: (await mustReadShipment(returnShipmentId(returnId))).carrier };
  };

  const mustReadReturn = async (id: string) => {
    const returned = await readReturn(database, id);
    if (returned === undefined) throw new StepImpossible("return_not_found", `There is no return ${id}.`);
    return returned;
  };

  const mustReadShipment = async (id: string) => {
    const shipment = await findShipment(database, id);
    if (shipment === undefined) throw new StepImpossible("shipment_not_found", `There is no shipment ${id}.`);
    return shipment;
  };

  return {
    /** Has these mails about the order sent, in their order. */
    async queueMails(input: {
      readonly orderId: string;
      readonly mails: readonly Omit<QueuedMail<SagaNoticeKind>, "orderId">[];
    }): Promise<void> {
      const { orderId, mails } = input;
      await queueMails(
        database,
        mails.map((mail) => ({ ...mail, orderId })),
      );
    },

    /**
     * @param input.about the id of what the mail is about: of the order, shipment, return or fulfillment
     *   order, of shortages with commas between them, `{order}:r{revision}`, or `putOffNotice`
     */
    async sendMail(input: QueuedMail<SagaNoticeKind>): Promise<void> {
      const key = noticeKey(input);
      const order = await mustReadOrder(database, input.orderId);
      if (order.customerEmail === null || (await wasNoticeSent(database, key))) return;
      // Nobody has to be told of a parcel that they have just been given.
      if (input.kind === "shipped" && isCollected(order.document)) return;
      // They may have paid before the mail was written.
      if (input.kind === "payment_needed" && ((await awaitedBy(order))?.state ?? "checking") === "checking")
        return;
      const mail = renderNotice(
        {
          shopName: order.shopName,
          orderNumber: order.externalNumber,
          customerName: order.customerName,
          lines: linesOf(
            order,
            order.lines.map((line) => ({ lineId: line.lineId, quantity: line.ordered })),
          ),
          total: order.document.total,
          shipTo: order.document.shippingAddress,
          orderUrl: pageOf(order),
        },
        await noticeOf(order, input.kind, input.about),
        await findMailTemplate(database, {
          orderId: order.orderId,
          kind: input.kind,
          language: order.document.language ?? null,
        }),
      );
      await mailer.send({ key, to: order.customerEmail, ...mail });
      await recordNotice(database, {
        key,
        orderId: input.orderId,
        kind: input.kind,
        recipient: order.customerEmail,
        subject: mail.subject,
      });
    },
  };
}

function minorOf(order: OrderProgress, minor: number): Money {
  return { minor, currency: order.currency, exponent: currencyExponent(order.currency) ?? order.exponent };
}

function linesOf(
  order: OrderProgress,
  parts: readonly { readonly lineId: string; readonly quantity: number }[],
): readonly NoticeLine[] {
  return parts.flatMap(({ lineId, quantity }) => {
    const line = order.lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined) return [];
    const price = { minor: line.unitPriceMinor, currency: order.currency, exponent: order.exponent };
    return [
      {
        title: line.title,
        quantity,
        total: {
          minor: chargeableMinor(price) * quantity,
          currency: order.currency,
          exponent: currencyExponent(order.currency) ?? order.exponent,
        },
      },
    ];
  });
}
