/** GRAI-96 and GIAI-96: assets that come back, such as totes that stay in the building for years. */
import { gs1CheckDigit } from "../handling-unit.ts";
import type { BitReader, BitWriter } from "./bits.ts";
import { readCompanyReference, writeCompanyReference } from "./company-reference.ts";

const RETURNABLE = { bits: 44, digits: 12 };
const SERIAL_BITS = 38;
const INDIVIDUAL = { bits: 82, digits: 25, isNumber: true } as const;

/** One asset of a type that has many. */
export type Grai = {
  readonly encoding: "grai-96";
  readonly filter: number;
  readonly companyPrefix: string;
  /** As it follows AI 8003: a zero, 12 digits, their check digit, the serial. */
  readonly grai: string;
};

/** An asset with a number of its own. */
export type Giai = {
  readonly encoding: "giai-96";
  readonly filter: number;
  readonly companyPrefix: string;
  /** As it follows AI 8004: company prefix and number. */
  readonly giai: string;
};

export function readGrai(bits: BitReader, filter: number): Grai | undefined {
  const type = readCompanyReference(bits, RETURNABLE);
  if (type === undefined) return undefined;
  const body = type.prefix + type.reference;
  const grai = `0${body}${gs1CheckDigit(body)}${bits.take(SERIAL_BITS)}`;
  return { encoding: "grai-96", filter, companyPrefix: type.prefix, grai };
}

export function writeGrai(bits: BitWriter, { grai, companyPrefix: prefix }: Grai): void {
  const [, body, check, serial] = /^0(\d{12})(\d)(0|[1-9]\d*)$/.exec(grai) ?? [];
  if (
    body === undefined ||
    serial === undefined ||
    gs1CheckDigit(body) !== check ||
    !body.startsWith(prefix)
  ) {
    throw new RangeError(`not a GRAI of ${prefix} with a number for a serial: ${grai}`);
  }
  writeCompanyReference(bits, RETURNABLE, { prefix, reference: body.slice(prefix.length) });
  bits.put(BigInt(serial), SERIAL_BITS);
}

export function readGiai(bits: BitReader, filter: number): Giai | undefined {
  const asset = readCompanyReference(bits, INDIVIDUAL);
  if (asset === undefined) return undefined;
  const { prefix, reference } = asset;
  return { encoding: "giai-96", filter, companyPrefix: prefix, giai: prefix + reference };
}

export function writeGiai(bits: BitWriter, { giai, companyPrefix: prefix }: Giai): void {
  if (!giai.startsWith(prefix)) throw new RangeError(`${prefix} is not the company prefix of ${giai}`);
  writeCompanyReference(bits, INDIVIDUAL, { prefix, reference: giai.slice(prefix.length) });
}
