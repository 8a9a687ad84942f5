/** Mails to people who work here: the link by which they set a password. Pure. */
import { escapeHtml } from "../../orders/notices/notice-formats.ts";
import type { LinkPurpose } from "../../store/access/password-links.ts";

export type StaffMail = {
  /** Names the mail, so that a repeat of it is known as one; gives nothing of the link away. */
  readonly key: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
};

/**
 * The page that takes a link's token. It stands behind `#`, where no server and no log of a proxy sees it.
 */
export function passwordLink(publicUrl: string, token: string): string {
  return `${publicUrl}/password#${token}`;
}

const WORDS = {
  invitation: {
    subject: "Your account at Holdfast",
    lead: "An account has been made for you. Choose a password for it:",
    end: "The link counts once, for seven days. If you did not expect this mail, leave it alone.",
  },
  reset: {
    subject: "A new password for Holdfast",
    lead: "Somebody asked for a new password for your account. Choose it here:",
    end: "The link counts once, for an hour. If it was not you, leave this mail alone: your password stays as it is.",
  },
} as const;

export function passwordMail(
  person: { readonly email: string; readonly name: string },
  purpose: LinkPurpose,
  link: string,
  key: string,
): StaffMail {
  const { subject, lead, end } = WORDS[purpose];
  const greeting = `Hello ${person.name},`;
  return {
    key,
    to: person.email,
    subject,
    text: `${[greeting, lead, link, end].join("\n\n")}\n`,
    html: [
      '<!doctype html><html lang="en"><body style="font-family:sans-serif;font-size:16px;line-height:1.5">',
      ...[greeting, lead].map((text) => `<p>${escapeHtml(text)}</p>`),
      `<p><a href="${escapeHtml(link)}">${escapeHtml(link)}</a></p>`,
      `<p>${escapeHtml(end)}</p>`,
      "</body></html>",
    ].join(""),
  };
}
