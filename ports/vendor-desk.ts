/**
 * Who makes accounts at vendors work: knows which vendors there are and what has to be set for each, tries an
 * account, and puts those that are set behind their ports.
 */
import type { VendorKind } from "../config/vendor-settings.ts";
import type { VendorAccount } from "./vendor-roster.ts";

export const VENDOR_KINDS = ["payments", "carriers", "notifications"] as const;
export type VendorKindName = (typeof VENDOR_KINDS)[number];

/** An account with what is set for it, secrets in clear text. */
export type SetAccount = VendorAccount & {
  readonly kind: VendorKindName;
  /** By the names that the vendor declares; what is missing is as usual. */
  readonly values: Readonly<Record<string, string>>;
};

export type StoredAccount = SetAccount & {
  readonly active: boolean;
  /** Service levels that are bought, as `UPS Ground`; null: all. */
  readonly services: readonly string[] | null;
  /** The webhook secret before the newest, as long as it counts. */
  readonly former: { readonly secret: string; readonly until: Date } | null;
};

export type ValueProblem = { readonly name: string; readonly problem: string };

/** What came of a call that changes nothing. */
export type Tried = { readonly works: boolean; readonly detail: string };

export interface VendorDesk {
  readonly kinds: readonly VendorKind[];
  /** The variable that holds the secret of the vendor's webhooks; null: it has none. */
  webhookSecretOf(provider: string, kind: VendorKindName): string | null;
  /** What is wrong with an account's values, by the end of a sentence about each. */
  problemsOf(account: SetAccount): readonly ValueProblem[];
  tryConnection(account: SetAccount): Promise<Tried>;
  /** Reads again what is set, and works with it from then on. */
  follow(): Promise<void>;
}
