/**
 * SGTIN: one unit of a trade item, by a GTIN and a serial number. SGTIN-96 holds serials that are numbers of
 * up to 38 bits, SGTIN-198 any serial of up to 20 characters, seven bits each.
 */
import { isGtin, isSerialNumber } from "../gtin.ts";
import { gs1CheckDigit } from "../handling-unit.ts";
import type { BitReader, BitWriter } from "./bits.ts";
import { readCompanyReference, writeCompanyReference } from "./company-reference.ts";

const ITEM = { bits: 44, digits: 13 };
const SERIAL_BITS = 38;
const CHARACTER_BITS = 7;
const MOST_CHARACTERS = 20;

export type Sgtin = {
  readonly encoding: "sgtin-96" | "sgtin-198";
  readonly filter: number;
  readonly companyPrefix: string;
  /** 14 digits with the check digit. */
  readonly gtin: string;
  readonly serial: string;
};

export function readSgtin(bits: BitReader, filter: number, encoding: Sgtin["encoding"]): Sgtin | undefined {
  const item = readCompanyReference(bits, ITEM);
  if (item === undefined) return undefined;
  const serial = encoding === "sgtin-96" ? bits.take(SERIAL_BITS).toString() : readCharacters(bits);
  if (!isSerialNumber(serial)) return undefined;
  // The indicator digit stands before the item reference on the tag, and before the prefix in the GTIN.
  const body = item.reference.slice(0, 1) + item.prefix + item.reference.slice(1);
  return { encoding, filter, companyPrefix: item.prefix, gtin: body + gs1CheckDigit(body), serial };
}

export function writeSgtin(bits: BitWriter, sgtin: Sgtin): void {
  const { gtin, serial, companyPrefix: prefix } = sgtin;
  if (gtin.length !== 14 || !isGtin(gtin)) throw new RangeError(`not a GTIN-14: ${gtin}`);
  if (!gtin.startsWith(prefix, 1)) throw new RangeError(`${prefix} is not the company prefix of ${gtin}`);
  const reference = gtin.slice(0, 1) + gtin.slice(1 + prefix.length, 13);
  writeCompanyReference(bits, ITEM, { prefix, reference });
  if (sgtin.encoding === "sgtin-198") writeCharacters(bits, serial);
  else if (/^(?:0|[1-9]\d*)$/.test(serial)) bits.put(BigInt(serial), SERIAL_BITS);
  else throw new RangeError(`not a serial of an SGTIN-96: ${serial}`);
}

/** Characters up to the first zero. After it only zeros may follow, which the caller checks. */
function readCharacters(bits: BitReader): string {
  let text = "";
  while (text.length < MOST_CHARACTERS) {
    const code = Number(bits.take(CHARACTER_BITS));
    if (code === 0) break;
    text += String.fromCharCode(code);
  }
  return text;
}

function writeCharacters(bits: BitWriter, text: string): void {
  if (!isSerialNumber(text)) throw new RangeError(`not a serial: ${text}`);
  for (const character of text) bits.put(BigInt(character.charCodeAt(0)), CHARACTER_BITS);
}
