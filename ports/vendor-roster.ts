/**
 * The accounts of one kind of vendor (payment providers, carriers) that a deployment works with, in the order
 * of its settings.
 *
 * A new payment or parcel starts at one of them and is stored with its account. What follows, a refund or a
 * void, goes to the stored account, wherever that stands in the order now.
 */
import { ServiceFault } from "./service-fault.ts";

/** A provider, and which of the merchant's accounts there. Payments and parcels are stored with it. */
export type VendorAccount = { readonly provider: string; readonly account: string };

/** An account with the adapter that speaks to it. */
export type Vendor<Port> = VendorAccount & { readonly port: Port };

export class VendorRoster<Port> {
  readonly kind: string;
  /** In the order of the settings. */
  readonly vendors: readonly Vendor<Port>[];

  constructor(kind: string, vendors: readonly Vendor<Port>[]) {
    this.kind = kind;
    this.vendors = vendors;
  }

  /**
   * Where new business begins. Settings always name one; only a composition that begins none may go without.
   */
  get first(): Vendor<Port> {
    const [first] = this.vendors;
    if (first === undefined) throw new Error(`no ${this.kind} are configured`);
    return first;
  }

  find({ provider, account }: VendorAccount): Vendor<Port> | undefined {
    return this.vendors.find((vendor) => vendor.provider === provider && vendor.account === account);
  }

  /**
   * @throws ServiceFault `account_not_configured` where the settings no longer name an account that is still
   * needed
   */
  at(of: VendorAccount): Port {
    const vendor = this.find(of);
    if (vendor !== undefined) return vendor.port;
    throw new ServiceFault(`The settings name no account "${of.account}" at ${of.provider} (${this.kind})`, {
      service: of.provider,
      code: "account_not_configured",
      retryable: false,
    });
  }
}
