/** The pages that navigation, palette and shortcuts lead to. */
import { may } from "../api/session.ts";
import type { IconName } from "../components/icon.tsx";

export type Place = {
  readonly href: string;
  readonly label: string;
  readonly icon: IconName;
  /** The key that leads there after `g`. */
  readonly key: string;
  /** Without it the place is not shown. */
  readonly needs?: string;
};

export const OVERVIEW = "/overview";

const PLACES: readonly Place[] = [
  { href: OVERVIEW, label: "Overview", icon: "overview", key: "h", needs: "overview.read" },
  { href: "/orders", label: "Orders", icon: "orders", key: "o", needs: "orders.read" },
  { href: "/stock", label: "Stock", icon: "stock", key: "s", needs: "stock.read" },
  { href: "/packing", label: "Packing", icon: "pack", key: "p", needs: "fulfillment.read" },
  { href: "/returns", label: "Returns", icon: "returns", key: "r", needs: "returns.read" },
  { href: "/finance", label: "Finance", icon: "money", key: "f", needs: "refunds.read" },
  { href: "/devices", label: "Devices", icon: "devices", key: "d", needs: "devices.read" },
  { href: "/channels", label: "Channels", icon: "link", key: "x", needs: "catalog.read" },
  { href: "/catalog", label: "Catalog", icon: "catalog", key: "c", needs: "catalog.read" },
  { href: "/system", label: "System", icon: "system", key: "y", needs: "metrics.read" },
  { href: "/settings", label: "Settings", icon: "settings", key: "t", needs: "settings.read" },
];

/** Those of who is signed in. */
export function places(): readonly Place[] {
  return PLACES.filter(({ needs }) => needs === undefined || may(needs));
}

/**
 * Where the day begins for who is signed in. By what they may do, since roles are data: who packs and does
 * not change orders packs; who settles refunds and does not change orders looks at the money.
 */
export function homeOf(): string {
  if (!may("orders.change")) {
    if (may("fulfillment.pack")) return "/packing";
    if (may("refunds.settle")) return "/finance";
  }
  return OVERVIEW;
}
