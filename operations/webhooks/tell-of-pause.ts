/**
 * The administrators are told by mail that a webhook was paused: nobody else would notice. A mail that could
 * not be sent is sent later; a process that dies after it sends it once more, under the same key.
 */
import { escapeHtml } from "../../orders/notices/notice-formats.ts";
import type { Mailer } from "../../ports/notifications.ts";
import { administrators } from "../../store/access/staff.ts";
import { pausesToTell, pauseWasTold, type UntoldPause } from "../../store/settings/webhook-subscriptions.ts";
import type { Database } from "../../store/sql/database.ts";

export type PauseTelling = {
  readonly mailer: Mailer;
  /** Base of links. */
  readonly publicUrl: string;
};

/** @throws ServiceFault where the mail server did not take a mail */
export async function tellOfPauses(database: Database, { mailer, publicUrl }: PauseTelling): Promise<void> {
  for (const pause of await pausesToTell(database)) {
    for (const person of await administrators(database, pause.companyId))
      await mailer.send(pauseMail(person, pause, publicUrl));
    await pauseWasTold(database, pause.id);
  }
}

export function pauseMail(
  person: { readonly email: string; readonly name: string },
  pause: Pick<UntoldPause, "id" | "name" | "url" | "reason" | "failingSince">,
  publicUrl: string,
) {
  const { id, name, url, reason, failingSince } = pause;
  const since = failingSince?.toISOString() ?? "";
  const link = `${publicUrl}/settings?view=webhooks&webhook=${encodeURIComponent(id)}`;
  const paragraphs = [
    `Hello ${person.name},`,
    reason === "gone"
      ? `the webhook "${name}" (${url}) answered that it is gone, so nothing is sent to it any more.`
      : `the webhook "${name}" (${url}) has taken nothing since ${since}, so nothing is sent to it any more.`,
    "What happens meanwhile is not lost: it is told, in order, as soon as the webhook is switched on again.",
    link,
  ];
  return {
    key: `webhook-paused:${id}:${since}:${person.email}`,
    to: person.email,
    subject: `The webhook ${name} is paused`,
    text: `${paragraphs.join("\n\n")}\n`,
    html: [
      '<!doctype html><html lang="en"><body style="font-family:sans-serif;font-size:16px;line-height:1.5">',
      ...paragraphs.slice(0, -1).map((text) => `<p>${escapeHtml(text)}</p>`),
      `<p><a href="${escapeHtml(link)}">${escapeHtml(link)}</a></p>`,
      "</body></html>",
    ].join(""),
  };
}
