import type { PaymentVendor } from "../../vendor.ts";

export const stripe: PaymentVendor = {
  provider: "stripe",
  variables: [
    {
      name: "STRIPE_SECRET_KEY",
      meaning: "Secret key of the payment provider",
      standard: "sandbox simulator",
      requiredToServe: true,
      isSecret: true,
      problemOf: (value) =>
        /^[rs]k_(test|live)_\w+$/.test(value) ? null : "must be a secret or restricted key: sk_… or rk_…",
      fallback: () => "sk_test_sandbox",
    },
    {
      name: "STRIPE_WEBHOOK_SECRET",
      meaning: "Secret that signs the payment provider's webhooks; without it, they are refused",
      standard: "made at random; serve: none",
      requiredToServe: false,
      isMadeUp: true,
      fallback: () => "",
    },
    {
      name: "STRIPE_PUBLISHABLE_KEY",
      meaning:
        "Key that a shopper's page gives a card to the payment provider with; without it, it has no form",
      standard: "sandbox simulator; serve: none",
      requiredToServe: false,
      problemOf: (value) =>
        /^pk_(test|live)_\w+$/.test(value) ? null : "must be a publishable key, which starts with pk_",
      fallback: ({ isProduction }) => (isProduction ? "" : "pk_test_sandbox"),
    },
    {
      name: "STRIPE_BASE_URL",
      meaning: "Payment provider's API",
      standard: "sandbox simulator; serve: https://api.stripe.com",
      requiredToServe: false,
      protocols: ["http:", "https:"],
      fallback: ({ isProduction, simulators }) => (isProduction ? "https://api.stripe.com" : simulators.http),
    },
  ],
  create: async ({ values }) => {
    const { createStripeProvider } = await import("./provider.ts");
    return createStripeProvider({
      baseUrl: values["STRIPE_BASE_URL"] ?? "",
      secretKey: values["STRIPE_SECRET_KEY"] ?? "",
      webhookSecret: values["STRIPE_WEBHOOK_SECRET"] ?? "",
      publishableKey: values["STRIPE_PUBLISHABLE_KEY"] ?? "",
    });
  },
  simulator: async () => (await import("./simulator/simulator.ts")).stripeSimulator,
};
