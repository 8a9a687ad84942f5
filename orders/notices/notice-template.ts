/**
 * Mail templates that people write: Liquid, as shops know it, cut down to what a mail needs.
 *
 * Owns what a template may hold, what is wrong with one, and how it is filled in. Leaves what it can name to
 * `notice-variables.ts`, and the mail without a template to `render-notice.ts`.
 *
 * T1 A template runs no code and reaches nothing but its variables: tags and filters are a short list, no
 *    file is read, and inherited properties do not exist.
 * T2 In HTML every value is escaped; there is no filter that takes it away.
 * T3 What fills a mail is bounded: a template cannot hold up the process or grow beyond `MOST_CHARACTERS`.
 * T4 A template that was accepted can be filled in for every order (V1). If it cannot after all, the shopper
 *    gets the shipped text: a mail that tells of a parcel is not lost to a template.
 */
import { Liquid, LiquidError, type Template } from "liquidjs";
import { escapeHtml } from "./notice-formats.ts";
import { valuesOf, variablesOf } from "./notice-variables.ts";
import type { Notice, NoticeFacts, NoticeKind } from "./notices.ts";

export type NoticeTemplate = {
  readonly subject: string;
  readonly text: string;
  /** Null: made of the text. */
  readonly html: string | null;
};

export type TemplatePart = keyof NoticeTemplate;

export type TemplateProblem = {
  readonly part: TemplatePart;
  /** From 1; null: it is about the part as a whole. */
  readonly line: number | null;
  readonly column: number | null;
  /** A sentence. */
  readonly problem: string;
};

export type FilledTemplate = { readonly subject: string; readonly text: string; readonly html: string };

/** Of each part that is filled in: far above what a mail of an order of a thousand lines takes. */
const MOST_CHARACTERS = 500_000;
const LONGEST_SUBJECT = 500;

const TAGS: ReadonlySet<string> = new Set([
  "assign",
  "break",
  "case",
  "comment",
  "continue",
  "for",
  "if",
  "unless",
  "raw",
  "#",
]);

const FILTERS: ReadonlySet<string> = new Set([
  "append",
  "capitalize",
  "default",
  "downcase",
  "first",
  "join",
  "last",
  "prepend",
  "remove",
  "replace",
  "size",
  "slice",
  "split",
  "strip",
  "truncate",
  "truncatewords",
  "upcase",
]);

/** What runs code where a mail program lets it, or loads or sends something. */
const UNSAFE_HTML =
  /<\s*(script|iframe|object|embed|form|base|link|meta\s+http-equiv)\b|\son[a-z]+\s*=|javascript:/i;

const plain = engineOf(false);
const markup = engineOf(true);
/** To check with: a name that there is not is an error. Mails are filled in without, see T4. */
const strictPlain = engineOf(false, true);
const strictMarkup = engineOf(true, true);

function engineOf(isHtml: boolean, isStrict = false): Liquid {
  const engine = new Liquid({
    strictFilters: true,
    strictVariables: isStrict,
    ownPropertyOnly: true,
    // Nothing is included: not from files either.
    templates: {},
    parseLimit: 200_000,
    renderLimit: 1_000,
    memoryLimit: 5_000_000,
    ...(isHtml ? { outputEscape: (value: unknown) => escapeHtml(printed(value)) } : {}),
  });
  for (const name of Object.keys(engine.tags)) if (!TAGS.has(name)) delete engine.tags[name];
  for (const name of Object.keys(engine.filters)) if (!FILTERS.has(name)) delete engine.filters[name];
  return engine;
}

function printed(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}

/** Everything that is wrong with a template, by its place; empty: it can be used. */
export function checkTemplate(
  kind: NoticeKind,
  template: NoticeTemplate,
  example: { readonly facts: NoticeFacts; readonly notice: Notice },
): readonly TemplateProblem[] {
  const known = new Set(variablesOf(kind).map(({ name }) => name));
  const values = valuesOf(example.facts, example.notice);
  return [
    ...(template.subject.trim() === ""
      ? [{ part: "subject" as const, line: null, column: null, problem: "It is empty." }]
      : []),
    ...(template.text.trim() === ""
      ? [{ part: "text" as const, line: null, column: null, problem: "It is empty." }]
      : []),
    ...problemsOf("subject", template.subject, strictPlain, known, values),
    ...problemsOf("text", template.text, strictPlain, known, values),
    ...(template.html === null
      ? []
      : [...unsafeIn(template.html), ...problemsOf("html", template.html, strictMarkup, known, values)]),
  ];
}

function problemsOf(
  part: TemplatePart,
  source: string,
  engine: Liquid,
  known: ReadonlySet<string>,
  values: Readonly<Record<string, unknown>>,
): readonly TemplateProblem[] {
  let parsed: Template[];
  try {
    parsed = engine.parse(source);
  } catch (error) {
    return [problemOf(part, error)];
  }
  const { globals } = engine.analyzeSync(parsed, { partials: false });
  const unknown = Object.entries(globals).flatMap(([name, uses]) =>
    known.has(name)
      ? []
      : uses.map(({ location }) => ({
          part,
          line: location.row,
          column: location.col,
          problem: `There is no variable "${name}" in this mail.`,
        })),
  );
  if (unknown.length > 0) return unknown;
  try {
    const filled: string = engine.renderSync(parsed, values);
    if (filled.length > MOST_CHARACTERS)
      return [
        { part, line: null, column: null, problem: `It is longer than ${MOST_CHARACTERS} characters.` },
      ];
  } catch (error) {
    return [problemOf(part, error)];
  }
  return [];
}

/** What the library says, without its place behind it. */
function problemOf(part: TemplatePart, error: unknown): TemplateProblem {
  if (!(error instanceof Error) || !LiquidError.is(error)) throw error;
  const [line, column] = error.token.getPosition();
  const said = error.message.replace(/(, file:.*)?, line:\d+, col:\d+.*$/s, "");
  const sentence = said.charAt(0).toUpperCase() + said.slice(1);
  return {
    part,
    line: line ?? null,
    column: column ?? null,
    problem: /[.!?]$/.test(sentence) ? sentence : `${sentence}.`,
  };
}

function unsafeIn(html: string): readonly TemplateProblem[] {
  const found = UNSAFE_HTML.exec(html);
  if (found === null) return [];
  const before = html.slice(0, found.index).split("\n");
  return [
    {
      part: "html",
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      problem: `"${found[0].trim()}" has no place in a mail: it would run or load something.`,
    },
  ];
}

/** @returns null where it cannot be filled in after all: then the shipped text is sent (T4) */
export function fillTemplate(
  template: NoticeTemplate,
  facts: NoticeFacts,
  notice: Notice,
): FilledTemplate | null {
  const values = valuesOf(facts, notice);
  try {
    const line: string = plain.parseAndRenderSync(template.subject, values);
    const body: string = plain.parseAndRenderSync(template.text, values);
    const markedUp: string | null =
      template.html === null ? null : markup.parseAndRenderSync(template.html, values);
    // What is too long is not gone through once more.
    if ([line, body, markedUp ?? ""].some(({ length }) => length > MOST_CHARACTERS)) return null;
    const subject = line.replace(/\s+/g, " ").trim();
    const text = `${body.trim()}\n`;
    const html = markedUp ?? htmlOfText(text);
    if (html.length > MOST_CHARACTERS || subject === "") return null;
    return { subject: subject.slice(0, LONGEST_SUBJECT), text, html };
  } catch (error) {
    if (error instanceof Error && LiquidError.is(error)) return null;
    throw error;
  }
}

/** The text as HTML: its paragraphs, with what is a web address as a link. */
function htmlOfText(text: string): string {
  const paragraphs = text
    .trim()
    .split(/\n{2,}/)
    .map((paragraph) => {
      const lines = paragraph.split("\n").map(linked);
      return `<p style="margin:0 0 14px">${lines.join("<br>")}</p>`;
    });
  return `<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
</head>
<body style="margin:0;padding:24px 16px;font:16px/1.55 -apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;color:#14211c">
<div style="max-width:560px;margin:0 auto">
${paragraphs.join("\n")}
</div>
</body>
</html>
`;
}

function linked(line: string): string {
  return line
    .split(/(https?:\/\/[^\s"'<>]*[^\s"'<>.,;:!?)])/)
    .map((part, index) =>
      index % 2 === 1 ? `<a href="${escapeHtml(part)}">${escapeHtml(part)}</a>` : escapePart(part),
    )
    .join("");
}

/** `escapeHtml` trims, and a part of a line keeps its blanks. */
function escapePart(part: string): string {
  const escaped = escapeHtml(part);
  const lead = /^\s/.test(part) ? " " : "";
  // Not /\s*$/: its time would grow with the square of the blanks within a line (T3).
  const tail = escaped !== "" && /\s$/.test(part) ? " " : "";
  return `${lead}${escaped}${tail}`;
}

/** The shipped text as a template, to begin from: what it makes is what is sent without one. */
export const SHIPPED_TEMPLATE: NoticeTemplate = {
  subject: "{{ title }}: order {{ orderNumber }}",
  text: `{{ shopName }} · order {{ orderNumber }}

{{ title }}

{{ greeting }}

{% for paragraph in paragraphs -%}
{{ paragraph }}
{% endfor -%}
{% if highlights.size > 0 %}
{% for highlight in highlights -%}
{{ highlight.label }}: {{ highlight.value }}
{% endfor -%}
{% endif -%}
{% if lines.size > 0 %}
{% for line in lines -%}
{{ line.quantity }} × {{ line.title }}{% if line.total %} – {{ line.total }}{% endif %}
{% endfor -%}
{% endif -%}
{% if showTotal %}
Total: {{ total }}
{% endif -%}
{% if address.size > 0 %}
Delivery to:
{% for part in address -%}
{{ part }}
{% endfor -%}
{% endif -%}
{% if action.url %}
{{ action.label }}: {{ action.url }}
{% endif %}`,
  html: null,
};
