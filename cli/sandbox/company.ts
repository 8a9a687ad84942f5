/**
 * The sandbox company: two fulfillment centers, a store and a drop-ship supplier, and its people.
 */
import type { SourcingLocation } from "../../engine/allocator-client.ts";
import type { Address } from "../../orders/address.ts";
import type { StaffRole } from "../../store/access/staff.ts";

export const SANDBOX_COMPANY = {
  id: "fernweh",
  name: "Fernweh Outfitters",
  currency: "USD",
  timeZone: "America/Los_Angeles",
} as const;

/** Easy to remember, and known to everybody: good for what only this machine reaches. */
export const SANDBOX_PASSWORD = "sandbox";

type SandboxLocation = SourcingLocation & {
  readonly name: string;
  readonly address: Address;
  /** Whether robots, a conveyor and an RFID portal work there; otherwise people pick and pack. */
  readonly automated: boolean;
};

export const SANDBOX_LOCATIONS: readonly SandboxLocation[] = [
  {
    locationId: "fc-reno",
    name: "Reno fulfillment center",
    kind: "fulfillment_center",
    priority: 10,
    latitude: 39.5296,
    longitude: -119.8138,
    country: "US",
    automated: true,
    address: address("Fernweh Reno", "1450 Kleppe Lane", "Sparks", "NV", "89431"),
  },
  {
    locationId: "fc-columbus",
    name: "Columbus fulfillment center",
    kind: "fulfillment_center",
    priority: 10,
    latitude: 39.9612,
    longitude: -82.9988,
    country: "US",
    automated: true,
    address: address("Fernweh Columbus", "2200 Rohr Road", "Columbus", "OH", "43137"),
  },
  {
    locationId: "store-portland",
    name: "Portland store",
    kind: "store",
    priority: 60,
    latitude: 45.5152,
    longitude: -122.6784,
    country: "US",
    automated: false,
    address: address("Fernweh Portland", "1033 NW Davis Street", "Portland", "OR", "97209"),
  },
  {
    locationId: "supplier-wasatch",
    name: "Wasatch Camp Supply (drop-ship)",
    kind: "supplier",
    priority: 80,
    latitude: 40.7608,
    longitude: -111.891,
    country: "US",
    automated: false,
    address: address("Wasatch Camp Supply", "2860 W Directors Row", "Salt Lake City", "UT", "84104"),
  },
];

type SandboxChannel = {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly onShortage: "hold" | "refuse";
  readonly chargedBy: "channel" | "merchant";
};

/**
 * Marketplaces and shop platforms send orders that are placed already: an order that cannot be met is held.
 * In the own web shop the customer is still there: it is refused. What marketplaces and platforms sell, they
 * have charged; what our own shop sells, we charge.
 */
export const SANDBOX_CHANNELS: readonly SandboxChannel[] = [
  { id: "shopify", kind: "shopify", name: "Shopify shop", onShortage: "hold", chargedBy: "channel" },
  { id: "amazon", kind: "amazon", name: "Amazon marketplace", onShortage: "hold", chargedBy: "channel" },
  { id: "walmart", kind: "walmart", name: "Walmart marketplace", onShortage: "hold", chargedBy: "channel" },
  {
    id: "woocommerce",
    kind: "woocommerce",
    name: "WooCommerce shop",
    onShortage: "hold",
    chargedBy: "channel",
  },
  { id: "web", kind: "holdfast", name: "Own web shop", onShortage: "refuse", chargedBy: "merchant" },
];

/** Connected both ways to the sandbox's simulated shop. */
export const SANDBOX_SHOP: SandboxChannel = {
  id: "store",
  kind: "shopify",
  name: "Shopify store, both ways",
  onShortage: "hold",
  chargedBy: "channel",
};

export const SANDBOX_STAFF: readonly {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: StaffRole;
}[] = [
  { id: "ada", name: "Ada Admin", email: "admin@sandbox.example", role: "admin" },
  { id: "otto", name: "Otto Operations", email: "operations@sandbox.example", role: "operations" },
  { id: "selma", name: "Selma Service", email: "service@sandbox.example", role: "service" },
  { id: "wanda", name: "Wanda Warehouse", email: "warehouse@sandbox.example", role: "warehouse" },
  { id: "stella", name: "Stella Store", email: "store@sandbox.example", role: "store" },
  { id: "finn", name: "Finn Finance", email: "finance@sandbox.example", role: "finance" },
];

function address(name: string, line1: string, city: string, region: string, postalCode: string): Address {
  return {
    name,
    company: SANDBOX_COMPANY.name,
    line1,
    city,
    region,
    postalCode,
    country: "US",
    phone: "+1 775 555 0100",
    email: "shipping@sandbox.example",
  };
}
