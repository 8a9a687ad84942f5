/**
 * Bodies that the reference shows, by `METHOD path`; of the other operations it shows what has to be there at
 * least. The goods are the sandbox's, so that whoever tries them there has an order. What is answered to them is in `answer-examples.ts`. A test holds them against their schemas, and another sends them, in this order, to a company of their own:
 * so each may need what those before it have made.
 */
export const EXAMPLES: Readonly<Record<string, unknown>> = {
  "POST /v1/orders/quote": {
    currency: "USD",
    lines: [{ sku: "HAT-BRM-SAND", quantity: 2 }],
    customer: { name: "Ada Lovelace" },
    paymentMethod: "pm_card_visa",
    shippingPrice: "5.00",
    shippingAddress: {
      name: "Ada Lovelace",
      line1: "1 Main Street",
      city: "New York",
      region: "NY",
      postalCode: "10001",
      country: "US",
    },
  },
  "POST /v1/orders": {
    id: "1001",
    currency: "USD",
    lines: [{ sku: "HAT-BRM-SAND", quantity: 2, unitPrice: "19.99" }],
    customer: { name: "Ada Lovelace", email: "ada@example.com" },
    paymentMethod: "pm_card_visa",
    shippingAddress: {
      name: "Ada Lovelace",
      line1: "1 Main Street",
      city: "New York",
      region: "NY",
      postalCode: "10001",
      country: "US",
    },
  },
  "POST /v1/orders/{id}/changes": { edits: [{ kind: "note", note: "Ring twice." }] },
  "POST /v1/orders/{id}/hold": { reason: "The shopper asks to wait." },
  "POST /v1/orders/{id}/release-hold": {},
  "POST /v1/products": {
    sku: "MUG-2",
    name: "Mug",
    weightGrams: 300,
    priceMinor: 1_250,
    currency: "USD",
    hsCode: "691200",
    originCountry: "PT",
    gtin: "00614141000128",
  },
  "POST /v1/stock/commands": {
    commands: [
      {
        type: "receive",
        commandId: "delivery-7",
        atMs: 0,
        cause: "delivery",
        sku: "TEE-1",
        locationId: "east",
        quantity: 40,
      },
    ],
  },
  "POST /v1/webhook-subscriptions": {
    id: "erp",
    name: "ERP",
    url: "https://erp.example/holdfast",
    events: ["order.captured", "shipment.*"],
  },
  "POST /v1/keys": { name: "Web shop", scopes: ["orders:write", "orders:read"], channel: "web" },
  "POST /v1/bulk": {
    requests: [
      { method: "PATCH", path: "/v1/products/MUG-1", body: { name: "Mug, blue" }, ifMatch: "*" },
      { method: "POST", path: "/v1/orders/web-1001/hold", body: { reason: "The shopper asks to wait." } },
    ],
  },
  "POST /v1/orders/{id}/cancel": { reason: "Ordered twice." },
};
