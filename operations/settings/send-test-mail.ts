/** Sends somebody of the staff the mail of an example order, with a text that need not be set. */
import { randomUUID } from "node:crypto";
import type { NoticeTemplate } from "../../orders/notices/notice-template.ts";
import type { NoticeKind } from "../../orders/notices/notices.ts";
import type { Mailer } from "../../ports/notifications.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { previewMail } from "./change-mail-template.ts";

/** @param mailer null: this process has no mail server */
export async function sendTestMail(
  mailer: Mailer | null,
  asked: { readonly kind: NoticeKind; readonly template: NoticeTemplate; readonly to: string },
): Promise<{ readonly status: "done" } | Refusal> {
  const { kind, template, to } = asked;
  const { mail, problems } = previewMail(kind, template);
  if (mail === null)
    return refuse(
      "mail_template_invalid",
      problems.map(({ part, problem }) => `${part}: ${problem}`).join(" "),
    );
  if (mailer === null) return refuse("mail_not_sent", "There is no mail server.");
  try {
    await mailer.send({ key: `test:${randomUUID()}`, to, ...mail, subject: `[Test] ${mail.subject}` });
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    return refuse("mail_not_sent", `The mail server has not taken it: ${error.message}.`);
  }
  return { status: "done" };
}
