import { readFileSync } from "node:fs";
import { isLoopback } from "../../../config/production.ts";
import { isEmailAddress } from "../../../orders/notices/email-address.ts";
import type { NotificationVendor } from "../../vendor.ts";

/** `orders@shop.example`, or `Shop <orders@shop.example>`. */
function isSender(text: string): boolean {
  const [, inBrackets] = /^[^<>\r\n]*<([^<>]+)>$/.exec(text) ?? [];
  return isEmailAddress(inBrackets ?? text);
}

/** @returns null where the file cannot be read, or holds no certificate; which of the two is nobody's to learn */
function readAuthority(path: string): string | null {
  try {
    const text = readFileSync(path, "utf8");
    return text.includes("CERTIFICATE-----") ? text : null;
  } catch {
    return null;
  }
}

export const smtp: NotificationVendor = {
  provider: "smtp",
  variables: [
    {
      name: "SMTP_URL",
      meaning: "Mail server, smtp://user:password@host:port",
      standard: "sandbox inbox",
      requiredToServe: true,
      protocols: ["smtp:", "smtps:"],
      fallback: ({ simulators }) => simulators.smtp,
    },
    {
      name: "SMTP_STARTTLS",
      meaning: "With smtp://: required, or used where the mail server offers it (offered)",
      standard: "required, but on this machine",
      requiredToServe: false,
      problemOf: (value) =>
        value === "required" || value === "offered" ? null : "must be required or offered",
      fallback: () => "",
    },
    {
      name: "SMTP_CA_FILE",
      meaning: "PEM file of the authority behind the mail server's certificate",
      standard: "the system's",
      requiredToServe: false,
      problemOf: (value) => (readAuthority(value) === null ? "must name a PEM file of certificates" : null),
      fallback: () => "",
    },
    {
      name: "HOLDFAST_MAIL_FROM",
      meaning: "Sender of mails to shoppers",
      standard: "orders@sandbox.example",
      requiredToServe: true,
      problemOf: (value) =>
        isSender(value) ? null : "must be an address, or a name with an address: Shop <orders@shop.example>",
      fallback: () => "Fernweh Outfitters <orders@sandbox.example>",
    },
  ],
  create: async ({ values }) => {
    const { createSmtpMailer } = await import("./mailer.ts");
    const url = values["SMTP_URL"] ?? "";
    const starttls = values["SMTP_STARTTLS"] ?? "";
    const caFile = values["SMTP_CA_FILE"] ?? "";
    const ca = caFile === "" ? null : readAuthority(caFile);
    // Without it, whoever has any certificate at all would be taken for the mail server.
    if (caFile !== "" && ca === null)
      throw new Error(`SMTP_CA_FILE (${caFile}) is no PEM file of certificates`);
    return createSmtpMailer({
      url,
      from: values["HOLDFAST_MAIL_FROM"] ?? "",
      ca,
      requireTls: starttls === "" ? !isLoopback(new URL(url).hostname) : starttls === "required",
    });
  },
  simulator: async () => (await import("./simulator.ts")).startMailSimulator,
};
