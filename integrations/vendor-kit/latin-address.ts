/** An address as carriers print it that have Latin letters only. */
import type { Address } from "../../orders/address.ts";
import { latinText } from "../../print/latin.ts";

/** What stands on a label, with its name for people. */
const PRINTED = {
  name: "name",
  company: "company",
  line1: "street",
  line2: "second line",
  city: "town",
  region: "region",
} as const satisfies Partial<Record<keyof Address, string>>;

export type PrintedAddress = {
  readonly address: Address;
  /** Which of its fields are in other letters than they were given in. */
  readonly rewritten: readonly string[];
  /** Why it cannot be printed, with what a person does about it; null: it can. */
  readonly unreadable: string | null;
};

export function latinAddress(given: Address): PrintedAddress {
  const rewritten: string[] = [];
  let unreadable: string | null = null;
  let address = given;
  for (const [field, called] of Object.entries(PRINTED) as readonly (readonly [
    keyof typeof PRINTED,
    string,
  ])[]) {
    const text = given[field];
    if (text === undefined) continue;
    const latin = latinText(text);
    if (latin.unreadable !== null) {
      unreadable ??= `Its carriers print Latin letters only, and how the ${called} with "${latin.unreadable}" is read, only a person knows: write it in Latin letters in the order's address.`;
    }
    if (!latin.isRewritten) continue;
    rewritten.push(called);
    address = { ...address, [field]: latin.text };
  }
  return { address, rewritten, unreadable };
}
