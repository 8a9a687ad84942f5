/** The parts of the API as its reference has them: by the first word of the address. */

type Group = { readonly name: string; readonly tags: readonly Tag[] };
type Tag = { readonly name: string; readonly description: string; readonly words: readonly string[] };

export const GROUPS: readonly Group[] = [
  {
    name: "Selling",
    tags: [
      {
        name: "Orders",
        description: "Orders come in, are changed, held and cancelled; what happened to them.",
        words: ["orders"],
      },
      {
        name: "Returns",
        description: "What shoppers send back, from the request to the inspection.",
        words: ["returns"],
      },
      {
        name: "Money after the sale",
        description: "Refunds, store credit, claims about parcels.",
        words: ["refunds", "store-credit", "claims", "refund-limits"],
      },
      { name: "Shoppers", description: "What a shopper does by the link to an order.", words: ["track"] },
    ],
  },
  {
    name: "Stock and floor",
    tags: [
      {
        name: "Stock",
        description: "What there is, what may be promised, and why.",
        words: ["stock", "stock-limits"],
      },
      {
        name: "Fulfillment",
        description: "Fulfillment orders, packing, parcels and their papers.",
        words: [
          "fulfillment-orders",
          "combined-parcels",
          "packing-slips",
          "shipments",
          "floor",
          "parcel-limits",
        ],
      },
      {
        name: "Devices",
        description: "Robots, conveyors and portals, and what happens to them.",
        words: ["devices"],
      },
    ],
  },
  {
    name: "Set up",
    tags: [
      {
        name: "Catalog",
        description: "Products, kits, and what channels call them.",
        words: ["products", "sku-mappings", "unmapped-skus"],
      },
      {
        name: "Locations",
        description: "Places that hold or hand over stock.",
        words: ["locations", "holidays"],
      },
      {
        name: "Channels",
        description: "Where orders come from, and by which rules.",
        words: ["channels", "channel-kinds", "channel-connections"],
      },
      {
        name: "Settings",
        description: "Rules, texts and accounts at vendors; each change counts at once.",
        words: [
          "settings",
          "setting-changes",
          "custom-fields",
          "hold-reasons",
          "mail-templates",
          "vendor-accounts",
          "vendors",
          "company",
          "companies",
          "setup",
        ],
      },
      {
        name: "Import and export",
        description: "Tables that come in as files, with what became of each row; and the same tables out.",
        words: ["imports", "import-mappings", "exports"],
      },
      {
        name: "Webhooks",
        description: "Who is told what happens, and what vendors tell us.",
        words: ["webhook-event-types", "webhook-subscriptions", "webhooks"],
      },
    ],
  },
  {
    name: "People and access",
    tags: [
      { name: "API keys", description: "Keys of connectors and integrations.", words: ["keys"] },
      {
        name: "People",
        description: "Staff, roles, and what each may do.",
        words: ["staff", "roles", "permissions"],
      },
      {
        name: "Sign-in",
        description: "Sessions, second factors, passkeys, single sign-on, one's own account.",
        words: [
          "sessions",
          "account",
          "passkey-challenges",
          "password-links",
          "sign-in-ways",
          "single-sign-on",
          "views",
        ],
      },
      {
        name: "Audit and personal data",
        description: "Who did what; what is known of a shopper, told and erased.",
        words: ["audit", "audits", "personal-data"],
      },
    ],
  },
  {
    name: "System",
    tags: [
      {
        name: "System",
        description: "Many changes in one request, health, figures, this document, and the stream.",
        words: [
          "system",
          "overview",
          "bulk",
          "healthz",
          "readyz",
          "metrics",
          "openapi.json",
          "asyncapi.json",
          "stream",
        ],
      },
    ],
  },
];

/** @throws where a path belongs to no part: every route has its place in the reference */
export function tagOf(path: string): string {
  const word = path.replace(/^\/v1/, "").split("/")[1] ?? "";
  const tag = GROUPS.flatMap(({ tags }) => tags).find(({ words }) => words.includes(word));
  if (tag === undefined) throw new Error(`${path} has no tag in gateway/http/openapi-tags.ts`);
  return tag.name;
}
