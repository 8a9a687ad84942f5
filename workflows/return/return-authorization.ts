/**
 * The saga of one return, from the shopper's request to the refund. Workflow id = return id.
 *
 *   decideReturn -> buyReturnLabel -> received -> inspected -> restockReturn -> refundReturn
 *
 * A return may be withdrawn until the goods are received. What is refunded follows what was received, never
 * what was announced. Deterministic code, like `order-fulfillment.ts`.
 */
import {
  CancellationScope,
  defineSignal,
  rootCause,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import type { ReturnAuthorizationStatus } from "../../orders/return-authorization.ts";
import type { ReturnInput, ReturnMessage } from "../messages.ts";
import type { SagaNoticeKind } from "../order/activities/notices.ts";
import type { PaidRefund } from "../refund/activities/refunds.ts";
import { Inbox } from "../saga/inbox.ts";
import { Saga } from "../saga/saga.ts";
import { HOLDFAST_STATUS } from "../saga/search-attributes.ts";
import type { StepRefusal } from "../saga/step-refusal.ts";
import { refusalOf } from "../saga/steps.ts";
import { internal, outside, sendNotice } from "./steps.ts";

export const returnMessage = defineSignal<[ReturnMessage]>("returnMessage");

type ReturnOutcome = { readonly status: "refunded" | "declined" | "cancelled" };

export async function returnAuthorization(input: ReturnInput): Promise<ReturnOutcome> {
  const inbox = new Inbox<ReturnMessage>();
  setHandler(returnMessage, (message) => inbox.deliver(message));
  CancellationScope.current().cancelRequested.catch(() =>
    inbox.deliver({ key: "workflow-cancelled", type: "cancelled" }),
  );
  return CancellationScope.nonCancellable(() => new ReturnSaga(input, inbox).run());
}

class ReturnSaga {
  private readonly ids: { readonly orderId: string; readonly returnId: string };
  private readonly inbox: Inbox<ReturnMessage>;
  private readonly saga: Saga;
  private readonly notices: Promise<void>[] = [];

  constructor(input: ReturnInput, inbox: Inbox<ReturnMessage>) {
    this.ids = { orderId: input.orderId, returnId: input.returnId };
    this.inbox = inbox;
    this.saga = new Saga((undo, error, attempt) =>
      internal.reportFailedUndo({
        orderId: input.orderId,
        undo: `${input.returnId}:${undo.name}`,
        detail: rootCause(error) ?? String(error),
        attempt,
      }),
    );
  }

  async run(): Promise<ReturnOutcome> {
    const outcome = await this.steps();
    await Promise.all(this.notices);
    return outcome;
  }

  private async steps(): Promise<ReturnOutcome> {
    const ids = this.ids;
    const decision = await internal.decideReturn(ids);
    if (decision.status === "declined") {
      this.show("declined", decision.detail);
      return { status: "declined" };
    }
    this.show("approved", "Buying the return label.");
    await this.saga.step({ name: "voidReturnLabel", run: () => outside.voidReturnLabel(ids) }, () =>
      this.attempt("buy-return-label", (attempt) => outside.buyReturnLabel({ ...ids, attempt })),
    );
    this.tell("return_approved");

    setCurrentDetails("Waiting for the parcel.");
    const message = await this.inbox.take("received", "cancelled");
    if (message.type === "cancelled") {
      await this.saga.unwind();
      await internal.cancelReturn(ids);
      this.show("cancelled", "Withdrawn before the goods came back.");
      return { status: "cancelled" };
    }
    this.saga.settle();
    this.show("received", "Waiting for the inspection.");
    await this.inbox.take("inspected");
    this.show("inspected", "Putting the goods back and refunding them.");
    await this.attempt("restock-return", () => internal.restockReturn(ids));
    const refund = await this.attempt("refund-return", (attempt) =>
      outside.refundReturn({ ...ids, attempt }),
    );
    this.show("refunded", "Refunded.");
    this.tellRefund(refund);
    return { status: "refunded" };
  }

  /**
   * A refused step waits for the message `retry`, which an operator sends from Temporal's UI once the cause
   * is mended: there is no hold that a return could be put on.
   */
  private async attempt<T extends { readonly status: string }>(
    step: string,
    run: (attempt: number) => Promise<T | StepRefusal>,
  ): Promise<Exclude<T, StepRefusal>> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await run(attempt).catch((error) => refusalOf(error, "payment_failed"));
      if (outcome.status !== "refused") return outcome as Exclude<T, StepRefusal>;
      const { detail } = outcome as StepRefusal;
      await internal.reportReturnStopped({ ...this.ids, step, attempt, detail });
      setCurrentDetails(`Waiting for the message "retry": ${detail}`);
      await this.inbox.take("retry");
    }
  }

  /** A mail says what has happened: nothing was refunded, we have refunded it, or the channel is to. */
  private tellRefund({ status, amountMinor }: PaidRefund): void {
    if (amountMinor === 0) return;
    if (status === "refunded") this.tell("refund_issued");
    // Absent in what the former version wrote, which left this mail to the channel.
    else if (amountMinor !== undefined) this.tell("refund_at_channel");
  }

  private tell(kind: SagaNoticeKind): void {
    this.notices.push(sendNotice(this.ids.orderId, kind, this.ids.returnId));
  }

  private show(status: ReturnAuthorizationStatus, details: string): void {
    setCurrentDetails(details);
    upsertSearchAttributes([{ key: HOLDFAST_STATUS, value: status }]);
  }
}
