/**
 * The middle of every scheme of the GS1 Tag Data Standard: a partition value, a company prefix, and the
 * company's own reference. The partition says where the prefix ends and the reference begins, in bits and in
 * digits.
 *
 * The bit fields have room for more than their digits: a larger value is no GS1 key.
 */
import type { BitReader, BitWriter } from "./bits.ts";

/** Bits of the company prefix, by partition value; its digits are 12 minus the partition value. */
const PREFIX_BITS = [40, 37, 34, 30, 27, 24, 20] as const;
const LONGEST_PREFIX = 12;

/** How much room a scheme has for prefix and reference together. */
export type Room = {
  readonly bits: number;
  readonly digits: number;
  /** The reference is a plain number, not digits with zeros in front. */
  readonly isNumber?: true;
};

export type CompanyReference = { readonly prefix: string; readonly reference: string };

export function readCompanyReference(bits: BitReader, room: Room): CompanyReference | undefined {
  const partition = Number(bits.take(3));
  const prefixBits = PREFIX_BITS[partition];
  if (prefixBits === undefined) return undefined;
  const prefixDigits = LONGEST_PREFIX - partition;
  const prefix = digitsOf(bits.take(prefixBits), prefixDigits);
  const value = bits.take(room.bits - prefixBits);
  const reference = room.isNumber ? value.toString() : digitsOf(value, room.digits - prefixDigits);
  return prefix === undefined || reference === undefined ? undefined : { prefix, reference };
}

export function writeCompanyReference(
  bits: BitWriter,
  room: Room,
  { prefix, reference }: CompanyReference,
): void {
  const partition = LONGEST_PREFIX - prefix.length;
  const prefixBits = PREFIX_BITS[partition];
  if (prefixBits === undefined || !/^\d+$/.test(prefix))
    throw new RangeError(`not a company prefix: ${prefix}`);
  const isRight = room.isNumber
    ? /^(?:0|[1-9]\d*)$/.test(reference)
    : /^\d*$/.test(reference) && reference.length === room.digits - prefix.length;
  if (!isRight) throw new RangeError(`not a reference beside prefix ${prefix}: ${reference}`);
  bits.put(BigInt(partition), 3);
  bits.put(BigInt(prefix), prefixBits);
  bits.put(BigInt(reference), room.bits - prefixBits);
}

/** Exactly `width` digits; a width of 0 has room for zero only. */
function digitsOf(value: bigint, width: number): string | undefined {
  const digits = value === 0n ? "" : value.toString();
  return digits.length > width ? undefined : digits.padStart(width, "0");
}
