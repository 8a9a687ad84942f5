/**
 * The simulators' own pages: overview, mailbox, public tracking. Plain HTML that works on a phone, no script
 * needed.
 */
import type { LabelRecord, Mail, MailSummary, SimulatedScan } from "./simulator-kit/vendor-simulators.ts";

const STYLE = `
:root{--ink:#14211c;--muted:#5c6b64;--line:#e2e8e4;--accent:#0f6b4f;--paper:#f3f6f4;--card:#fff;--tint:#e4f1ec}
@media(prefers-color-scheme:dark){:root{--ink:#e9f0ec;--muted:#9fb0a8;--line:#2b3732;--accent:#5cc9a3;--paper:#101714;--card:#182019;--tint:#1d3229}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
a{color:inherit}
header{display:flex;flex-wrap:wrap;gap:6px 18px;align-items:center;padding:12px 20px;background:var(--card);border-bottom:1px solid var(--line)}
header strong{font-size:16px}
header nav{display:flex;gap:14px;margin-left:auto}
header nav a{color:var(--muted);text-decoration:none;padding:6px 0}
header nav a[aria-current]{color:var(--accent);font-weight:600}
@media(max-width:600px){header .muted{display:none}}
main{max-width:1100px;margin:0 auto;padding:20px}
h1{font-size:20px;margin:0 0 4px}
h2{font-size:15px;margin:0 0 10px}
.muted{color:var(--muted)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:14px;margin:16px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px}
.number{font-size:26px;font-weight:650;line-height:1.2}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:14px}
th{text-align:left;font-weight:500;color:var(--muted);padding:6px 10px 6px 0;white-space:nowrap}
td{padding:8px 10px 8px 0;border-top:1px solid var(--line);white-space:nowrap}
code{font:13px ui-monospace,Menlo,Consolas,monospace}
.badge{display:inline-block;padding:1px 9px;border-radius:99px;background:var(--tint);font-size:12.5px}
button,.button{font:inherit;padding:8px 14px;border:1px solid var(--line);border-radius:8px;background:var(--card);color:inherit;cursor:pointer;text-decoration:none}
button[aria-pressed=true]{background:var(--accent);border-color:var(--accent);color:var(--card);font-weight:600}
form.inline{display:inline}
`;

const INBOX_STYLE = `
body{height:100dvh;display:flex;flex-direction:column}
.mailbox{flex:1;min-height:0;display:grid;grid-template-columns:minmax(280px,360px) 1fr}
.list{overflow-y:auto;background:var(--card);border-right:1px solid var(--line)}
.list form{position:sticky;top:0;padding:12px;background:var(--card);border-bottom:1px solid var(--line)}
.list input{width:100%;font:inherit;padding:9px 12px;border:1px solid var(--line);border-radius:8px;background:var(--paper);color:inherit}
.item{display:block;padding:11px 16px;text-decoration:none;border-bottom:1px solid var(--line)}
.item:hover{background:var(--paper)}
.item[aria-current]{background:var(--tint);box-shadow:inset 3px 0 var(--accent)}
.item .row{display:flex;justify-content:space-between;gap:10px;font-size:13px;color:var(--muted)}
.item .row span:first-child{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.item .subject{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-weight:550}
.pager{display:flex;justify-content:space-between;padding:12px 16px}
.message{display:flex;flex-direction:column;min-width:0;min-height:0}
.head{padding:14px 20px;background:var(--card);border-bottom:1px solid var(--line)}
.head h1{overflow-wrap:anywhere}
.head .muted{font-size:13.5px;overflow-wrap:anywhere}
iframe{flex:1;width:100%;border:0;background:#f3f6f4}
.empty{margin:auto;text-align:center;padding:30px}
.back{display:none}
@media(max-width:760px){
.mailbox{grid-template-columns:1fr}
.mailbox.open .list{display:none}
.mailbox:not(.open) .message{display:none}
.list{border-right:0}
.back{display:inline-block;margin-bottom:8px;color:var(--accent);text-decoration:none;padding:4px 0}
}
`;

function page(
  title: string,
  current: string,
  body: string,
  extra: { readonly style?: string; readonly refresh?: number } = {},
): string {
  const link = (href: string, label: string) =>
    `<a href="${href}"${current === href ? ' aria-current="page"' : ""}>${label}</a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
${extra.refresh === undefined ? "" : `<meta http-equiv="refresh" content="${extra.refresh}">`}
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}${extra.style ?? ""}</style>
</head>
<body>
<header><strong>Holdfast sandbox</strong><span class="muted">the outside world, simulated</span><nav>${link("/", "Overview")}${link("/inbox", "Inbox")}</nav></header>
${body}
</body>
</html>
`;
}

type Overview = {
  readonly speed: number;
  readonly authorizations: number;
  readonly captures: number;
  readonly refunds: number;
  readonly labels: readonly LabelRecord[];
  readonly mails: number;
  readonly webhooksWaiting: number;
  readonly webhookFailure: string | null;
};

/** How many of the newest labels the overview lists. */
const LABELS_LISTED = 25;

export function overviewPage(overview: Overview): string {
  const card = (label: string, value: number | string, note: string) =>
    `<div class="card"><div class="muted">${label}</div><div class="number">${value}</div><div class="muted">${note}</div></div>`;
  const speeds = [1, 5, 20, 100].map(
    (speed) =>
      `<form class="inline" method="post" action="/simulation"><input type="hidden" name="speed" value="${speed}"><button aria-pressed="${speed === overview.speed}">${speed}×</button></form>`,
  );
  const rows = overview.labels
    .slice(-LABELS_LISTED)
    .reverse()
    .map(
      (label) =>
        `<tr><td>${escapeHtml(label.orderReference ?? "")}</td><td>${escapeHtml(label.carrier)} <span class="muted">${escapeHtml(label.service)}</span></td><td><a href="/track/${encodeURIComponent(label.trackingNumber)}"><code>${escapeHtml(label.trackingNumber)}</code></a></td><td><span class="badge">${label.voided ? "voided" : statusText(label.status)}</span>${label.isReturn ? ' <span class="badge">return</span>' : ""}</td><td>${labelLinks(label)}</td></tr>`,
    );
  const table =
    rows.length === 0
      ? '<p class="muted">No label has been bought yet.</p>'
      : `<div class="scroll"><table><thead><tr><th>Order</th><th>Carrier</th><th>Tracking number</th><th>Status</th><th>Label</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
  return page(
    "Holdfast sandbox",
    "/",
    `<main>
<div class="cards">
${card("Payments authorised", overview.authorizations, `${overview.captures} captured, ${overview.refunds} refunds`)}
${card("Labels bought", overview.labels.length, `${overview.labels.filter(({ status }) => status === "delivered").length} delivered`)}
${card("Messages", overview.mails, '<a href="/inbox">open the inbox</a>')}
${card("Webhooks waiting", overview.webhooksWaiting, overview.webhookFailure === null ? "all were taken" : `last failure: ${escapeHtml(overview.webhookFailure)}`)}
</div>
<div class="card" style="margin-bottom:14px"><h2>Pace of parcels</h2>${speeds.join(" ")} <span class="muted">now ${overview.speed}×; at 1× a parcel arrives in about half a minute</span></div>
<div class="card"><h2>Newest labels</h2>${table}</div>
</main>`,
    { refresh: 5 },
  );
}

export function inboxPage(view: {
  readonly mails: readonly MailSummary[];
  readonly total: number;
  readonly filter: string;
  readonly from: number;
  readonly pageSize: number;
  readonly selected: Mail | undefined;
}): string {
  const query = (change: { readonly from?: number }) => {
    const parameters = new URLSearchParams();
    if (view.filter !== "") parameters.set("q", view.filter);
    const from = change.from ?? view.from;
    if (from > 0) parameters.set("from", String(from));
    const text = parameters.toString();
    return text === "" ? "" : `?${escapeHtml(text)}`;
  };
  const items = view.mails.map(
    (mail) =>
      `<a class="item" href="/inbox/${mail.id}${query({})}"${mail.id === view.selected?.id ? ' aria-current="true"' : ""}><div class="row"><span>${escapeHtml(mail.to)}</span><span>${timeText(mail.receivedAt)}</span></div><div class="subject">${escapeHtml(mail.subject)}</div></a>`,
  );
  const newer = Math.max(0, view.from - view.pageSize);
  const older = view.from + view.pageSize;
  const pager =
    view.total <= view.pageSize
      ? ""
      : `<div class="pager">${view.from > 0 ? `<a href="/inbox${query({ from: newer })}">Newer</a>` : "<span></span>"}<span class="muted">${view.from + 1}–${Math.min(older, view.total)} of ${view.total}</span>${older < view.total ? `<a href="/inbox${query({ from: older })}">Older</a>` : "<span></span>"}</div>`;
  const { selected } = view;
  const message =
    selected === undefined
      ? `<div class="empty muted">${view.total > 0 ? "Choose a message." : view.filter === "" ? "No message has arrived yet." : "No message matches."}</div>`
      : `<div class="head"><a class="back" href="/inbox${query({})}">← All messages</a><h1>${escapeHtml(selected.subject)}</h1><div class="muted">From ${escapeHtml(selected.from)} to ${escapeHtml(selected.to)} · ${escapeHtml(selected.receivedAt.slice(0, 19).replace("T", " "))} UTC · <a href="/inbox/${selected.id}/text">plain text</a></div></div><iframe title="Message" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/inbox/${selected.id}/html"></iframe>`;
  return page(
    selected === undefined ? "Inbox" : selected.subject,
    "/inbox",
    `<div class="mailbox${selected === undefined ? "" : " open"}"><nav class="list" aria-label="Messages"><form action="/inbox"><input type="search" name="q" value="${escapeHtml(view.filter)}" placeholder="Search recipient or subject" aria-label="Search"></form>${items.join("")}${pager}</nav><main class="message" style="max-width:none;margin:0;padding:0">${message}</main></div>`,
    { style: INBOX_STYLE, ...(selected === undefined && view.filter === "" ? { refresh: 5 } : {}) },
  );
}

/** The message itself, for the frame: links open outside of it. */
export function mailFrame(mail: Mail): string {
  if (mail.html === "") {
    return `<!doctype html><meta charset="utf-8"><base target="_blank"><pre style="white-space:pre-wrap;font:15px/1.5 system-ui;padding:20px">${escapeHtml(mail.text)}</pre>`;
  }
  return mail.html.replace(/<head>/i, '<head><base target="_blank">');
}

export function trackingPage(label: LabelRecord, scans: readonly SimulatedScan[]): string {
  const rows = [...scans].reverse().map(({ at, message, place }) => {
    const where = [place.city, place.state, place.country].filter((part) => part !== "").join(", ");
    return `<tr><td class="muted">${escapeHtml(at.slice(0, 19).replace("T", " "))} UTC</td><td>${escapeHtml(message)}</td><td class="muted">${escapeHtml(where)}</td></tr>`;
  });
  const table =
    rows.length === 0
      ? '<p class="muted">The carrier has not seen this parcel yet.</p>'
      : `<div class="scroll"><table>${rows.join("")}</table></div>`;
  return page(
    `${label.carrier} ${label.trackingNumber}`,
    "/track",
    `<main><div class="card"><p class="muted" style="margin:0">${escapeHtml(label.carrier)} ${escapeHtml(label.service)}</p><h1><code style="font-size:18px;overflow-wrap:anywhere">${escapeHtml(label.trackingNumber)}</code></h1><p><span class="badge">${label.voided ? "voided" : statusText(label.status)}</span></p>${table}</div></main>`,
    { refresh: 5 },
  );
}

function labelLinks({ labelId }: LabelRecord): string {
  if (labelId === null) return "";
  const file = `/label-files/${encodeURIComponent(labelId)}`;
  return `<a href="${file}.pdf">PDF</a> · <a href="${file}.zpl">ZPL</a>`;
}

function statusText(status: string): string {
  return status === "unknown" ? "label bought" : status.replaceAll("_", " ");
}

function timeText(at: string): string {
  return at.slice(11, 16);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
