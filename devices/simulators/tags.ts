/** The RFID tags of a simulated floor: a plate on every tote, a serialised GTIN on every unit. */
import { encodeEpc } from "../../orders/epc/epc.ts";
import { serialOf } from "./faults.ts";

/** Digits of the company prefixes that the sandbox's keys begin with. */
const PREFIX_DIGITS = 7;
/** Filter value 1: a point-of-sale trade item. */
const POINT_OF_SALE = 1;

/** @param unit names the one unit: its serial derives from it */
export function unitTag(gtin: string, unit: string): string {
  return encodeEpc({
    encoding: "sgtin-96",
    filter: POINT_OF_SALE,
    companyPrefix: gtin.slice(1, 1 + PREFIX_DIGITS),
    gtin,
    serial: String(serialOf(unit)),
  });
}

/** @param lpn an SSCC-18 */
export function plateTag(lpn: string): string {
  return encodeEpc({
    encoding: "sscc-96",
    filter: 0,
    companyPrefix: lpn.slice(1, 1 + PREFIX_DIGITS),
    sscc: lpn,
  });
}
