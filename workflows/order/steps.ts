/** The steps of an order's saga. Types only: an activity never enters the sandbox that workflows run in. */
import { atOnceSteps, internalSteps, mailSteps, outsideSteps, refusalOf } from "../saga/steps.ts";
import type { createGoOn } from "./activities/go-on.ts";
import type { createInventoryActivities } from "./activities/inventory.ts";
import type { createNoticeActivities, SagaNoticeKind } from "./activities/notices.ts";
import type { createOrderStateActivities } from "./activities/order-state.ts";
import type { createPaymentActivities } from "./activities/payment.ts";
import type { createShippingActivities } from "./activities/shipping.ts";

type Payments = ReturnType<typeof createPaymentActivities>;
type Notices = ReturnType<typeof createNoticeActivities>;
/** The one step of payment that makes no call to the outside. */
type InternalPayments = Pick<Payments, "verifyChannelPayment">;

export const internal = internalSteps<
  ReturnType<typeof createOrderStateActivities> &
    ReturnType<typeof createInventoryActivities> &
    ReturnType<typeof createGoOn> &
    Pick<Notices, "queueMails"> &
    InternalPayments
>();

type Shipping = ReturnType<typeof createShippingActivities>;

export const outside = outsideSteps<Omit<Payments, keyof InternalPayments> & Shipping>();

/** Those that every order needs. */
export const atOnce = atOnceSteps<
  Pick<Payments, "authorizePayment" | "adjustPayment"> & Pick<Shipping, "buyLabel">
>();

const mails = mailSteps<Pick<Notices, "sendMail">>();

/**
 * Of the former version: the mail is sent by a step of its own, which may run beside others. A notice that
 * cannot be sent is told to a person and holds nothing up.
 */
export async function sendNotice(
  orderId: string,
  kind: SagaNoticeKind,
  about: string,
  copy?: number,
): Promise<void> {
  try {
    await mails.sendMail({ orderId, kind, about, ...(copy === undefined ? {} : { copy }) });
  } catch (error) {
    const { detail } = refusalOf(error, "floor_exception");
    await internal.reportUnsentMail({ orderId, kind, about, detail });
  }
}
