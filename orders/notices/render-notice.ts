/**
 * Makes a notice a mail: facts in; subject, plain text and HTML out. Pure.
 *
 * Owns the look of the shipped text. Leaves its words to `notice-words.ts`, and what people have written in
 * its place to `notice-template.ts`.
 *
 * Invariants (tests cite them): N1 every fact is escaped where it enters HTML, and is one line in a subject;
 * N2 a link that is not http(s) is left out; N3 text and HTML say the same.
 */
import type { Address } from "../address.ts";
import { addressLines, escapeHtml, isWebUrl, moneyText, oneLine } from "./notice-formats.ts";
import { fillTemplate, type NoticeTemplate } from "./notice-template.ts";
import { greetingOf } from "./notice-variables.ts";
import { contentOf, type NoticeContent } from "./notice-words.ts";
import type { Notice, NoticeFacts } from "./notices.ts";

type RenderedNotice = { readonly subject: string; readonly text: string; readonly html: string };

/** @param template what people have written for this kind of notice; absent: the shipped text */
export function renderNotice(
  facts: NoticeFacts,
  notice: Notice,
  template: NoticeTemplate | null = null,
): RenderedNotice {
  const filled = template === null ? null : fillTemplate(template, facts, notice);
  if (filled !== null) return filled;
  const content = contentOf(facts, notice);
  return {
    subject: oneLine(`${content.title}: order ${facts.orderNumber}`),
    text: textOf(facts, content),
    html: htmlOf(facts, content),
  };
}

const STEPS = ["Confirmed", "Shipped", "Out for delivery", "Delivered"] as const;

function textOf(facts: NoticeFacts, content: NoticeContent): string {
  const blocks = [
    [`${facts.shopName} · order ${facts.orderNumber}`],
    [content.title],
    [greetingOf(facts)],
    content.paragraphs,
    content.highlights.map(({ label, value }) => `${label}: ${value}`),
    content.lines.map(
      (line) =>
        `${line.quantity} × ${line.title}${line.total === undefined ? "" : ` – ${moneyText(line.total)}`}`,
    ),
    content.showTotal ? [`Total: ${moneyText(facts.total)}`] : [],
    content.showAddress && facts.shipTo !== null ? ["Delivery to:", ...addressLines(facts.shipTo)] : [],
    isWebUrl(content.action.url) ? [`${content.action.label}: ${content.action.url}`] : [],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.map(oneLine).join("\n"))
    .join("\n\n")}\n`;
}

const INK = "#14211c";
const MUTED = "#5c6b64";
const LINE = "#e2e8e4";
const ACCENT = "#0f6b4f";
const PAPER = "#f3f6f4";
const FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

/** Tables and inline styles, because that is what every mail program renders. */
function htmlOf(facts: NoticeFacts, content: NoticeContent): string {
  const sections = [
    `<h1 style="margin:0 0 12px;font-size:24px;line-height:1.25;font-weight:700;color:${INK}">${escapeHtml(content.title)}</h1>`,
    paragraph(greetingOf(facts)),
    ...content.paragraphs.map(paragraph),
    progressHtml(content.progress),
    highlightsHtml(content.highlights),
    actionHtml(content.action),
    linesHtml(facts, content),
    content.showAddress && facts.shipTo !== null ? addressHtml(facts.shipTo) : "",
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escapeHtml(content.title)}</title>
</head>
<body style="margin:0;padding:0;background:${PAPER};${FONT};color:${INK}">
<div style="display:none;max-height:0;overflow:hidden">${escapeHtml(content.preview)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:${PAPER}"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px">
<tr><td style="padding:0 4px 14px;font-size:14px;color:${MUTED}"><strong style="color:${INK}">${escapeHtml(facts.shopName)}</strong> &nbsp;·&nbsp; order ${escapeHtml(facts.orderNumber)}</td></tr>
<tr><td style="background:#ffffff;border:1px solid ${LINE};border-radius:12px;padding:28px 24px">
${sections.filter((section) => section !== "").join("\n")}
</td></tr>
<tr><td style="padding:16px 4px;font-size:12px;line-height:1.5;color:${MUTED}">You get this message because you ordered at ${escapeHtml(facts.shopName)}.</td></tr>
</table>
</td></tr></table>
</body>
</html>
`;
}

function paragraph(text: string): string {
  return `<p style="margin:0 0 12px;font-size:16px;line-height:1.55">${escapeHtml(text)}</p>`;
}

function progressHtml(progress: NoticeContent["progress"]): string {
  if (progress === null) return "";
  const cells = STEPS.map((step, index) => {
    const done = index < progress;
    const weight = index === progress - 1 ? "600" : "400";
    return `<td width="25%" style="padding:0 3px 0 0;vertical-align:top"><div style="height:5px;border-radius:3px;background:${done ? ACCENT : LINE}"></div><div style="padding-top:6px;font-size:12px;font-weight:${weight};color:${done ? INK : MUTED}">${step}</div></td>`;
  });
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:16px 0 8px"><tr>${cells.join("")}</tr></table>`;
}

function highlightsHtml(highlights: NoticeContent["highlights"]): string {
  if (highlights.length === 0) return "";
  const rows = highlights.map(
    ({ label, value }) =>
      `<div style="padding:4px 0"><div style="font-size:12px;color:${MUTED}">${escapeHtml(label)}</div><div style="font-size:17px;font-weight:600;word-break:break-word">${escapeHtml(value)}</div></div>`,
  );
  return `<div style="margin:16px 0;padding:12px 16px;background:${PAPER};border-radius:8px">${rows.join("")}</div>`;
}

function actionHtml(action: NoticeContent["action"]): string {
  if (!isWebUrl(action.url)) return "";
  return `<table role="presentation" cellpadding="0" cellspacing="0" style="margin:20px 0"><tr><td style="background:${ACCENT};border-radius:8px"><a href="${escapeHtml(action.url)}" style="display:inline-block;padding:13px 22px;font-size:16px;font-weight:600;color:#ffffff;text-decoration:none">${escapeHtml(action.label)}</a></td></tr></table>`;
}

function linesHtml(facts: NoticeFacts, content: NoticeContent): string {
  if (content.lines.length === 0) return "";
  const cell = `padding:10px 0;border-top:1px solid ${LINE};font-size:15px;line-height:1.45`;
  const rows = content.lines.map(
    (line) =>
      `<tr><td style="${cell};color:${MUTED};white-space:nowrap;padding-right:12px;vertical-align:top">${line.quantity} ×</td><td style="${cell}" width="100%">${escapeHtml(line.title)}</td><td align="right" style="${cell};white-space:nowrap;padding-left:12px;vertical-align:top">${line.total === undefined ? "" : escapeHtml(moneyText(line.total))}</td></tr>`,
  );
  const total = content.showTotal
    ? `<tr><td colspan="2" style="${cell};font-weight:600">Total</td><td align="right" style="${cell};font-weight:600;white-space:nowrap">${escapeHtml(moneyText(facts.total))}</td></tr>`
    : "";
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:8px 0">${rows.join("")}${total}</table>`;
}

function addressHtml(address: Address): string {
  return `<div style="margin-top:16px;font-size:12px;color:${MUTED}">Delivery to</div><div style="font-size:15px;line-height:1.5">${addressLines(address).map(escapeHtml).join("<br>")}</div>`;
}
