/**
 * The accounts of one kind of vendor (payment providers, carriers) that a deployment works with, in the order
 * of what is set.
 *
 * A new payment or parcel starts at one of them and is stored with its account. What follows, a refund or a
 * void, goes to the stored account, wherever that stands in the order now.
 *
 * A roster is one and the same for as long as its process runs; what is in it may be exchanged, when somebody
 * changes what is set. Whoever needs an account asks for it when it is needed.
 */
import { ServiceFault } from "./service-fault.ts";

/** A provider, and which of the merchant's accounts there. Payments and parcels are stored with it. */
export type VendorAccount = { readonly provider: string; readonly account: string };

/** An account with the adapter that speaks to it. */
export type Vendor<Port> = VendorAccount & { readonly port: Port };

export class VendorRoster<Port> {
  readonly kind: string;
  private inUse: readonly Vendor<Port>[];
  private retired: readonly Vendor<Port>[] = [];

  constructor(kind: string, vendors: readonly Vendor<Port>[]) {
    this.kind = kind;
    this.inUse = vendors;
  }

  /** Where new business goes, in the order of what is set. */
  get vendors(): readonly Vendor<Port>[] {
    return this.inUse;
  }

  /** These, and behind them those that take nothing new and bring to an end what began at them. */
  get all(): readonly Vendor<Port>[] {
    return [...this.inUse, ...this.retired];
  }

  /** @param retired take nothing new */
  replace(vendors: readonly Vendor<Port>[], retired: readonly Vendor<Port>[]): void {
    this.inUse = vendors;
    this.retired = retired;
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
    return this.all.find((vendor) => vendor.provider === provider && vendor.account === account);
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
