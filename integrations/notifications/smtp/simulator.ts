/**
 * A mail server that takes every message and keeps it: the sandbox's mailbox of all shoppers.
 *
 * A message is in the log before SMTP answers 250. Memory keeps one line for each message; the text stays in
 * the file.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type AddressObject, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { type LogPosition, openExchangeLog } from "../../simulator-kit/exchange-log.ts";
import type {
  Mail,
  MailSimulator,
  MailSimulatorOptions,
  MailSummary,
} from "../../simulator-kit/vendor-simulators.ts";

const MAX_MESSAGE_BYTES = 5 * 1024 * 1024;

export async function startMailSimulator(options: MailSimulatorOptions): Promise<MailSimulator> {
  const index: { readonly summary: MailSummary; readonly position: LogPosition }[] = [];
  const log = openExchangeLog<Mail>(join(options.dataFolder, "mails.jsonl"), keep);

  function keep(mail: Mail, position: LogPosition): void {
    const { text: _text, html: _html, ...summary } = mail;
    index.push({ summary, position });
  }

  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    size: MAX_MESSAGE_BYTES,
    banner: "Holdfast sandbox mailbox",
    onData(stream, session, done) {
      simpleParser(stream, { skipImageLinks: true, skipTextToHtml: true }).then(
        (parsed) => {
          if (stream.sizeExceeded) {
            done(Object.assign(new Error("Message exceeds the size limit"), { responseCode: 552 }));
            return;
          }
          const sender = session.envelope.mailFrom;
          const mail: Mail = {
            id: index.length + 1,
            receivedAt: new Date().toISOString(),
            messageId: parsed.messageId ?? "",
            from: addressText(parsed.from) || (sender === false ? "" : sender.address),
            to: session.envelope.rcptTo.map(({ address }) => address).join(", "),
            subject: parsed.subject ?? "",
            text: parsed.text ?? "",
            html: parsed.html || "",
          };
          keep(mail, log.append(mail));
          done();
        },
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
  // A client that goes away in the middle of a message does no harm.
  server.on("error", (error) => options.logger.debug({ err: error }, "mail connection broke"));
  server.listen(options.port, options.host);
  await Promise.race([
    once(server.server, "listening"),
    once(server.server, "error").then(([error]) => Promise.reject(error)),
  ]);

  return {
    port: (server.server.address() as AddressInfo).port,
    list(filter, from, count) {
      const wanted = filter.trim().toLowerCase();
      const matching = index.filter(
        ({ summary }) =>
          wanted === "" ||
          summary.to.toLowerCase().includes(wanted) ||
          summary.subject.toLowerCase().includes(wanted),
      );
      const page = matching.reverse().slice(from, from + count);
      return { mails: page.map(({ summary }) => summary), total: matching.length };
    },
    find(id) {
      const entry = index[id - 1];
      return entry === undefined ? undefined : log.read(entry.position);
    },
    all: () => index.map(({ summary }) => summary),
    count: () => index.length,
    async stop() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
      log.close();
    },
  };
}

function addressText(addresses: AddressObject | undefined): string {
  return addresses?.text ?? "";
}
