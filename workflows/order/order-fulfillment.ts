/**
 * The saga of one order, from capture to the door. Workflow id = order id.
 *
 *   held? -> authorizePayment | verifyChannelPayment -> allocateStock
 *         -> until nothing is left: goOn (what needs nobody outside: releaseToFloor; beginShipment -> shipStock;
 *            completeOrder) -> adjustPayment; buyLabel of what is packed; or wait for the next message
 *
 * O1. The order waits for a person (on hold) wherever repeating a step cannot help; `hold-released` repeats
 *     that step.
 * O2. Until the first parcel leaves, a cancellation undoes everything in reverse; afterwards it is refused,
 *     visibly.
 * O3. Steps get ids, never documents: what a step needs it reads from the store, so that histories stay
 *     small.
 * O4. The saga keeps no account of fulfillment orders: the store says what is left (`orders/work-left.ts`). A
 *     message only says that it is time to ask.
 * O5. A saga whose memory is lost is started anew (`input.again`) and picks the order up where the store has
 *     it. Its steps bear keys under which they were done before, or none has been used yet.
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
import type { WorkLeft } from "../../orders/work-left.ts";
import type { OrderFulfillmentInput, OrderMessage } from "../messages.ts";
import { Inbox } from "../saga/inbox.ts";
import { Saga } from "../saga/saga.ts";
import { HOLDFAST_STATUS, type SagaStatus } from "../saga/search-attributes.ts";
import type { StepRefusal } from "../saga/step-refusal.ts";
import { atOnceOrLater, refusalOf } from "../saga/steps.ts";
import { Versions } from "../saga/versions.ts";
import type { GoneOn } from "./activities/go-on.ts";
import type { SagaNoticeKind } from "./activities/notices.ts";
import type { FoundOrder } from "./activities/order-state.ts";
import { Notices, QUEUES_MAILS } from "./notices.ts";
import { atOnce, internal, outside, sendNotice } from "./steps.ts";

export const orderMessage = defineSignal<[OrderMessage]>("orderMessage");

/**
 * The ways of this saga, with the version from which on a run goes them from its beginning. Runs of former
 * versions turn to them where they are once they are live; a recorded history goes its old way.
 */
const WAYS = {
  /** It asks the store what is left. */
  "asks-the-store": 1,
  /** The store also says what of the money is to move. Before, each parcel captured something. */
  "charges-by-the-store": 1,
  /** Its mails go out one after the other. */
  "mails-in-turn": 1,
  [QUEUES_MAILS]: 1,
  /** It asks, before it undoes anything, whether another order's saga has sent the parcel. */
  "asks-before-undoing": 1,
  /** What needs nobody outside is one step (`activities/go-on.ts`). */
  "goes-on": 1,
  /** It tries calls to the outside at once, before they become activities of their own. */
  "tries-at-once": 2,
} as const;

type OrderOutcome = { readonly status: "completed" | "cancelled" };

export async function orderFulfillment(input: OrderFulfillmentInput): Promise<OrderOutcome> {
  const inbox = new Inbox<OrderMessage>();
  for (const message of input.again?.messages ?? []) inbox.deliver(message);
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

const ALL_LINES_CANCELLED: CancelRequest = {
  key: "all-lines-cancelled",
  type: "cancel-requested",
  reason: "Every line was cancelled.",
  by: "saga",
};

/** What may be said to an order once its stock is allocated. */
const FULFILLMENT_MESSAGES = [
  "packed",
  "floor-exception",
  "fulfillment-changed",
  "order-changed",
  "tell-shopper",
  "hold-released",
  "cancel-requested",
  "out-for-delivery",
  "delivered",
] as const satisfies readonly OrderMessage["type"][];

const FORMER_MESSAGES = [
  "packed",
  "floor-exception",
  "hold-released",
  "cancel-requested",
  "out-for-delivery",
  "delivered",
] as const satisfies readonly OrderMessage["type"][];

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
  private readonly notices: Notices;
  private readonly ways: Versions<keyof typeof WAYS>;
  /** Mails of the former version, which were steps beside the others. */
  private readonly mails: Promise<void>[] = [];
  private status: SagaStatus;
  /** Whether the money is taken through our own payment provider. */
  private charged = false;
  private anythingShipped = false;
  /** Something was handed over: the order cannot be cancelled as a whole any more. */
  private isPastNoReturn = false;
  private chargeAttempts = 0;
  /** How often a label was asked for, by fulfillment order: each attempt has a key of its own. */
  private readonly labelAttempts = new Map<string, number>();
  /** Ends the keys of what a saga that was started anew notes: an earlier one has used the others. */
  private readonly mark: string;
  private readonly isAgain: boolean;

  constructor(input: OrderFulfillmentInput, inbox: Inbox<OrderMessage>) {
    this.orderId = input.orderId;
    this.inbox = inbox;
    this.notices = new Notices(input.orderId);
    this.ways = new Versions(WAYS, input.version);
    this.isAgain = input.again !== undefined;
    this.mark = input.again === undefined ? "" : `:again-${input.again.run}`;
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
    const found = this.isAgain ? await internal.findOrder({ orderId }) : null;
    if (found?.ended) return this.endAgain(found);
    try {
      if (found !== null && (await this.pickUp(found))) await this.fulfill();
      else await this.goForward(found?.authorizations ?? 0);
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
      if (await this.isRecalled(error.request)) {
        await this.cancel(error.request);
        return { status: "cancelled" };
      }
      await this.fulfill();
    }
    this.show("completed", "Delivered and completed.");
    if (this.anythingShipped) this.tell("delivered", orderId);
    await this.tellTheRest();
    await this.refuseLateCancellation();
    return { status: "completed" };
  }

  private async goForward(authorizations: number): Promise<void> {
    await this.pay(authorizations);
    const fulfillmentOrders = await this.source();
    if (this.ways.goes("asks-the-store")) await this.fulfill();
    else await this.fulfillAsBefore(fulfillmentOrders);
  }

  /**
   * Takes up what an earlier run has done: it is undone where the order is cancelled now.
   *
   * @returns whether the order is past its payment and its stock, so that the store says what is left
   */
  private async pickUp(found: FoundOrder): Promise<boolean> {
    const orderId = this.orderId;
    this.anythingShipped = found.isShipped;
    if (found.isHandedOver) this.passNoReturn();
    else {
      this.saga.undoWith({
        name: "cancelAuthorization",
        run: () => outside.cancelAuthorization({ orderId }),
      });
      this.saga.undoWith({ name: "recallFromFloor", run: () => internal.recallFromFloor({ orderId }) });
      for (const fulfillmentOrderId of found.fulfillmentOrders) this.undoLabels(fulfillmentOrderId);
    }
    this.stopIfCancelled();
    return found.isHandedOver || found.fulfillmentOrders.length > 0;
  }

  /** The earlier run had done everything, but perhaps for a last mail. */
  private async endAgain({ ended, isShipped }: FoundOrder): Promise<OrderOutcome> {
    const { orderId } = this;
    const status = ended ?? "completed";
    this.show(status, "Ended before it was started anew.");
    if (status === "cancelled") this.tell("order_cancelled", orderId);
    else if (isShipped) this.tell("delivered", orderId);
    await this.tellTheRest();
    if (status === "completed") {
      this.passNoReturn();
      await this.refuseLateCancellation();
    }
    return { status };
  }

  /** @param authorizations attempts of an earlier run */
  private async pay(authorizations: number): Promise<void> {
    const orderId = this.orderId;
    const facts = await internal.openOrder({ orderId });
    if (facts.held) await this.waitUntilReleased("The order was captured on hold.");
    this.stopIfCancelled();
    if (facts.paymentBy === "channel") {
      this.show("open", "Verifying the channel's payment.");
      await this.attempt("verify-payment", "payment_pending", () =>
        internal.verifyChannelPayment({ orderId }),
      );
    } else if (facts.paymentBy === "merchant") {
      this.charged = true;
      this.show("open", "Authorising the payment.");
      await this.saga.step(
        { name: "cancelAuthorization", run: () => outside.cancelAuthorization({ orderId }) },
        () =>
          this.attempt("authorize-payment", "payment_failed", (attempt) => {
            const input = { orderId, attempt: authorizations + attempt };
            return this.callOutside(
              () => atOnce.authorizePayment(input),
              () => outside.authorizePayment(input),
            );
          }),
      );
    }
    this.stopIfCancelled();
    this.tell("order_confirmed", orderId);
    if (this.notices.isAnythingTold && !this.ways.goes("goes-on")) await this.notices.queue();
  }

  private async source(): Promise<readonly string[]> {
    const orderId = this.orderId;
    const { fulfillmentOrders } = await this.attempt("allocate-stock", "insufficient_stock", () =>
      internal.allocateStock({ orderId }),
    );
    this.stopIfCancelled();
    this.saga.undoWith({ name: "recallFromFloor", run: () => internal.recallFromFloor({ orderId }) });
    if (!this.ways.goes("asks-the-store")) await this.release(fulfillmentOrders);
    return fulfillmentOrders;
  }

  private async release(
    fulfillmentOrders: readonly string[],
    refusal: StepRefusal | null = null,
  ): Promise<void> {
    await this.attempt(
      "release-to-floor",
      "floor_exception",
      () => internal.releaseToFloor({ orderId: this.orderId, fulfillmentOrders }),
      refusal,
    );
  }

  /**
   * Does what is left to do and takes what the floor, the carrier and people say, until the order is done.
   */
  private async fulfill(): Promise<void> {
    const orderId = this.orderId;
    // Once between two messages or steps: money that does not move then waits visibly.
    let isCharged = false;
    for (;;) {
      const left = await this.goOn(isCharged);
      if (left.isCompleted) return;
      if (left.hasGoneOn) isCharged = false;
      if (left.isHandedOver) this.passNoReturn();
      if (left.isCancelled && !this.isPastNoReturn) throw new Cancelled(ALL_LINES_CANCELLED);
      const [packed] = left.label;
      const [labelled] = left.send;
      // Recorded histories know nothing of what is collected.
      const [kept] = left.keep ?? [];
      if (left.tellStock) await internal.runStockErrands({ orderId });
      else if (left.resolved.length > 0) await internal.reviewHolds({ orderId });
      else if (left.charge && !isCharged) {
        await this.charge();
        isCharged = true;
        continue;
      } else if (left.source) await this.sourceMore(left.refusal);
      else if (left.release.length > 0) {
        this.stopIfCancelled();
        await this.release(left.release, left.refusal);
      } else if (labelled !== undefined) await this.send(labelled, left.refusal);
      else if (packed !== undefined) await this.label(packed);
      else if (kept !== undefined) await this.keep(kept);
      else if (left.waitsFor.length === 0) {
        const { status } = await internal.completeOrder({ orderId });
        if (status === "completed") return;
      } else {
        this.show(left.standing, `Waiting for ${left.waitsFor.join("; ")}.`);
        await this.hear(await this.inbox.take(...FULFILLMENT_MESSAGES));
      }
      isCharged = false;
    }
  }

  /**
   * Does what needs nobody outside, and says what is left then. What is in `left` although it needs nobody could
   * not be done: the step that does it alone says why.
   */
  private async goOn(isCharged: boolean): Promise<WorkLeft & Partial<GoneOn>> {
    const { orderId, isPastNoReturn } = this;
    if (!this.ways.goes("goes-on")) {
      if (this.notices.isAnythingTold) await this.notices.queue();
      return internal.askWhatIsLeft({ orderId });
    }
    this.stopIfCancelled();
    const left = await internal.goOn({ orderId, mails: this.notices.take(), isCharged, isPastNoReturn });
    if (left.hasShipped) {
      this.anythingShipped = true;
      this.passNoReturn();
    }
    return left;
  }

  /** The customer collects it: they are told where and with which code. */
  private async keep(fulfillmentOrderId: string): Promise<void> {
    this.stopIfCancelled();
    await internal.keepForCustomer({ orderId: this.orderId, fulfillmentOrderId });
    this.tell("pickup_ready", fulfillmentOrderId);
  }

  /** What was reserved since: the rest of the order, or what replaces missing units. */
  private async sourceMore(refusal: StepRefusal | null = null): Promise<void> {
    this.stopIfCancelled();
    const { orderId } = this;
    await this.attempt("source-held", "insufficient_stock", () => internal.sourceHeld({ orderId }), refusal);
  }

  /** What is declined holds the order; what cannot be tried again at all does, too. */
  private async charge(): Promise<void> {
    const orderId = this.orderId;
    this.chargeAttempts += 1;
    const outcome = await this.callOutside(
      () => atOnce.adjustPayment({ orderId }),
      () => outside.adjustPayment({ orderId }),
    ).catch((error) => refusalOf(error, "payment_failed"));
    if (outcome.status !== "refused") return;
    await internal.holdOrder({
      orderId,
      key: `adjust-payment:${this.chargeAttempts}${this.mark}`,
      code: outcome.holdCode,
      detail: outcome.detail,
    });
  }

  private async hear(message: OrderMessage): Promise<void> {
    const orderId = this.orderId;
    switch (message.type) {
      case "floor-exception":
        return internal.haltFulfillment({
          orderId,
          fulfillmentOrderId: message.fulfillmentOrderId,
          key: message.key,
          code: message.code,
          detail: message.detail,
        });
      case "hold-released":
        await internal.reviewHolds({ orderId });
        return;
      case "cancel-requested":
        return this.onCancelRequest(message);
      // Of a former version: whoever hears of it has the shopper told.
      case "out-for-delivery":
        return this.tell("out_for_delivery", message.shipmentId);
      case "tell-shopper":
        return this.tell(message.kind, message.about);
      case "packed":
      case "delivered":
      case "fulfillment-changed":
      case "order-changed":
        return;
      default: {
        const unreachable: never = message;
        return unreachable;
      }
    }
  }

  /** A parcel whose label the carrier refuses waits for a person; the other parcels of the order go on. */
  private async label(fulfillmentOrderId: string): Promise<void> {
    this.stopIfCancelled();
    this.show("in_progress", `Buying the label of ${fulfillmentOrderId}.`);
    const attempt = (this.labelAttempts.get(fulfillmentOrderId) ?? 0) + 1;
    this.labelAttempts.set(fulfillmentOrderId, attempt);
    const label = await this.buyLabel(fulfillmentOrderId, attempt).catch((error) =>
      refusalOf(error, "floor_exception"),
    );
    if (label.status === "bought") return;
    await internal.haltFulfillment({
      orderId: this.orderId,
      fulfillmentOrderId,
      key: `buy-label:${fulfillmentOrderId}:${attempt}${this.mark}`,
      code: "label_refused",
      detail: label.detail,
      holdCode: label.holdCode,
    });
  }

  /** Whoever has halted, cancelled or changed the parcel before this moment was in time. */
  private async send(fulfillmentOrderId: string, refusal: StepRefusal | null = null): Promise<void> {
    // What could not leave had begun to.
    if (refusal === null) this.stopIfCancelled();
    const shipment = await internal.beginShipment({ orderId: this.orderId, fulfillmentOrderId });
    if (shipment.status === "leaving") await this.hand(fulfillmentOrderId, shipment.shipmentId, refusal);
  }

  private buyLabel(fulfillmentOrderId: string, attempt: number) {
    const orderId = this.orderId;
    this.undoLabels(fulfillmentOrderId);
    const input = { orderId, fulfillmentOrderId, attempt };
    return this.callOutside(
      () => atOnce.buyLabel(input),
      () => outside.buyLabel.executeWithOptions({ summary: fulfillmentOrderId }, [input]),
    );
  }

  private callOutside<T>(once: () => Promise<T>, later: () => Promise<T>): Promise<T> {
    return this.ways.goes("tries-at-once") ? atOnceOrLater(once, later) : later();
  }

  private undoLabels(fulfillmentOrderId: string): void {
    this.saga.undoWith({
      name: `voidLabels:${fulfillmentOrderId}`,
      run: () => outside.voidLabels({ orderId: this.orderId, fulfillmentOrderId }),
    });
  }

  /** Hands a parcel to the carrier: from the first one on, the order cannot be cancelled as a whole. */
  private async hand(
    fulfillmentOrderId: string,
    shipmentId: string,
    refusal: StepRefusal | null = null,
  ): Promise<void> {
    const orderId = this.orderId;
    this.anythingShipped = true;
    this.passNoReturn();
    const shipped: { readonly reported?: readonly string[] } = await this.attempt(
      `ship-stock:${fulfillmentOrderId}`,
      "floor_exception",
      (attempt) => internal.shipStock({ orderId, fulfillmentOrderId, shipmentId, attempt }),
      refusal,
    );
    // The parcel has left, whatever becomes of its payment.
    const isToldAtOnce = this.ways.goes("mails-in-turn");
    if (isToldAtOnce) this.tell("shipped", shipmentId);
    // Reported before the parcel had left by our books, so that no message told of it.
    if (shipped.reported?.includes("out_for_delivery")) this.tell("out_for_delivery", shipmentId);
    if (this.charged && !this.ways.goes("charges-by-the-store"))
      await this.attempt(`capture-payment:${shipmentId}`, "payment_failed", (attempt) =>
        outside.capturePayment.executeWithOptions({ summary: shipmentId }, [
          { orderId, shipmentId, attempt },
        ]),
      );
    if (!isToldAtOnce) this.tell("shipped", shipmentId);
  }

  /**
   * The former version, which kept account of the fulfillment orders itself. A run of it that is live asks
   * the store from here on.
   */
  private async fulfillAsBefore(fulfillmentOrders: readonly string[]): Promise<void> {
    const orderId = this.orderId;
    const unshipped = new Set(fulfillmentOrders);
    const halted = new Set<string>();
    const underWay = new Set<string>();
    const arrived = new Set<string>();
    for (;;) {
      if (this.ways.goes("asks-the-store")) return this.fulfill();
      if (unshipped.size === 0 && [...underWay].every((id) => arrived.has(id))) break;
      if (halted.size === 0) this.show(unshipped.size > 0 ? "in_progress" : "shipped", "Waiting.");
      const message = await this.inbox.take(...FORMER_MESSAGES);
      switch (message.type) {
        case "packed":
          if (!unshipped.has(message.fulfillmentOrderId)) break;
          if (halted.delete(message.fulfillmentOrderId) && halted.size === 0)
            await internal.reviewHolds({ orderId });
          underWay.add(await this.sendAsBefore(message.fulfillmentOrderId));
          unshipped.delete(message.fulfillmentOrderId);
          break;
        case "floor-exception":
          if (!unshipped.has(message.fulfillmentOrderId)) break;
          halted.add(message.fulfillmentOrderId);
          await this.hear(message);
          this.show("on_hold", `Waiting for a person: ${message.detail}`);
          break;
        case "hold-released": {
          if (halted.size === 0) break;
          const { open } = await internal.reviewHolds({ orderId });
          if (open.length > 0) break;
          await this.release([...halted]);
          halted.clear();
          break;
        }
        case "delivered":
          arrived.add(message.shipmentId);
          break;
        default:
          await this.hear(message);
      }
    }
    // Recorded histories have no answer to this step.
    const end: { readonly status: string } | undefined = await internal.completeOrder({ orderId });
    if (end?.status === "not_done") await this.fulfill();
  }

  /** @returns the shipment's id */
  private async sendAsBefore(fulfillmentOrderId: string): Promise<string> {
    this.stopIfCancelled();
    this.show("in_progress", `Buying the label of ${fulfillmentOrderId}.`);
    const { shipmentId } = await this.attempt(
      `buy-label:${fulfillmentOrderId}`,
      "floor_exception",
      (attempt) => this.buyLabel(fulfillmentOrderId, attempt),
    );
    this.stopIfCancelled();
    await this.hand(fulfillmentOrderId, shipmentId);
    return shipmentId;
  }

  /** @returns false where something leaves in this moment: then it was too late, and the order goes on */
  private async isRecalled({ key, by }: CancelRequest): Promise<boolean> {
    if (!this.ways.goes("asks-before-undoing")) return true;
    const { orderId } = this;
    const { status } = await internal.recallUnlessLeaving({ orderId });
    if (status === "recalled") return true;
    this.passNoReturn();
    await internal.refuseCancellation({ orderId, key, by });
    return false;
  }

  private async cancel(request: CancelRequest): Promise<void> {
    const orderId = this.orderId;
    setCurrentDetails(`Undoing: ${request.reason}`);
    await this.saga.unwind();
    await internal.cancelOrder({ orderId, reason: request.reason, by: request.by });
    this.show("cancelled", `Cancelled: ${request.reason}`);
    this.tell("order_cancelled", orderId);
    await this.tellTheRest();
  }

  /**
   * Repeats a step that was refused each time that a person has released the hold which says why.
   *
   * @param first the refusal of the first attempt, where that was made by another step
   */
  private async attempt<T extends { readonly status: string }>(
    step: string,
    holdCode: HoldCode,
    run: (attempt: number) => Promise<T | StepRefusal>,
    first: StepRefusal | null = null,
  ): Promise<Exclude<T, StepRefusal>> {
    for (let attempt = 1; ; attempt += 1) {
      const before = attempt === 1 ? first : null;
      const outcome = before ?? (await run(attempt).catch((error) => refusalOf(error, holdCode)));
      if (outcome.status !== "refused") return outcome as Exclude<T, StepRefusal>;
      const refusal = outcome as StepRefusal;
      if (this.ways.goes("goes-on") && this.notices.isAnythingTold) await this.notices.queue();
      await internal.holdOrder({
        orderId: this.orderId,
        key: `${step}:${attempt}${this.mark}`,
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
      const message = await this.inbox.take(
        "hold-released",
        "cancel-requested",
        "fulfillment-changed",
        "order-changed",
      );
      if (message.type === "cancel-requested") {
        await this.onCancelRequest(message);
        continue;
      }
      // What was given up meanwhile is free for others at once.
      if (message.type === "fulfillment-changed" || message.type === "order-changed") {
        await internal.runStockErrands({ orderId: this.orderId });
        continue;
      }
      const { open } = await internal.reviewHolds({ orderId: this.orderId });
      if (open.length === 0) break;
      setCurrentDetails(`Waiting for a person: ${open.join(", ")}`);
    }
    this.show(this.anythingShipped ? "shipped" : "open", "Released, going on.");
  }

  private passNoReturn(): void {
    this.isPastNoReturn = true;
    this.saga.settle();
  }

  private stopIfCancelled(): void {
    if (this.isPastNoReturn) return;
    const request = this.inbox.takeWaiting("cancel-requested");
    if (request !== undefined) throw new Cancelled(request);
  }

  private async onCancelRequest(request: CancelRequest): Promise<void> {
    if (!this.isPastNoReturn) throw new Cancelled(request);
    await internal.refuseCancellation({ orderId: this.orderId, key: request.key, by: request.by });
  }

  /** Also what the saga had no time to take, because it went on without waiting. */
  private async tellTheRest(): Promise<void> {
    this.takeNotices();
    while (this.notices.isAnythingTold) {
      await this.notices.queue();
      this.takeNotices();
    }
    await Promise.all(this.mails);
  }

  private takeNotices(): void {
    for (
      let message = this.inbox.takeWaiting("tell-shopper");
      message !== undefined;
      message = this.inbox.takeWaiting("tell-shopper")
    )
      this.tell(message.kind, message.about);
  }

  private async refuseLateCancellation(): Promise<void> {
    for (
      let request = this.inbox.takeWaiting("cancel-requested");
      request !== undefined;
      request = this.inbox.takeWaiting("cancel-requested")
    )
      await this.onCancelRequest(request);
  }

  private tell(kind: SagaNoticeKind, about: string): void {
    if (this.ways.goes(QUEUES_MAILS)) {
      this.notices.tell(kind, about);
      return;
    }
    const before = this.ways.goes("mails-in-turn") ? this.mails.at(-1) : undefined;
    const send = () => sendNotice(this.orderId, kind, about);
    this.mails.push(before === undefined ? send() : before.then(send));
  }

  private show(status: SagaStatus, details: string): void {
    setCurrentDetails(details);
    if (status === this.status) return;
    this.status = status;
    upsertSearchAttributes([{ key: HOLDFAST_STATUS, value: status }]);
  }
}
