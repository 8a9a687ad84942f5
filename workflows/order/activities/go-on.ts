/**
 * Several steps of an order's saga as one: what the order can do without anybody outside is done, one step
 * after the other, until something outside, a message or a person is wanted.
 *
 * The saga could do the same steps itself (`order-fulfillment.ts`), and does again what could not be done: it
 * knows how to wait for a person. One step in place of many is for the order's cost: each step of its own
 * is an event in Temporal's history, and a way from the workflow's thread to the activity's and back.
 *
 * G1 Every step is idempotent by its own key: this one is repeated whole, wherever it dies.
 * G2 It decides nothing: what is to be done `orders/work-left.ts` says, in the order that the saga keeps.
 */
import { ApplicationFailure } from "@temporalio/common";
import type { HoldCode } from "../../../orders/order.ts";
import type { WorkLeft } from "../../../orders/work-left.ts";
import type { StepRefusal } from "../../saga/step-refusal.ts";
import type { createInventoryActivities } from "./inventory.ts";
import type { createNoticeActivities, SagaNoticeKind } from "./notices.ts";
import type { createOrderStateActivities } from "./order-state.ts";

type ToldNotice = { readonly kind: SagaNoticeKind; readonly about: string };

/** What one goes on with. */
export type GoOnSteps = Pick<
  ReturnType<typeof createOrderStateActivities>,
  "askWhatIsLeft" | "reviewHolds" | "beginShipment" | "completeOrder"
> &
  Pick<
    ReturnType<typeof createInventoryActivities>,
    "runStockErrands" | "sourceHeld" | "releaseToFloor" | "shipStock"
  > &
  Pick<ReturnType<typeof createNoticeActivities>, "queueMails">;

type GoOn = {
  readonly orderId: string;
  /** What the saga has to tell the shopper, in this order. */
  readonly mails: readonly ToldNotice[];
  /** Whether money was to move just now: what did not move then is waited for. */
  readonly isCharged: boolean;
  /** Whether the order can no longer be cancelled as a whole, as the saga knows it. */
  readonly isPastNoReturn: boolean;
};

export type GoneOn = WorkLeft & {
  /** Whether anything was done. */
  readonly hasGoneOn: boolean;
  /** The order is done, and it is written down. */
  readonly isCompleted: boolean;
  /** Why the first thing that is left and needs nobody outside could not be done; null: nothing was refused. */
  readonly refusal: StepRefusal | null;
};

/** Far more than an order needs. What is still left then the saga does itself. */
const MAX_STEPS = 20;

export function createGoOn(steps: GoOnSteps) {
  return {
    async goOn(input: GoOn): Promise<GoneOn> {
      const { orderId, mails } = input;
      if (mails.length > 0) await steps.queueMails({ orderId, mails });
      const done: Done = { hasGoneOn: false, isCompleted: false, refusal: null };
      for (let count = 0; ; count += 1) {
        const left = await steps.askWhatIsLeft({ orderId });
        const isToCancel = left.isCancelled && !left.isHandedOver && !input.isPastNoReturn;
        const step =
          isToCancel || count === MAX_STEPS ? null : nextStep(left, input.isCharged && !done.hasGoneOn);
        if (step === null) return { ...left, ...done };
        await step(steps, orderId, done);
        if (done.refusal !== null || done.isCompleted) return { ...left, ...done };
        done.hasGoneOn = true;
      }
    },
  };
}

type Done = { -readonly [Fact in Exclude<keyof GoneOn, keyof WorkLeft>]: GoneOn[Fact] };

type Step = (steps: GoOnSteps, orderId: string, done: Done) => Promise<unknown>;

/** In the order in which the saga does them. @returns null: the outside or a message is wanted */
function nextStep(left: WorkLeft, isCharged: boolean): Step | null {
  const { release, send, label, keep } = left;
  const [leaving] = send;
  if (left.tellStock) return (steps, orderId) => steps.runStockErrands({ orderId });
  if (left.resolved.length > 0) return (steps, orderId) => steps.reviewHolds({ orderId });
  if (left.charge && !isCharged) return null;
  if (left.source)
    return (steps, orderId, done) =>
      unlessRefused(done, "insufficient_stock", async () => {
        const sourced = await steps.sourceHeld({ orderId });
        if (sourced.status === "refused") done.refusal = sourced;
      });
  if (release.length > 0)
    return (steps, orderId, done) =>
      unlessRefused(done, "floor_exception", () =>
        steps.releaseToFloor({ orderId, fulfillmentOrders: release }),
      );
  if (leaving !== undefined) return (steps, orderId, done) => ship(steps, orderId, leaving, done);
  if (label.length > 0 || keep.length > 0 || left.waitsFor.length > 0) return null;
  return async (steps, orderId, done) => {
    done.isCompleted = (await steps.completeOrder({ orderId })).status === "completed";
  };
}

/** The parcel leaves. Where it stays, the next look says why. */
async function ship(
  steps: GoOnSteps,
  orderId: string,
  fulfillmentOrderId: string,
  done: Done,
): Promise<void> {
  const begun = await steps.beginShipment({ orderId, fulfillmentOrderId });
  if (begun.status === "stays") return;
  const { shipmentId } = begun;
  await unlessRefused(done, "floor_exception", () =>
    steps.shipStock({ orderId, fulfillmentOrderId, shipmentId, attempt: 1, tells: true }),
  );
}

/** What can never be done is a refusal; what failed for now fails the whole step, which is repeated. */
async function unlessRefused(done: Done, holdCode: HoldCode, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || error.nonRetryable !== true) throw error;
    done.refusal = { status: "refused", holdCode, detail: error.message };
  }
}
