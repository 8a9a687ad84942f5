import type { NotificationVendor } from "../../vendor.ts";

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
      name: "HOLDFAST_MAIL_FROM",
      meaning: "Sender of mails to shoppers",
      standard: "orders@sandbox.example",
      requiredToServe: true,
      fallback: () => "Fernweh Outfitters <orders@sandbox.example>",
    },
  ],
  create: async ({ values }) => {
    const { createSmtpMailer } = await import("./mailer.ts");
    return createSmtpMailer({ url: values["SMTP_URL"] ?? "", from: values["HOLDFAST_MAIL_FROM"] ?? "" });
  },
  simulator: async () => (await import("./simulator.ts")).startMailSimulator,
};
