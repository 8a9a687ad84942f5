/** What people have written in the place of the shipped text of mails. Read for each mail that is written. */
import type { NoticeTemplate } from "../../orders/notices/notice-template.ts";
import type { NoticeKind } from "../../orders/notices/notices.ts";
import { byDatabase, inBatches } from "../sql/batched.ts";
import type { Database, Queryable } from "../sql/database.ts";

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

/** What a mail's template is asked for by. */
type WantedTemplate = {
  readonly orderId: string;
  readonly kind: NoticeKind;
  /** BCP 47, as the order has it; null: it says none. */
  readonly language: string | null;
};

/**
 * The template of a mail about an order: in the shopper's language, else in its main language, else the one
 * for everybody; null where the shipped text counts. Mails that are written at once are looked up together.
 */
export const findMailTemplate = byDatabase((database: Database) =>
  inBatches(async (wanted: readonly WantedTemplate[]) => {
    const asked = wanted.map(({ orderId, kind, language }) => {
      const own = language?.toLowerCase() ?? DEFAULT_LANGUAGE;
      const [main = own] = own.split("-");
      return { orderId, kind, languages: [own, main, DEFAULT_LANGUAGE] };
    });
    const { rows } = await database.query<{ nth: number; template: NoticeTemplate }>({
      name: "mail-templates",
      text: `select distinct on (nth) nth::integer,
          jsonb_build_object('subject', t.subject, 'text', t.body, 'html', t.html) as template
        from rows from (jsonb_to_recordset($1) as ("orderId" text, kind text, languages text[]))
            with ordinality as w("orderId", kind, languages, nth)
          join orders o on o.id = w."orderId"
          join mail_template t on t.company_id = o.company_id and t.kind = w.kind and t.language = any(w.languages)
        order by nth, array_position(w.languages, t.language)`,
      values: [JSON.stringify(asked)],
    });
    const found = new Map(rows.map(({ nth, template }) => [nth, template]));
    return wanted.map((_mail, index) => found.get(index + 1) ?? null);
  }),
);

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
