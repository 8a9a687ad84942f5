import { isLoopback } from "../../../config/production.ts";
import { isEmailAddress } from "../../../orders/notices/email-address.ts";
import type { NotificationVendor } from "../../vendor.ts";

/** `orders@shop.example`, or `Shop <orders@shop.example>`. */
function isSender(text: string): boolean {
  const [, inBrackets] = /^[^<>\r\n]*<([^<>]+)>$/.exec(text) ?? [];
  return isEmailAddress(inBrackets ?? text);
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
    return createSmtpMailer({
      url,
      from: values["HOLDFAST_MAIL_FROM"] ?? "",
      requireTls: starttls === "" ? !isLoopback(new URL(url).hostname) : starttls === "required",
    });
  },
  simulator: async () => (await import("./simulator.ts")).startMailSimulator,
};
