/** What is needed to deliver webhooks. */
import type { SecretBox } from "../../config/secret-box.ts";
import type { WebhookSender } from "../../ports/webhook-sender.ts";
import type { OperationContext } from "../context.ts";

export type WebhookContext = Pick<OperationContext, "database" | "now"> & {
  readonly box: SecretBox;
  readonly sender: WebhookSender;
  /** Of the pause before the next try; from 0 to 1. Absent: at random. */
  readonly chance?: () => number;
  /** Messages under way to one endpoint at a time. Absent: 32. */
  readonly slots?: number;
  /** Asked before each message; true: no more are sent. Absent: never. */
  readonly isEnding?: () => boolean;
};
