/**
 * Sets what a mail to the shopper says, or lets the shipped text count again: for mails that are written from
 * then on, in every process. What cannot be filled in is refused with its place.
 */
import type { MailPreview } from "../../contract/settings/mail-templates.ts";
import { EXAMPLE_FACTS, EXAMPLE_NOTICES } from "../../orders/notices/example-notices.ts";
import {
  checkTemplate,
  type NoticeTemplate,
  type TemplateProblem,
} from "../../orders/notices/notice-template.ts";
import type { NoticeKind } from "../../orders/notices/notices.ts";
import { renderNotice } from "../../orders/notices/render-notice.ts";
import {
  type MailTemplateKey,
  mailTemplateSubject,
  readMailTemplate,
  writeMailTemplate,
} from "../../store/settings/mail-templates.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/** @param template null: the shipped text */
export async function changeMailTemplate(
  context: OperationContext,
  key: MailTemplateKey,
  change: { readonly template: NoticeTemplate | null; readonly version: number; readonly by: string },
): Promise<SettingChanged | Refusal> {
  const { template, version, by } = change;
  const [first] = template === null ? [] : problemsOf(key.kind, template);
  if (first !== undefined) return refuse("mail_template_invalid", sentenceOf(first));
  return changeSetting<{ template: NoticeTemplate | null }>(context, {
    subject: mailTemplateSubject(key),
    version,
    by,
    read: async (client) => ({ template: await readMailTemplate(client, key) }),
    next: () => ({ template }),
    write: (client, next) => writeMailTemplate(client, key, next.template),
  });
}

/** A mail of an example order, with what is wrong with its text. */
export function previewMail(kind: NoticeKind, template: NoticeTemplate): MailPreview {
  const problems = problemsOf(kind, template);
  const mail = problems.length > 0 ? null : renderNotice(EXAMPLE_FACTS, EXAMPLE_NOTICES[kind], template);
  return { mail, problems: [...problems] };
}

function problemsOf(kind: NoticeKind, template: NoticeTemplate): readonly TemplateProblem[] {
  return checkTemplate(kind, template, { facts: EXAMPLE_FACTS, notice: EXAMPLE_NOTICES[kind] });
}

function sentenceOf({ part, line, column, problem }: TemplateProblem): string {
  const place = line === null ? part : `${part}, line ${line}, column ${column ?? 1}`;
  return `${place}: ${problem}`;
}
