/**
 * What a code may mean that was scanned at the returns desk or typed in: everything that is printed on a
 * label or an item. This file only reads the code; who knows such a number is for the store to say.
 *
 * - a tracking number by itself, with spaces, or in the carrier's barcode: USPS puts `420` and the ZIP code
 *   before it, FedEx a long number of which it is the end
 * - a GTIN of 8 to 14 digits, with or without leading zeros, by itself, in element strings (AI 01, with the
 *   serial in AI 21), in a GS1 Digital Link, or on an RFID tag, as hexadecimal digits or as a URI
 * - anything else is a text: the number of a return or an order, a SKU, a serial number
 */
import { readElements, withoutEnds } from "../element-string.ts";
import { decodeEpc } from "../epc/epc.ts";
import { gtin14, isSerialNumber } from "../gtin.ts";
import { gs1CheckDigit } from "../handling-unit.ts";

export type ScannedCode = {
  readonly text: string;
  /** What of it may be a tracking number, in upper case and without spaces. */
  readonly tracking: readonly string[];
  /** 14 digits. */
  readonly gtin: string | null;
  /** Of the unit: with a GTIN it is the unit's own, otherwise the whole text may be one. */
  readonly serial: string | null;
};

const SYMBOLOGY = /^\][A-Za-z]\d/;
const DIGITAL_LINK = /^https?:\/\/[^?#]*?\/01\/(\d{8,14})(?:\/(?:10|22)\/[^/?#]+)*(?:\/21\/([^/?#]+))?/i;
const TAG_URI = /^urn:epc:(?:id:sgtin|tag:sgtin-(?:96|198):\d):(\d{6,12})\.(\d{1,7})\.(.+)$/i;
const USPS = /^420(?:\d{9}|\d{5})(9[1-5]\d{18,28})$/;
/** FedEx: Express, Ground and the longer forms of Ground stand at the end. */
const FEDEX_ENDS = [12, 15, 20];

export function readScannedCode(scan: string): ScannedCode {
  const text = withoutEnds(scan.trim()).replace(SYMBOLOGY, "").replace(/^\^+/, "").trim();
  const unit = unitOf(scan.trim(), text);
  const compact = text.replace(/[\s^]+/g, "").toUpperCase();
  const gtin = unit?.gtin ?? gtinOf(compact);
  return {
    text,
    tracking: trackingOf(compact),
    gtin,
    serial: unit?.serial ?? (unit === null && isSerialNumber(text) ? text : null),
  };
}

type Unit = { readonly gtin: string; readonly serial: string | null };

function unitOf(scan: string, text: string): Unit | null {
  const tag = decodeEpc(text.replace(/\s+/g, ""));
  if (tag !== undefined && "gtin" in tag) return { gtin: tag.gtin, serial: tag.serial };
  const [, prefix, reference = "", serial] = TAG_URI.exec(text) ?? [];
  if (prefix !== undefined) {
    const body = reference.slice(0, 1) + prefix + reference.slice(1);
    return body.length === 13 ? { gtin: body + gs1CheckDigit(body), serial: decoded(serial) } : null;
  }
  const [, linked, linkedSerial] = DIGITAL_LINK.exec(text) ?? [];
  const gtinOfLink = linked === undefined ? undefined : gtinOf(linked);
  if (gtinOfLink != null) return { gtin: gtinOfLink, serial: decoded(linkedSerial) };
  const elements = readElements(scan);
  const element = (wanted: string) => elements.find(({ ai }) => ai === wanted)?.value;
  const gtin = gtin14(element("01") ?? "");
  return gtin === undefined ? null : { gtin, serial: element("21") ?? null };
}

/** A GTIN may stand with more leading zeros than it has, or with fewer. */
function gtinOf(digits: string): string | null {
  if (!/^\d{8,14}$/.test(digits)) return null;
  return gtin14(digits) ?? gtin14(digits.padStart(14, "0")) ?? null;
}

function trackingOf(compact: string): readonly string[] {
  if (!/^[A-Z0-9-]{6,40}$/.test(compact)) return [];
  const [, usps] = USPS.exec(compact) ?? [];
  if (usps !== undefined) return [compact, usps];
  return /^\d{34}$/.test(compact)
    ? [compact, ...FEDEX_ENDS.map((length) => compact.slice(-length))]
    : [compact];
}

function decoded(part: string | undefined): string | null {
  if (part === undefined) return null;
  try {
    const serial = decodeURIComponent(part);
    return isSerialNumber(serial) ? serial : null;
  } catch {
    return null;
  }
}
