import type { PaymentVendor } from "../../vendor.ts";

export const stripe: PaymentVendor = {
  provider: "stripe",
  variables: [
    {
      name: "STRIPE_SECRET_KEY",
      meaning: "Secret key of the payment provider",
      standard: "sandbox simulator",
      requiredToServe: true,
      fallback: () => "sk_test_sandbox",
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
    });
  },
  simulator: async () => (await import("./simulator/simulator.ts")).stripeSimulator,
};
