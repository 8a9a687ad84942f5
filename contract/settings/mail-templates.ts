/** Mail templates: what people write in the place of the shipped text of a mail to the shopper. */
import Type from "typebox";
import { NOTICE_KINDS } from "../../orders/notices/notices.ts";
import { Count, closed, Nullable, oneOf, type Shape, Text, text, Version } from "../shapes.ts";

/** Lines are allowed, other control characters are not. */
const Lines = (maxLength: number) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f\\ud800-\\udfff]*$",
  });

/** BCP 47 in lower case, `de` or `de-at`; `default`: whoever has no template in their language. */
export const MAIL_LANGUAGE = "^(default|[a-z]{2,3}(-[a-z0-9]{2,8}){0,4})$";

const TEMPLATE = {
  subject: text(500),
  text: Lines(50_000),
  /** Null: made of the text. */
  html: Nullable(Lines(100_000)),
};

const TemplateText = Type.Object({ subject: Text, text: Text, html: Nullable(Text) });

export const MailTemplateSummary = Type.Object({
  kind: oneOf(NOTICE_KINDS),
  /** Languages with a text of their own; `default` among them where the shipped text does not count. */
  languages: Type.Array(Text),
});
export type MailTemplateSummary = Shape<typeof MailTemplateSummary>;

export const MailTemplateView = Type.Object({
  kind: oneOf(NOTICE_KINDS),
  language: Text,
  version: Count,
  /** Whether people have written it; else it is the shipped text. */
  own: Type.Boolean(),
  ...TemplateText.properties,
  /** What it can name. */
  variables: Type.Array(Type.Object({ name: Text, meaning: Text })),
});
export type MailTemplateView = Shape<typeof MailTemplateView>;

export const MailTemplateBody = Type.Object({ version: Version, ...TEMPLATE }, closed);
export type MailTemplateBody = Shape<typeof MailTemplateBody>;

export const ShippedTextBody = Type.Object({ version: Version }, closed);

/** A text that is not set yet. */
export const MailDraftBody = Type.Object(TEMPLATE, closed);
export type MailDraftBody = Shape<typeof MailDraftBody>;

export const MailPreview = Type.Object({
  /** Of an example order; null where something is wrong. */
  mail: Nullable(Type.Object({ subject: Text, text: Text, html: Text })),
  problems: Type.Array(
    Type.Object({
      part: oneOf(["subject", "text", "html"]),
      line: Nullable(Count),
      column: Nullable(Count),
      problem: Text,
    }),
  ),
});
export type MailPreview = Shape<typeof MailPreview>;
