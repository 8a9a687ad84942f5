/**
 * Licence plates of totes, as barcodes and RFID tags say them: the SSCC that we gave the fulfillment order,
 * or the asset number of a tote that comes back (GRAI, GIAI). Conveyor, portal and packing table all read
 * them here.
 *
 * A plate is a text that a tote is found by: the 18 digits of an SSCC as they are, an asset's key behind its
 * AI in brackets, since their digits alone could be taken for each other.
 */
import { readElements, withoutEnds } from "./element-string.ts";
import type { Epc } from "./epc/epc.ts";
import { gs1CheckDigit, isHandlingUnitNumber } from "./handling-unit.ts";

export type LicencePlate = string;

/** The plate that a barcode bears; `undefined` where it bears none, or two that differ. */
export function plateInScan(scan: string): LicencePlate | undefined {
  const bare = withoutEnds(scan).replace(/^\][A-Za-z]\d\^*/, "");
  if (isHandlingUnitNumber(bare)) return bare;
  const plates = new Set(readElements(scan).flatMap(({ ai, value }) => plateOf(ai, value) ?? []));
  const [plate] = plates;
  return plates.size === 1 ? plate : undefined;
}

/** The plate that a tag is; `undefined` for units and for foreign tags. */
export function plateInTag(tag: Epc): LicencePlate | undefined {
  if ("sscc" in tag) return tag.sscc;
  if ("grai" in tag) return plateOf("8003", tag.grai);
  return "giai" in tag ? plateOf("8004", tag.giai) : undefined;
}

function plateOf(ai: string, value: string): LicencePlate | undefined {
  switch (ai) {
    case "00":
      return isHandlingUnitNumber(value) ? value : undefined;
    case "8003": {
      const [, body, check] = /^0(\d{12})(\d)[^\s]{1,16}$/.exec(value) ?? [];
      return body !== undefined && gs1CheckDigit(body) === check ? `(8003)${value}` : undefined;
    }
    case "8004":
      return /^\d{6}[^\s]{1,24}$/.test(value) ? `(8004)${value}` : undefined;
    default:
      return undefined;
  }
}
