/** GS1 trade item numbers: what a product is, on its barcode and its RFID tag. */
import { gs1CheckDigit } from "./handling-unit.ts";

/** Whether `text` is a GTIN-8, -12, -13 or -14 with a right check digit. */
export function isGtin(text: string): boolean {
  return /^(\d{8}|\d{12,14})$/.test(text) && gs1CheckDigit(text.slice(0, -1)) === text.slice(-1);
}

/** The 14-digit form of a valid GTIN, or `undefined`. */
export function gtin14(text: string): string | undefined {
  return isGtin(text) ? text.padStart(14, "0") : undefined;
}

/** Whether `text` may be a trade item's serial number (AI 21): 1 to 20 characters of GS1's set 82. */
export function isSerialNumber(text: string): boolean {
  return /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}$/.test(text);
}
