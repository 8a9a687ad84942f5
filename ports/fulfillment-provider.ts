/**
 * What Holdfast needs of whoever runs a location for us: Amazon's warehouses, a marketplace's, a third
 * party's. It is asked to send goods, followed until they have left, called off while that is possible, and
 * asked what lies there.
 *
 * A refusal for good is a value. A fault throws a `ServiceFault`; whoever calls keeps to the limits and
 * remembers what was asked.
 *
 * F1 Asking twice under one key sends the goods once: by the provider's own key, or by looking first. Looking
 *    helps only once a request can be seen, which `unseenMs` says: whoever calls waits for it.
 * F2 What a package holds is said by our own item numbers, so that a SKU in two lines is not mixed up.
 */
import type { Address } from "../orders/address.ts";
import type { TrackingStatus } from "./carriers.ts";

export type ProviderItem = {
  /** Ours, unique within the request: `1`, `2`, … */
  readonly item: string;
  /** As the provider calls the goods. */
  readonly sku: string;
  readonly quantity: number;
};

export type ProviderRequest = {
  /** Ours, the same whenever it is asked; 1 to 40 characters of letters, digits and hyphens. */
  readonly key: string;
  /** What the shopper knows the order by, and when it was placed, ISO 8601. */
  readonly orderNumber: string;
  readonly placedAt: string;
  readonly speed: "standard" | "expedited" | "priority";
  readonly to: Address;
  /** The shopper's; empty where it is not known. */
  readonly email: string;
  readonly items: readonly ProviderItem[];
};

export type ProviderPackage = {
  /** The provider's own, unique within the request. */
  readonly id: string;
  /** Empty where the provider names none. */
  readonly carrier: string;
  readonly trackingNumber: string;
  /** ISO 8601. */
  readonly shippedAt: string;
  readonly items: readonly { readonly item: string; readonly quantity: number }[];
};

export type ProviderProgress = {
  /**
   * `open`: it is worked on, and some of it may have left. `done`: all of it that will leave has left.
   * `cancelled`: nothing leaves any more. `refused`: the provider cannot send it; `detail` says why.
   */
  readonly status: "open" | "done" | "cancelled" | "refused";
  /** For people. */
  readonly detail: string;
  /** Packages that have left. */
  readonly packages: readonly ProviderPackage[];
  /** Units that will not leave, by item. */
  readonly missing: readonly { readonly item: string; readonly quantity: number }[];
};

export type ProviderAnswer =
  | { readonly status: "done" }
  | { readonly status: "refused"; readonly code: string; readonly message: string };

/** `asked`: the wish was taken, and is decided on later; `follow` tells. */
export type CancelAnswer = ProviderAnswer | { readonly status: "asked" };

/** What may be sold of goods that lie there. */
export type ProviderStock = { readonly sku: string; readonly sellable: number };

export type ProviderStockPage = {
  readonly stock: readonly ProviderStock[];
  /** Null: that was the last page. */
  readonly next: string | null;
};

/** How a package travels, by its id and number. */
export type PackageJourney = {
  readonly status: TrackingStatus;
  readonly detail: string;
  /** ISO 8601; of the newest event. Empty where there is none. */
  readonly at: string;
};

export interface FulfillmentProvider {
  /** As it is written down with shipments and requests: `amazon-mcf`. */
  readonly name: string;
  /** As people read it. */
  readonly shownName: string;
  /**
   * How long a request that was taken may not be seen yet, so that asking again might send it twice,
   * milliseconds. 0: it is seen at once, or a second one under its key is refused.
   */
  readonly unseenMs: number;
  /** Asks for goods to be sent. A request that the provider has under this key is `done`. */
  request(request: ProviderRequest): Promise<ProviderAnswer>;
  /**
   * Null: nothing is to be seen under this key.
   *
   * @param items as they were asked for
   */
  follow(key: string, items: readonly ProviderItem[]): Promise<ProviderProgress | null>;
  /**
   * All of it. Refused: it is too late, or the provider has none such.
   *
   * @param items as they were asked for
   */
  cancel(key: string, items: readonly ProviderItem[]): Promise<CancelAnswer>;
  /**
   * A page of all that lies there. What is not on any page is not known to be gone: providers leave goods
   * out.
   *
   * @throws ServiceFault `page_unknown` where a page can no longer be had: it is begun anew
   */
  readStock(page: string | null): Promise<ProviderStockPage>;
  readJourney(packageId: string): Promise<PackageJourney>;
}
