/** What has to be set for an account at Shopify. */
import type { VendorVariable } from "../../../../config/vendor-settings.ts";

export const shopifyVariables: readonly VendorVariable[] = [
  {
    name: "SHOPIFY_SHOP_URL",
    meaning: "the shop's own address, https://NAME.myshopify.com",
    standard: "none",
    requiredToServe: true,
    protocols: ["https:", "http:"],
    fallback: () => "",
  },
  {
    name: "SHOPIFY_CLIENT_ID",
    meaning: "the client id of the app, as the developer dashboard shows it",
    standard: "none: the app has an access token",
    requiredToServe: false,
    fallback: () => "",
  },
  {
    name: "SHOPIFY_CLIENT_SECRET",
    meaning: "the secret of the app, with its client id",
    standard: "none: the app has an access token",
    requiredToServe: false,
    isSecret: true,
    fallback: () => "",
  },
  {
    name: "SHOPIFY_ACCESS_TOKEN",
    meaning: "the access token of an app that was made in the shop's own admin, in place of id and secret",
    standard: "none: the app has id and secret",
    requiredToServe: false,
    isSecret: true,
    fallback: () => "",
  },
  {
    name: "SHOPIFY_LOCATION_ID",
    meaning: "the number of the location whose stock is told",
    standard: "the first active one",
    requiredToServe: false,
    problemOf: (value) => (/^\d{1,20}$/.test(value) ? null : "must be a location's number"),
    fallback: () => "",
  },
];
