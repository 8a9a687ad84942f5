import type { ChannelVendor } from "../../vendor.ts";
import { ebayAdapter } from "./adapter.ts";
import { VERIFICATION_TOKEN } from "./challenge.ts";
import { readSigningKey, type SigningKey } from "./digital-signature.ts";

export const ebay: ChannelVendor = {
  adapter: ebayAdapter,
  sampleOrders: async () => (await import("./sample-orders.ts")).ebayWriter,
  api: {
    variables: [
      {
        name: "EBAY_CLIENT_ID",
        meaning: "App ID (client id) of the keyset",
        standard: "none",
        requiredToServe: true,
        fallback: () => "",
      },
      {
        name: "EBAY_CLIENT_SECRET",
        meaning: "Cert ID (client secret) of the keyset",
        standard: "none",
        requiredToServe: true,
        isSecret: true,
        fallback: () => "",
      },
      {
        name: "EBAY_REFRESH_TOKEN",
        meaning: "Refresh token of the seller's consent, which begins with v^1.1",
        standard: "none",
        requiredToServe: true,
        isSecret: true,
        fallback: () => "",
      },
      {
        name: "EBAY_MARKETPLACE",
        meaning: "Marketplace of the listings, e.g. EBAY_US",
        standard: "EBAY_US",
        requiredToServe: false,
        problemOf: (value) =>
          /^EBAY_[A-Z_]{2,20}$/.test(value) ? null : "must be a marketplace, e.g. EBAY_DE",
        fallback: () => "EBAY_US",
      },
      {
        name: "EBAY_LANGUAGE",
        meaning: "Language of the listings, e.g. en-US",
        standard: "en-US",
        requiredToServe: false,
        problemOf: (value) => (/^[a-z]{2}-[A-Z]{2}$/.test(value) ? null : "must be a language, e.g. de-DE"),
        fallback: () => "en-US",
      },
      {
        name: "EBAY_SIGNING_KEY_JWE",
        meaning:
          "The jwe of the signing key that the Key Management API has made, for sellers of the EU and the UK",
        standard: "none: refunds are not signed",
        requiredToServe: false,
        fallback: () => "",
      },
      {
        name: "EBAY_SIGNING_PRIVATE_KEY",
        meaning: "The private key of that signing key (Ed25519), in PEM or its base64",
        standard: "none: refunds are not signed",
        requiredToServe: false,
        isSecret: true,
        problemOf: (value) => (readSigningKey(value) === null ? "must be an Ed25519 private key" : null),
        fallback: () => "",
      },
      {
        name: VERIFICATION_TOKEN,
        meaning: "The verification token that was entered at eBay with the address of the notifications",
        standard: "none: eBay's challenge is not answered",
        requiredToServe: false,
        isSecret: true,
        problemOf: (value) =>
          /^[A-Za-z0-9_-]{32,80}$/.test(value) ? null : "must be 32 to 80 letters, digits, - and _",
        fallback: () => "",
      },
      {
        name: "EBAY_URL",
        meaning: "Address of eBay's REST APIs",
        standard: "https://api.ebay.com",
        requiredToServe: false,
        protocols: ["http:", "https:"],
        fallback: () => "https://api.ebay.com",
      },
    ],
    connect: async (values, options) => {
      const { connectEbay } = await import("./connection.ts");
      const value = (name: string) => values[name] ?? "";
      return connectEbay(
        {
          baseUrl: value("EBAY_URL").replace(/\/+$/, ""),
          clientId: value("EBAY_CLIENT_ID"),
          clientSecret: value("EBAY_CLIENT_SECRET"),
          refreshToken: value("EBAY_REFRESH_TOKEN"),
          marketplace: value("EBAY_MARKETPLACE"),
          language: value("EBAY_LANGUAGE"),
          signing: signingOf(value("EBAY_SIGNING_KEY_JWE"), value("EBAY_SIGNING_PRIVATE_KEY")),
        },
        options,
      );
    },
    simulator: async () => (await import("./simulator/simulator.ts")).ebaySimulator,
  },
};

function signingOf(jwe: string, privateKey: string): SigningKey | null {
  const key = jwe === "" || privateKey === "" ? null : readSigningKey(privateKey);
  return key === null ? null : { jwe, privateKey: key };
}
