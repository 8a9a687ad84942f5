/**
 * The saga of one return, from the request until every announced unit has come and is settled, or is no
 * longer awaited. Workflow id = return id.
 *
 *   until nothing is left: askNextStep -> do it, or wait for the next message
 *     (decideReturn; buyReturnLabel; of each inspection stockInspection -> refundInspection, or
 *     undoInspection)
 *
 * R1. The saga keeps no account of the goods: the store says what is next (`orders/return-authorization.ts`).
 *     A message only says that it is time to ask. So it can be started again after its end, when units come
 *     late.
 * R2. What is refunded follows what was received, never what was announced.
 * R3. A refused step waits for a person, who sends `retry`, or corrects the inspection that it is about.
 *
 * Deterministic code, like `order-fulfillment.ts`.
 */
import {
  CancellationScope,
  defineSignal,
  patched,
  rootCause,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import type { ReturnAuthorizationStatus, ReturnStep } from "../../orders/return-authorization.ts";
import type { ReturnInput, ReturnMessage } from "../messages.ts";
import type { SagaNoticeKind } from "../order/activities/notices.ts";
import { Notices, QUEUES_MAILS } from "../order/notices.ts";
import type { PaidRefund } from "../refund/activities/refunds.ts";
import { Inbox } from "../saga/inbox.ts";
import { Saga } from "../saga/saga.ts";
import { HOLDFAST_STATUS } from "../saga/search-attributes.ts";
import type { StepRefusal } from "../saga/step-refusal.ts";
import { refusalOf } from "../saga/steps.ts";
import { internal, outside, sendNotice } from "./steps.ts";

export const returnMessage = defineSignal<[ReturnMessage]>("returnMessage");

/**
 * The version that asks the store. Runs of the former version turn to it where they are once they are live; a
 * recorded history goes its old way.
 */
const ASKS_THE_STORE = "return-asks-the-store";

const MESSAGES = [
  "received",
  "inspected",
  "reopened",
  "decided",
  "closed",
  "cancelled",
  "retry",
] as const satisfies readonly ReturnMessage["type"][];

/** What wakes a return whose step was refused. */
const MENDED = [
  "retry",
  "reopened",
  "closed",
  "cancelled",
] as const satisfies readonly ReturnMessage["type"][];

const WAITING: Readonly<Record<Extract<ReturnStep, { do: "wait" }>["for"], string>> = {
  decision: "A person decides.",
  goods: "Waiting for the goods.",
  inspection: "Waiting for the inspection.",
};

type ReturnOutcome = { readonly status: "refunded" | "declined" | "cancelled" };

export async function returnAuthorization(input: ReturnInput): Promise<ReturnOutcome> {
  const inbox = new Inbox<ReturnMessage>();
  for (const message of input.again?.messages ?? []) inbox.deliver(message);
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
  private shown: ReturnAuthorizationStatus | null = null;
  private readonly notices: Notices;
  /** Mails of the former version, which were steps beside the others. */
  private readonly mails = new Map<string, Promise<void>>();
  /** How often a step was asked for: each attempt has a key of its own. */
  private readonly attempts = new Map<string, number>();

  constructor(input: ReturnInput, inbox: Inbox<ReturnMessage>) {
    this.ids = { orderId: input.orderId, returnId: input.returnId };
    this.inbox = inbox;
    this.notices = new Notices(input.orderId);
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
    const outcome = patched(ASKS_THE_STORE) ? await this.followStore() : await this.goAsBefore();
    await this.sendTold();
    return outcome;
  }

  private async followStore(): Promise<ReturnOutcome> {
    for (;;) {
      if (this.notices.isAnythingTold) await this.notices.queue();
      const { step, status, patienceMs } = await internal.askNextStep(this.ids);
      this.show(status, step.do === "wait" ? WAITING[step.for] : `Next: ${step.do}.`);
      if (step.do === "wait") await this.wait(step.for, patienceMs);
      else if (step.do !== "end") await this.take(step);
      else {
        if (status === "declined") this.tell("return_declined");
        if (status === "cancelled") await this.giveLabelBack();
        if (status === "declined" || status === "cancelled") await internal.cancelExchangeOf(this.ids);
        await this.sendTold();
        // Whoever has spoken meanwhile is heard: a run that has ended hears nothing.
        if (this.inbox.drain()) continue;
        return { status: status === "declined" || status === "cancelled" ? status : "refunded" };
      }
    }
  }

  private async wait(what: Extract<ReturnStep, { do: "wait" }>["for"], patienceMs: number): Promise<void> {
    if (what === "goods") this.tell("return_approved");
    if (this.notices.isAnythingTold) await this.notices.queue();
    const message =
      what === "goods"
        ? await this.inbox.takeWithin(patienceMs, ...MESSAGES)
        : await this.inbox.take(...MESSAGES);
    if (message === undefined) await internal.giveUpRest(this.ids);
    if (message?.type === "cancelled") await internal.cancelReturn(this.ids);
  }

  private async take(step: Exclude<ReturnStep, { do: "wait" | "end" }>): Promise<void> {
    const ids = this.ids;
    switch (step.do) {
      case "decide":
        await internal.decideReturn(ids);
        return;
      case "buy-label":
        await this.once("buy-return-label", (attempt) => outside.buyReturnLabel({ ...ids, attempt }));
        return;
      case "stock":
        await this.once(`restock-return:${step.inspectionId}`, () =>
          internal.stockInspection({ ...ids, inspectionId: step.inspectionId }),
        );
        return;
      case "undo-stock":
        await this.once(`undo-inspection:${step.inspectionId}`, () =>
          internal.undoInspection({ ...ids, inspectionId: step.inspectionId }),
        );
        return;
      case "refund": {
        const { inspectionId } = step;
        const refund = await this.once(`refund-return:${inspectionId}`, (attempt) =>
          outside.refundInspection({ ...ids, inspectionId, attempt }),
        );
        if (refund !== null) this.tellRefund(refund, refund.refundId ?? ids.returnId);
        return;
      }
      default: {
        const unreachable: never = step;
        return unreachable;
      }
    }
  }

  /** Takes a step. Where it is refused, somebody is told and waited for; the store then says what is next. */
  private async once<T extends { readonly status: string }>(
    step: string,
    run: (attempt: number) => Promise<T | StepRefusal>,
  ): Promise<Exclude<T, StepRefusal> | null> {
    const attempt = (this.attempts.get(step) ?? 0) + 1;
    this.attempts.set(step, attempt);
    const outcome = await run(attempt).catch((error) => refusalOf(error, "payment_failed"));
    if (outcome.status !== "refused") return outcome as Exclude<T, StepRefusal>;
    const { detail } = outcome as StepRefusal;
    await internal.reportReturnStopped({ ...this.ids, step, attempt, detail });
    setCurrentDetails(`Waiting for the message "retry": ${detail}`);
    const message = await this.inbox.take(...MENDED);
    if (message.type === "cancelled") await internal.cancelReturn(this.ids);
    return null;
  }

  /** The way of the former version, until this run is live: then the store says how to go on. */
  private async goAsBefore(): Promise<ReturnOutcome> {
    const ids = this.ids;
    const decision = await internal.decideReturn(ids);
    if (patched(ASKS_THE_STORE)) return this.followStore();
    if (decision.status === "declined") {
      this.show("declined", decision.detail);
      return { status: "declined" };
    }
    this.show("approved", "Buying the return label.");
    await this.attempt("buy-return-label", (attempt) => outside.buyReturnLabel({ ...ids, attempt }));
    this.tell("return_approved");
    if (this.notices.isAnythingTold) await this.notices.queue();
    setCurrentDetails("Waiting for the parcel.");
    const message = await this.inbox.take("received", "cancelled", "closed", "reopened");
    if (patched(ASKS_THE_STORE)) return this.turn(message.type);
    if (message.type === "cancelled") {
      await this.giveLabelBack();
      await internal.cancelReturn(ids);
      this.show("cancelled", "Withdrawn before the goods came back.");
      return { status: "cancelled" };
    }
    this.show("received", "Waiting for the inspection.");
    await this.inbox.take("inspected", "reopened");
    if (patched(ASKS_THE_STORE)) return this.followStore();
    this.show("inspected", "Putting the goods back and refunding them.");
    await this.attempt("restock-return", () => internal.restockReturn(ids));
    const refund = await this.attempt("refund-return", (attempt) =>
      outside.refundReturn({ ...ids, attempt }),
    );
    this.show("refunded", "Refunded.");
    this.tellRefund(refund, ids.returnId);
    if (patched(ASKS_THE_STORE)) return this.followStore();
    return { status: "refunded" };
  }

  private async turn(message: ReturnMessage["type"]): Promise<ReturnOutcome> {
    if (message === "cancelled") await internal.cancelReturn(this.ids);
    return this.followStore();
  }

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

  private async giveLabelBack(): Promise<void> {
    this.saga.undoWith({ name: "voidReturnLabel", run: () => outside.voidReturnLabel(this.ids) });
    await this.saga.unwind();
  }

  /** A mail says what has happened: nothing was refunded, we have refunded it, or the channel is to. */
  private tellRefund({ status, amountMinor }: PaidRefund, about: string): void {
    if (amountMinor === 0) return;
    if (status === "refunded") this.tell("refund_issued", about);
    // Absent in what the former version wrote, which left this mail to the channel.
    else if (amountMinor !== undefined) this.tell("refund_at_channel", about);
  }

  private tell(kind: SagaNoticeKind, about = this.ids.returnId): void {
    if (patched(QUEUES_MAILS)) {
      this.notices.tell(kind, about);
      return;
    }
    const key = `${kind}:${about}`;
    if (!this.mails.has(key)) this.mails.set(key, sendNotice(this.ids.orderId, kind, about));
  }

  private async sendTold(): Promise<void> {
    if (this.notices.isAnythingTold) await this.notices.queue();
    await Promise.all(this.mails.values());
  }

  private show(status: ReturnAuthorizationStatus, details: string): void {
    setCurrentDetails(details);
    if (status === this.shown) return;
    this.shown = status;
    upsertSearchAttributes([{ key: HOLDFAST_STATUS, value: status }]);
  }
}
