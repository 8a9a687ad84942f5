/**
 * Store credit: what a company owes a customer in goods. Pure: who holds it, and the code that opens it.
 */
import type { OrderDocument } from "./order.ts";

/** Crockford's letters: none that is taken for another. */
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Bytes, and letters, of a code; five bits of each byte count. */
export const CODE_LETTERS = 16;

/**
 * The holder of an order's customer: the e-mail address, or else the channel's id of the customer; null where
 * the order names neither.
 */
export function holderOf({
  channelId,
  customer,
}: Pick<OrderDocument, "channelId" | "customer">): string | null {
  const email = customer.email?.trim().toLowerCase();
  if (email !== undefined && email !== "") return email;
  return customer.externalId === undefined ? null : `${channelId}:${customer.externalId}`;
}

/** 80 bits of random bytes as `SC-XXXX-XXXX-XXXX-XXXX`. Who has the code can spend the credit. */
export function storeCreditCode(random: Uint8Array): string {
  return grouped(
    [...random.subarray(0, CODE_LETTERS)].map((byte) => LETTERS[byte % LETTERS.length]).join(""),
  );
}

/** A code as a person may have typed it; `undefined` where it cannot be one. */
export function readStoreCreditCode(text: string): string | undefined {
  const plain = text
    .toUpperCase()
    .replace(/[\s-]/g, "")
    .replace(/^SC/, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  if (plain.length !== CODE_LETTERS || ![...plain].every((letter) => LETTERS.includes(letter)))
    return undefined;
  return grouped(plain);
}

/** A code as people may see it who are not to spend it: its last letters. */
export function shownCode(code: string): string {
  return `…${code.replace(/[\s-]/g, "").slice(-4)}`;
}

function grouped(letters: string): string {
  return `SC-${letters.match(/.{4}/g)?.join("-")}`;
}
