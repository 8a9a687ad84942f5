/**
 * What a saga tells the shopper. A mail is queued as a step like any other, and a relay sends it
 * (`workflows/runtime/mail-relay.ts`): the saga never waits for a mail server.
 *
 * No mail is a step beside the others. Local steps that run side by side end in another order when their
 * history is replayed, so that a saga which has lost its memory goes another way than it went, and stops.
 */
import type { SagaNoticeKind } from "./activities/notices.ts";
import { internal } from "./steps.ts";

/** The version that queues its mails. Before, they were steps beside the others. */
export const QUEUES_MAILS = "queues-mails";

type ToldNotice = { readonly kind: SagaNoticeKind; readonly about: string };

export class Notices {
  private readonly orderId: string;
  /** One of each kind about one thing, for ever: the shopper is told once. */
  private readonly known = new Set<string>();
  private readonly waiting: ToldNotice[] = [];

  constructor(orderId: string) {
    this.orderId = orderId;
  }

  tell(kind: SagaNoticeKind, about: string): void {
    const key = `${kind}:${about}`;
    if (this.known.has(key)) return;
    this.known.add(key);
    this.waiting.push({ kind, about });
  }

  /** What is to be queued by another step. */
  take(): readonly ToldNotice[] {
    return this.waiting.splice(0);
  }

  /** Whether `queue` has anything to do. Recorded histories know of no such step. */
  get isAnythingTold(): boolean {
    return this.waiting.length > 0;
  }

  async queue(): Promise<void> {
    await internal.queueMails({ orderId: this.orderId, mails: this.take() });
  }
}
