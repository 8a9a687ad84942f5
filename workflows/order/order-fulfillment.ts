/**
 * The saga of one order, from capture to the door. Workflow id = order id.
 *
 *   held? -> authorizePayment | verifyChannelPayment -> allocateStock -> releaseToFloor
 *         -> for each fulfillment order, once packed: buyLabel -> shipStock -> capturePayment
 *         -> delivered -> completeOrder
 *
 * O1. The order waits for a person (on hold) wherever repeating a step cannot help; `hold-released` repeats
 *     that step.
 * O2. Until the first parcel leaves, a cancellation undoes everything in reverse; afterwards it is refused,
 *     visibly.
 * O3. Steps get ids, never documents: what a step needs it reads from the store, so that histories stay
 *     small.
 *
 * Deterministic code: no clock, no randomness, no I/O, nothing of Node.
 */
import {
  CancellationScope,
  defineSignal,
  rootCause,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import type { HoldCode } from "../../orders/order.ts";
import type { OrderFulfillmentInput, OrderMessage } from "../messages.ts";
import { Inbox } from "../saga/inbox.ts";
import { Saga } from "../saga/saga.ts";
import { HOLDFAST_STATUS, type SagaStatus } from "../saga/search-attributes.ts";
import type { StepRefusal } from "../saga/step-refusal.ts";
import { refusalOf } from "../saga/steps.ts";
import type { SagaNoticeKind } from "./activities/notices.ts";
import { internal, outside, sendNotice } from "./steps.ts";

export const orderMessage = defineSignal<[OrderMessage]>("orderMessage");

type OrderOutcome = { readonly status: "completed" | "cancelled" };

export async function orderFulfillment(input: OrderFulfillmentInput): Promise<OrderOutcome> {
  const inbox = new Inbox<OrderMessage>();
  setHandler(orderMessage, (message) => inbox.deliver(message));
  // Cancelling the workflow in Temporal means what a cancellation by the shop means; it never leaves things
  // half done.
  CancellationScope.current().cancelRequested.catch(() =>
    inbox.deliver({
      key: "workflow-cancelled",
      type: "cancel-requested",
      reason: "The workflow was cancelled in Temporal.",
      by: "temporal",
    }),
  );
  return CancellationScope.nonCancellable(() => new OrderSaga(input, inbox).run());
}

type CancelRequest = Extract<OrderMessage, { type: "cancel-requested" }>;

/** Ends the forward path; `run` turns it into the undo. */
class Cancelled extends Error {
  readonly request: CancelRequest;

  constructor(request: CancelRequest) {
    super(request.reason);
    this.request = request;
  }
}

class OrderSaga {
  private readonly orderId: string;
  private readonly inbox: Inbox<OrderMessage>;
  private readonly saga: Saga;
  private readonly notices: Promise<void>[] = [];
  private status: SagaStatus;
  /** Whether the money is taken through our own payment provider. */
  private charged = false;
  private anythingShipped = false;

  constructor(input: OrderFulfillmentInput, inbox: Inbox<OrderMessage>) {
    this.orderId = input.orderId;
    this.inbox = inbox;
    this.status = input.onHold ? "on_hold" : "open";
    this.saga = new Saga((undo, error, attempt) =>
      internal.reportFailedUndo({
        orderId: this.orderId,
        undo: undo.name,
        detail: rootCause(error) ?? String(error),
        attempt,
      }),
    );
  }

  async run(): Promise<OrderOutcome> {
    const orderId = this.orderId;
    // The stock was reserved together with the order, before this saga began.
    this.saga.undoWith({ name: "releaseStock", run: () => internal.releaseStock({ orderId }) });
    try {
      await this.pay();
      const fulfillmentOrders = await this.source();
      await this.fulfill(fulfillmentOrders);
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
      await this.cancel(error.request);
      return { status: "cancelled" };
    }
    await internal.completeOrder({ orderId });
    this.show("completed", "Delivered and completed.");
    this.tell("delivered", orderId);
    await Promise.all(this.notices);
    await this.refuseLateCancellation();
    return { status: "completed" };
  }

  private async pay(): Promise<void> {
    const orderId = this.orderId;
    const facts = await internal.openOrder({ orderId });
    if (facts.held) await this.waitUntilReleased("The order was captured on hold.");
    this.stopIfCancelled();
    if (facts.paymentBy === "channel") {
      this.show("open", "Verifying the channel's payment.");
      await this.attempt("verify-payment", "payment_pending", () =>
        internal.verifyChannelPayment({ orderId }),
      );
    } else {
      this.charged = true;
      this.show("open", "Authorising the payment.");
      await this.saga.step(
        { name: "cancelAuthorization", run: () => outside.cancelAuthorization({ orderId }) },
        () =>
          this.attempt("authorize-payment", "payment_failed", (attempt) =>
            outside.authorizePayment({ orderId, attempt }),
          ),
      );
    }
    this.stopIfCancelled();
    this.tell("order_confirmed", orderId);
  }

  private async source(): Promise<readonly string[]> {
    const orderId = this.orderId;
    const { fulfillmentOrders } = await this.attempt("allocate-stock", "insufficient_stock", (attempt) =>
      internal.allocateStock({ orderId, attempt }),
    );
    this.stopIfCancelled();
    await this.saga.step({ name: "recallFromFloor", run: () => internal.recallFromFloor({ orderId }) }, () =>
      this.release(fulfillmentOrders, 1),
    );
    return fulfillmentOrders;
  }

  private async release(fulfillmentOrders: readonly string[], round: number): Promise<void> {
    await this.attempt("release-to-floor", "floor_exception", () =>
      internal.releaseToFloor({ orderId: this.orderId, fulfillmentOrders, round }),
    );
  }

  /**
   * Takes what the floor, the carrier and people say, one message at a time, until every parcel is delivered.
   */
  private async fulfill(fulfillmentOrders: readonly string[]): Promise<void> {
    const orderId = this.orderId;
    const unshipped = new Set(fulfillmentOrders);
    const halted = new Set<string>();
    const shipped = new Set<string>();
    const delivered = new Set<string>();
    let round = 1;
    while (unshipped.size > 0 || [...shipped].some((id) => !delivered.has(id))) {
      if (halted.size === 0)
        this.show(
          unshipped.size > 0 ? "in_progress" : "shipped",
          unshipped.size > 0
            ? `Waiting for the floor to pack ${[...unshipped].join(", ")}.`
            : `Waiting for the carrier to deliver ${[...shipped].filter((id) => !delivered.has(id)).join(", ")}.`,
        );
      const message = await this.inbox.take(
        "packed",
        "floor-exception",
        "hold-released",
        "cancel-requested",
        "out-for-delivery",
        "delivered",
      );
      switch (message.type) {
        case "packed":
          if (!unshipped.has(message.fulfillmentOrderId)) break;
          if (halted.delete(message.fulfillmentOrderId) && halted.size === 0)
            await internal.reviewHolds({ orderId, resolved: "floor_exception" });
          shipped.add(await this.ship(message.fulfillmentOrderId));
          unshipped.delete(message.fulfillmentOrderId);
          break;
        case "floor-exception":
          if (!unshipped.has(message.fulfillmentOrderId)) break;
          halted.add(message.fulfillmentOrderId);
          await internal.haltFulfillment({
            orderId,
            fulfillmentOrderId: message.fulfillmentOrderId,
            key: message.key,
            code: message.code,
            detail: message.detail,
          });
          this.show("on_hold", `Waiting for a person: ${message.detail}`);
          break;
        case "hold-released": {
          if (halted.size === 0) break;
          const { open } = await internal.reviewHolds({ orderId });
          if (open.length > 0) break;
          round += 1;
          await this.release([...halted], round);
          halted.clear();
          break;
        }
        case "cancel-requested":
          await this.onCancelRequest(message);
          break;
        case "out-for-delivery":
          this.tell("out_for_delivery", message.shipmentId);
          break;
        case "delivered":
          delivered.add(message.shipmentId);
          break;
        default: {
          const unreachable: never = message;
          return unreachable;
        }
      }
    }
  }

  /** @returns the shipment's id */
  private async ship(fulfillmentOrderId: string): Promise<string> {
    const orderId = this.orderId;
    this.stopIfCancelled();
    this.show("in_progress", `Buying the label of ${fulfillmentOrderId}.`);
    const { shipmentId } = await this.attempt(
      `buy-label:${fulfillmentOrderId}`,
      "floor_exception",
      (attempt) =>
        this.saga.step(
          {
            name: `voidLabels:${fulfillmentOrderId}`,
            run: () => outside.voidLabels({ orderId, fulfillmentOrderId }),
          },
          () =>
            outside.buyLabel.executeWithOptions({ summary: fulfillmentOrderId }, [
              { orderId, fulfillmentOrderId, attempt },
            ]),
        ),
    );
    this.stopIfCancelled();
    this.anythingShipped = true;
    this.saga.settle();
    await this.attempt(`ship-stock:${fulfillmentOrderId}`, "floor_exception", (attempt) =>
      internal.shipStock({ orderId, fulfillmentOrderId, shipmentId, attempt }),
    );
    if (this.charged)
      await this.attempt(`capture-payment:${shipmentId}`, "payment_failed", (attempt) =>
        outside.capturePayment.executeWithOptions({ summary: shipmentId }, [
          { orderId, shipmentId, attempt },
        ]),
      );
    this.tell("shipped", shipmentId);
    return shipmentId;
  }

  private async cancel(request: CancelRequest): Promise<void> {
    const orderId = this.orderId;
    setCurrentDetails(`Undoing: ${request.reason}`);
    await this.saga.unwind();
    await internal.cancelOrder({ orderId, reason: request.reason, by: request.by });
    this.show("cancelled", `Cancelled: ${request.reason}`);
    this.tell("order_cancelled", orderId);
    await Promise.all(this.notices);
  }

  /** Repeats a step that was refused each time that a person has released the hold which says why. */
  private async attempt<T extends { readonly status: string }>(
    step: string,
    holdCode: HoldCode,
    run: (attempt: number) => Promise<T | StepRefusal>,
  ): Promise<Exclude<T, StepRefusal>> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await run(attempt).catch((error) => refusalOf(error, holdCode));
      if (outcome.status !== "refused") return outcome as Exclude<T, StepRefusal>;
      const refusal = outcome as StepRefusal;
      await internal.holdOrder({
        orderId: this.orderId,
        key: `${step}:${attempt}`,
        code: refusal.holdCode,
        detail: refusal.detail,
      });
      await this.waitUntilReleased(refusal.detail);
    }
  }

  /** The named waiting state: nothing goes on before every hold reason is cleared. */
  private async waitUntilReleased(what: string): Promise<void> {
    this.show("on_hold", `Waiting for a person: ${what}`);
    for (;;) {
      const message = await this.inbox.take("hold-released", "cancel-requested");
      if (message.type === "cancel-requested") {
        await this.onCancelRequest(message);
        continue;
      }
      const { open } = await internal.reviewHolds({ orderId: this.orderId });
      if (open.length === 0) break;
      setCurrentDetails(`Waiting for a person: ${open.join(", ")}`);
    }
    this.show(this.anythingShipped ? "shipped" : "open", "Released, going on.");
  }

  private stopIfCancelled(): void {
    if (this.anythingShipped) return;
    const request = this.inbox.takeWaiting("cancel-requested");
    if (request !== undefined) throw new Cancelled(request);
  }

  private async onCancelRequest(request: CancelRequest): Promise<void> {
    if (!this.anythingShipped) throw new Cancelled(request);
    await internal.refuseCancellation({ orderId: this.orderId, key: request.key, by: request.by });
  }

  private async refuseLateCancellation(): Promise<void> {
    for (
      let request = this.inbox.takeWaiting("cancel-requested");
      request !== undefined;
      request = this.inbox.takeWaiting("cancel-requested")
    )
      await this.onCancelRequest(request);
  }

  /**
   * Notices go out beside the steps: a mail server that is down holds up no parcel. The saga ends when they
   * are out.
   */
  private tell(kind: SagaNoticeKind, about: string): void {
    this.notices.push(sendNotice(this.orderId, kind, about));
  }

  private show(status: SagaStatus, details: string): void {
    setCurrentDetails(details);
    if (status === this.status) return;
    this.status = status;
    upsertSearchAttributes([{ key: HOLDFAST_STATUS, value: status }]);
  }
}
