/**
 * Licence plates of totes, as barcodes and RFID tags give them: the SSCC that we gave the fulfillment order,
 * or the asset number of a tote that comes back (GRAI, GIAI). Conveyor, portal and packing table all read
 * them here.
 *
 * A plate is a text by which a tote is found: the 18 digits of an SSCC, or an asset's key after its AI in
 * brackets. Without the AI, the digits of one kind could be taken for those of another.
 */
import { readElements, withoutEnds } from "./element-string.ts";
import type { Epc } from "./epc/epc.ts";
import { gs1CheckDigit, isHandlingUnitNumber } from "./handling-unit.ts";

export type LicencePlate = string;

/** The plate on a barcode; `undefined` where it has none, or two that differ. */
export function plateInScan(scan: string): LicencePlate | undefined {
  const bare = withoutEnds(scan).replace(/^\][A-Za-z]\d\^*/, "");
  if (isHandlingUnitNumber(bare)) return bare;
  const plates = new Set(readElements(scan).flatMap(({ ai, value }) => plateOf(ai, value) ?? []));
  const [plate] = plates;
  return plates.size === 1 ? plate : undefined;
}

/** The plate on a tag; `undefined` for tags of units and of other companies. */
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
