/**
 * The mailer port over SMTP.
 *
 * A message's `Message-ID` is a digest of its key and its text. SMTP has no idempotency: a message whose
 * acceptance was lost is sent again, and mailboxes and archives recognise the repeat by that id. One that
 * says something else is none: after a restore a mail may have a new code in it, and mailboxes must show it.
 */
import { createHash } from "node:crypto";
import { createTransport } from "nodemailer";
import type { Mailer } from "../../../ports/notifications.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";

/** Connections kept open. A mail server that wants fewer answers 421, which is retryable. */
const CONNECTIONS = 4;
const TIMEOUT_MS = 20_000;

export function createSmtpMailer(options: {
  /** `smtp://user:password@host:587` or `smtps://…`. */
  readonly url: string;
  /** `Shop name <orders@shop.example>`. */
  readonly from: string;
  /** Nothing is sent before the connection is encrypted, even where the server offers no encryption. */
  readonly requireTls?: boolean;
  /** PEM of the authority that the server's certificate must come from; absent: the usual authorities. */
  readonly ca?: string | null;
}): Mailer & { close(): void; verify(): Promise<void> } {
  const server = new URL(options.url);
  const transport = createTransport({
    pool: true,
    maxConnections: CONNECTIONS,
    maxMessages: 1_000,
    host: server.hostname,
    port: server.port === "" ? (server.protocol === "smtps:" ? 465 : 587) : Number(server.port),
    secure: server.protocol === "smtps:",
    // Who sits in between can take the offer of STARTTLS out of the server's words.
    requireTLS: options.requireTls ?? false,
    ...(options.ca == null ? {} : { tls: { ca: options.ca } }),
    // Content comes only from our templates. Nothing in a message may make nodemailer open a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    ...(server.username === ""
      ? {}
      : { auth: { user: decodeURIComponent(server.username), pass: decodeURIComponent(server.password) } }),
  });
  const domain = /@([^\s>]+)>?\s*$/.exec(options.from)?.[1] ?? "localhost";

  return {
    async send(message) {
      try {
        await transport.sendMail({
          messageId: `<${messageIdOf(message)}@${domain}>`,
          from: options.from,
          to: { name: "", address: message.to },
          subject: message.subject,
          text: message.text,
          html: message.html,
          // Asks programs such as out-of-office answers not to reply.
          headers: { "Auto-Submitted": "auto-generated" },
        });
      } catch (cause) {
        const status = responseCodeOf(cause);
        throw new ServiceFault("The mail server did not take the message", {
          service: "smtp",
          code: status === null ? "network_error" : `smtp_${status}`,
          // 5xx is SMTP's "never": a bad address, a refused sender.
          retryable: status === null || status < 500,
          status,
          cause,
        });
      }
    },
    /** Connects, encrypts and signs in as for a mail, and sends none. */
    async verify() {
      try {
        await transport.verify();
      } catch (cause) {
        throw new ServiceFault(`The mail server refused the connection: ${wordsOf(cause)}`, {
          service: "smtp",
          code: "network_error",
          retryable: true,
          status: responseCodeOf(cause),
          cause,
        });
      }
    },
    close: () => transport.close(),
  };
}

/** The local part of its `Message-ID`: stable, and without anything that the key or the text contains. */
export function messageIdOf({ key, text }: { readonly key: string; readonly text: string }): string {
  return `holdfast.${createHash("sha256").update(`${key}\n${text}`).digest("hex").slice(0, 40)}`;
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function responseCodeOf(cause: unknown): number | null {
  return cause instanceof Error && "responseCode" in cause && typeof cause.responseCode === "number"
    ? cause.responseCode
    : null;
}
