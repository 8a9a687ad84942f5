/** SSCC-96: a logistic unit, such as a tote with its licence plate or a pallet. */
import { gs1CheckDigit, isHandlingUnitNumber } from "../handling-unit.ts";
import type { BitReader, BitWriter } from "./bits.ts";
import { readCompanyReference, writeCompanyReference } from "./company-reference.ts";

const UNIT = { bits: 58, digits: 17 };

export type Sscc = {
  readonly encoding: "sscc-96";
  readonly filter: number;
  readonly companyPrefix: string;
  /** 18 digits with the check digit. */
  readonly sscc: string;
};

export function readSscc(bits: BitReader, filter: number): Sscc | undefined {
  const unit = readCompanyReference(bits, UNIT);
  if (unit === undefined) return undefined;
  const body = unit.reference.slice(0, 1) + unit.prefix + unit.reference.slice(1);
  return { encoding: "sscc-96", filter, companyPrefix: unit.prefix, sscc: body + gs1CheckDigit(body) };
}

export function writeSscc(bits: BitWriter, { sscc, companyPrefix: prefix }: Sscc): void {
  if (!isHandlingUnitNumber(sscc)) throw new RangeError(`not an SSCC-18: ${sscc}`);
  if (!sscc.startsWith(prefix, 1)) throw new RangeError(`${prefix} is not the company prefix of ${sscc}`);
  const reference = sscc.slice(0, 1) + sscc.slice(1 + prefix.length, 17);
  writeCompanyReference(bits, UNIT, { prefix, reference });
}
