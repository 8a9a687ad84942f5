/** What mails to the shopper say: the shipped texts, and what people write in their place. */
import {
  MAIL_LANGUAGE,
  MailDraftBody,
  MailPreview,
  MailTemplateBody,
  MailTemplateSummary,
  MailTemplateView,
  ShippedTextBody,
} from "../../../contract/settings/mail-templates.ts";
import { Done, pageOf } from "../../../contract/shapes.ts";
import { changeMailTemplate, previewMail } from "../../../operations/settings/change-mail-template.ts";
import { sendTestMail } from "../../../operations/settings/send-test-mail.ts";
import { SHIPPED_TEMPLATE } from "../../../orders/notices/notice-template.ts";
import { variablesOf } from "../../../orders/notices/notice-variables.ts";
import { NOTICE_KINDS } from "../../../orders/notices/notices.ts";
import {
  listMailTemplates,
  type MailTemplateKey,
  mailTemplateSubject,
  readMailTemplate,
} from "../../../store/settings/mail-templates.ts";
import { settingVersion } from "../../../store/settings/setting-changes.ts";
import { type Call, callerOf, done, param, personOf, type Route, route } from "../../http/route.ts";
import { ApiError } from "../../wire/problem.ts";

const READ = { kind: "permission", permission: "settings.read" } as const;
const WRITE = { kind: "permission", permission: "mail-templates.write" } as const;
const LANGUAGE = new RegExp(MAIL_LANGUAGE);

export const mailTemplateRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/mail-templates",
    summary: "Every kind of mail to the shopper, with the languages that have a text of their own",
    access: READ,
    reply: pageOf(MailTemplateSummary),
    handle: async (call) => {
      const own = await listMailTemplates(call.services.database, callerOf(call).companyId);
      const items = NOTICE_KINDS.map((kind) => ({
        kind,
        languages: own.flatMap((one) => (one.kind === kind ? [one.language] : [])),
      }));
      return { json: { items, next: null } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/mail-templates/{kind}/{language}",
    summary:
      "What a mail says in a language (`default`: to everybody else), and the variables that it can name",
    access: READ,
    reply: MailTemplateView,
    handle: async (call) => ({ json: await viewOf(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/mail-templates/{kind}/{language}",
    summary: "Sets what a mail says, in Liquid; a name that there is not is refused with its place",
    access: WRITE,
    body: MailTemplateBody,
    reply: MailTemplateView,
    idempotency: "accepted",
    handle: async (call) => {
      const { version, ...template } = call.body;
      const { by } = callerOf(call);
      done(await changeMailTemplate(call.services.operations, keyOf(call), { template, version, by }));
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/mail-templates/{kind}/{language}/use-shipped",
    summary: "Lets the shipped text count again",
    access: WRITE,
    body: ShippedTextBody,
    reply: MailTemplateView,
    idempotency: "accepted",
    handle: async (call) => {
      const { version } = call.body;
      const { by } = callerOf(call);
      done(await changeMailTemplate(call.services.operations, keyOf(call), { template: null, version, by }));
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/mail-templates/{kind}/{language}/preview",
    summary:
      "A mail of an example order with a text that is not set yet, or everything that is wrong with it",
    access: READ,
    body: MailDraftBody,
    reply: MailPreview,
    handle: async (call) => ({ json: previewMail(keyOf(call).kind, call.body) }),
  }),
  route({
    method: "POST",
    path: "/v1/mail-templates/{kind}/{language}/test",
    waitsForOthers: true,
    summary: "Mails that example to the member of staff who asks",
    access: WRITE,
    body: MailDraftBody,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const { kind } = keyOf(call);
      const { mailer } = call.services.people;
      return {
        json: done(await sendTestMail(mailer, { kind, template: call.body, to: personOf(call).email })),
      };
    },
  }),
];

function keyOf(call: Call<unknown, unknown>): MailTemplateKey {
  const kind = NOTICE_KINDS.find((each) => each === param(call, "kind"));
  const language = param(call, "language");
  if (kind === undefined) throw new ApiError("not_found", "There is no such kind of mail.");
  if (!LANGUAGE.test(language))
    throw new ApiError("invalid_request", 'A language is written like "de" or "de-at", or is "default".');
  return { companyId: callerOf(call).companyId, kind, language };
}

async function viewOf(call: Call<unknown, unknown>): Promise<MailTemplateView> {
  const key = keyOf(call);
  const { database } = call.services;
  const own = await readMailTemplate(database, key);
  return {
    kind: key.kind,
    language: key.language,
    version: await settingVersion(database, mailTemplateSubject(key)),
    own: own !== null,
    ...(own ?? SHIPPED_TEMPLATE),
    variables: [...variablesOf(key.kind)],
  };
}
