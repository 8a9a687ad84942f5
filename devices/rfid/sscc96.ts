/**
 * SSCC-96, the RFID form of an SSCC-18: header 0x31, filter (3 bits), partition (3), company prefix and
 * serial (58), 24 zeros.
 */
import { gs1CheckDigit } from "../../orders/handling-unit.ts";

/**
 * By partition value: bits of the company prefix; its digits are 12 - partition, the serial reference has the
 * rest.
 */
const PREFIX_BITS = [40, 37, 34, 30, 27, 24, 20] as const;
const HEADER = 0x31n;
const BODY_BITS = 58n;
const RESERVED_BITS = 24n;
const UNSPECIFIED = 0n;

/** @param sscc 18 digits */
export function encodeSscc96(sscc: string, companyPrefixLength = 7): string {
  const partition = 12 - companyPrefixLength;
  const prefixBits = PREFIX_BITS[partition];
  if (!/^\d{18}$/.test(sscc) || prefixBits === undefined) throw new RangeError(`not an SSCC-18: ${sscc}`);
  const prefix = BigInt(sscc.slice(1, 1 + companyPrefixLength));
  const serial = BigInt(`${sscc[0]}${sscc.slice(1 + companyPrefixLength, 17)}`);
  let bits = (HEADER << 3n) | UNSPECIFIED;
  bits = (bits << 3n) | BigInt(partition);
  bits = (bits << BODY_BITS) | (prefix << (BODY_BITS - BigInt(prefixBits))) | serial;
  return (bits << RESERVED_BITS).toString(16).toUpperCase().padStart(24, "0");
}

/** The 18 digits, or `undefined` where `hex` is no well-formed SSCC-96. */
export function decodeSscc96(hex: string): string | undefined {
  if (!/^[0-9a-fA-F]{24}$/.test(hex)) return undefined;
  const bits = BigInt(`0x${hex}`);
  if (bits >> 88n !== HEADER || (bits & ((1n << RESERVED_BITS) - 1n)) !== 0n) return undefined;
  const partition = Number((bits >> 82n) & 7n);
  const prefixBits = PREFIX_BITS[partition];
  if (prefixBits === undefined) return undefined;
  const prefixDigits = 12 - partition;
  const body = (bits >> RESERVED_BITS) & ((1n << BODY_BITS) - 1n);
  const serialBits = BODY_BITS - BigInt(prefixBits);
  const prefix = (body >> serialBits).toString().padStart(prefixDigits, "0");
  const serial = (body & ((1n << serialBits) - 1n)).toString().padStart(17 - prefixDigits, "0");
  if (prefix.length > prefixDigits || serial.length > 17 - prefixDigits) return undefined;
  const digits = serial.slice(0, 1) + prefix + serial.slice(1);
  return digits + gs1CheckDigit(digits);
}
