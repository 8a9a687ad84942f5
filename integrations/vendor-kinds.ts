/**
 * The kinds of vendors whose accounts are settings, and the rosters that a composition makes of those
 * settings. A new kind gets a registry, an entry here and a roster.
 */
import type { ConfiguredVendors, VendorKind, VendorSettings } from "../config/vendor-settings.ts";
import type { Carrier } from "../ports/carriers.ts";
import type { Mailer } from "../ports/notifications.ts";
import type { PaymentProvider } from "../ports/payments.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { carrierVendors } from "./carriers/registry.ts";
import { notificationVendors } from "./notifications/registry.ts";
import { paymentVendors } from "./payments/registry.ts";

const MOST_ACCOUNTS = 32;

export const vendorKinds: readonly VendorKind[] = [
  {
    kind: "payments",
    variable: "HOLDFAST_PAYMENTS",
    meaning: "Accounts at payment providers; new payments go to the first",
    standard: "stripe",
    mostAccounts: MOST_ACCOUNTS,
    vendors: paymentVendors,
  },
  {
    kind: "carriers",
    variable: "HOLDFAST_CARRIERS",
    meaning: "Accounts at carriers; the first that takes a parcel gets it",
    standard: "easypost",
    mostAccounts: MOST_ACCOUNTS,
    vendors: carrierVendors,
  },
  {
    kind: "notifications",
    variable: "HOLDFAST_NOTIFICATIONS",
    meaning: "How shoppers are written to",
    standard: "smtp",
    mostAccounts: 1,
    vendors: notificationVendors,
  },
];

export function paymentRoster(configured: ConfiguredVendors): Promise<VendorRoster<PaymentProvider>> {
  return rosterOf("payments", paymentVendors, configured);
}

export function carrierRoster(configured: ConfiguredVendors): Promise<VendorRoster<Carrier>> {
  return rosterOf("carriers", carrierVendors, configured);
}

export function notificationRoster(
  configured: ConfiguredVendors,
): Promise<VendorRoster<Mailer & { close(): void; verify(): Promise<void> }>> {
  return rosterOf("notifications", notificationVendors, configured);
}

async function rosterOf<Port>(
  kind: string,
  vendors: readonly { readonly provider: string; create(settings: VendorSettings): Promise<Port> }[],
  configured: ConfiguredVendors,
): Promise<VendorRoster<Port>> {
  const accounts = (configured[kind] ?? []).flatMap((settings) => {
    const vendor = vendors.find(({ provider }) => provider === settings.provider);
    if (vendor === undefined) return [];
    const { provider, account } = settings;
    return [vendor.create(settings).then((port) => ({ provider, account, port }))];
  });
  return new VendorRoster(kind, await Promise.all(accounts));
}
