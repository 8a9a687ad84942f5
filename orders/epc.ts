/**
 * SGTIN-96, the RFID form of a GTIN with a serial number, per GS1 EPC Tag Data Standard: header 0x30, filter
 * (3 bits), partition (3), company prefix (20-40), indicator and item reference (24-4), serial (38).
 *
 * The partition tells how many digits of the GTIN are the company prefix; a tag is read without knowing it
 * beforehand.
 */
import { isGtin } from "./gtin.ts";
import { gs1CheckDigit } from "./handling-unit.ts";

/**
 * By partition value: bits of the company prefix; its digits are 12 - partition, the item reference has the
 * rest.
 */
const PREFIX_BITS = [40, 37, 34, 30, 27, 24, 20] as const;
const REST_BITS = 44n;
const HEADER = 0x30n;
const SERIAL_BITS = 38n;
const LARGEST_SERIAL = 2 ** 38 - 1;

export type Sgtin = {
  /** 14 digits with its check digit. */
  readonly gtin: string;
  readonly serial: number;
  readonly filter: number;
  /** Digits of the GTIN that are the company prefix, 6 to 12. */
  readonly companyPrefixLength: number;
};

/** Filter value 1: a point-of-sale trade item. */
const POINT_OF_SALE = 1;

/**
 * The 24 upper-case hex digits of a tag. Throws a RangeError where the GTIN is not one, or serial, filter or
 * prefix length is out of range: tags are made from our own catalog, so that is a programming error.
 */
export function encodeSgtin96(
  gtin: string,
  serial: number,
  companyPrefixLength = 7,
  filter = POINT_OF_SALE,
): string {
  const partition = 12 - companyPrefixLength;
  const prefixBits = PREFIX_BITS[partition];
  if (gtin.length !== 14 || !isGtin(gtin)) throw new RangeError(`not a GTIN-14: ${gtin}`);
  if (prefixBits === undefined) throw new RangeError(`not a company prefix length: ${companyPrefixLength}`);
  if (!Number.isSafeInteger(serial) || serial < 0 || serial > LARGEST_SERIAL) {
    throw new RangeError(`SGTIN-96 serial out of range: ${serial}`);
  }
  if (!Number.isInteger(filter) || filter < 0 || filter > 7) throw new RangeError(`not a filter: ${filter}`);
  // The GTIN's indicator digit moves in front of the item reference; the check digit is not on the tag.
  const prefix = gtin.slice(1, 1 + companyPrefixLength);
  const item = gtin[0] + gtin.slice(1 + companyPrefixLength, 13);
  let bits = (HEADER << 3n) | BigInt(filter);
  bits = (bits << 3n) | BigInt(partition);
  bits = (bits << BigInt(prefixBits)) | BigInt(prefix);
  bits = (bits << (REST_BITS - BigInt(prefixBits))) | BigInt(item);
  bits = (bits << SERIAL_BITS) | BigInt(serial);
  return bits.toString(16).toUpperCase().padStart(24, "0");
}

/**
 * What the tag says, or `undefined` where `hex` is no well-formed SGTIN-96: portals read foreign tags all
 * day.
 */
export function decodeSgtin96(hex: string): Sgtin | undefined {
  if (!/^[0-9a-fA-F]{24}$/.test(hex)) return undefined;
  const bits = BigInt(`0x${hex}`);
  if (bits >> 88n !== HEADER) return undefined;
  const partition = Number((bits >> 82n) & 7n);
  const prefixBits = PREFIX_BITS[partition];
  if (prefixBits === undefined) return undefined;
  const prefixDigits = 12 - partition;
  const itemBits = REST_BITS - BigInt(prefixBits);
  const rest = (bits >> SERIAL_BITS) & ((1n << REST_BITS) - 1n);
  const prefix = (rest >> itemBits).toString().padStart(prefixDigits, "0");
  const item = (rest & ((1n << itemBits) - 1n)).toString().padStart(13 - prefixDigits, "0");
  // The bit fields are wider than the digits: values beyond them are not a GTIN.
  if (prefix.length > prefixDigits || item.length > 13 - prefixDigits) return undefined;
  const body = item[0] + prefix + item.slice(1);
  return {
    gtin: body + gs1CheckDigit(body),
    serial: Number(bits & ((1n << SERIAL_BITS) - 1n)),
    filter: Number((bits >> 85n) & 7n),
    companyPrefixLength: prefixDigits,
  };
}
