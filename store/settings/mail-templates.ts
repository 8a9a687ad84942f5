/** What people have written in the place of the shipped text of mails. Read for each mail that is written. */
import type { NoticeTemplate } from "../../orders/notices/notice-template.ts";
import type { NoticeKind } from "../../orders/notices/notices.ts";
import type { Queryable } from "../sql/database.ts";

/** Of whoever has no template in their language. */
export const DEFAULT_LANGUAGE = "default";

export type MailTemplateKey = {
  readonly companyId: string;
  readonly kind: NoticeKind;
  readonly language: string;
};

export const mailTemplateSubject = ({ companyId, kind, language }: MailTemplateKey): string =>
  `mail-template:${companyId}:${kind}:${language}`;

/** @returns null where the shipped text counts */
export async function readMailTemplate(
  client: Queryable,
  { companyId, kind, language }: MailTemplateKey,
): Promise<NoticeTemplate | null> {
  const { rows } = await client.query<NoticeTemplate>(
    `select subject, body as text, html from mail_template
      where company_id = $1 and kind = $2 and language = $3`,
    [companyId, kind, language],
  );
  return rows[0] ?? null;
}

/**
 * The template of a mail about an order: in the shopper's language, else in its main language, else the one
 * for everybody.
 *
 * @param language BCP 47, as the order has it; null: it says none
 */
export async function findMailTemplate(
  client: Queryable,
  orderId: string,
  kind: NoticeKind,
  language: string | null,
): Promise<NoticeTemplate | null> {
  const own = language?.toLowerCase() ?? DEFAULT_LANGUAGE;
  const [main = own] = own.split("-");
  const { rows } = await client.query<NoticeTemplate>(
    `select t.subject, t.body as text, t.html from mail_template t
       join orders o on o.company_id = t.company_id and o.id = $1
      where t.kind = $2 and t.language = any($3::text[])
      order by array_position($3::text[], t.language) limit 1`,
    [orderId, kind, [...new Set([own, main, DEFAULT_LANGUAGE])]],
  );
  return rows[0] ?? null;
}

/** Which kinds have texts of their own, in which languages. */
export async function listMailTemplates(
  client: Queryable,
  companyId: string,
): Promise<readonly { readonly kind: string; readonly language: string }[]> {
  const { rows } = await client.query<{ kind: string; language: string }>(
    "select kind, language from mail_template where company_id = $1 order by kind, language",
    [companyId],
  );
  return rows;
}

/** @param template null: the shipped text counts again */
export async function writeMailTemplate(
  client: Queryable,
  { companyId, kind, language }: MailTemplateKey,
  template: NoticeTemplate | null,
): Promise<void> {
  if (template === null) {
    await client.query("delete from mail_template where company_id = $1 and kind = $2 and language = $3", [
      companyId,
      kind,
      language,
    ]);
    return;
  }
  await client.query(
    `insert into mail_template (company_id, kind, language, subject, body, html) values ($1, $2, $3, $4, $5, $6)
     on conflict (company_id, kind, language)
       do update set subject = excluded.subject, body = excluded.body, html = excluded.html`,
    [companyId, kind, language, template.subject, template.text, template.html],
  );
}
