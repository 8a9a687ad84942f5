/**
 * Writes EDIFACT: one interchange with one message, under a number that is its reference.
 *
 * Signs that mean something are released. What the character set does not have is written in Latin letters
 * (UNOC: ISO 8859-1; UNOA: capitals, digits and some marks).
 */
import { inLatin } from "../../../print/latin.ts";
import type { EdifactSegment } from "./interchange.ts";
import type { EdifactPartner } from "./partner.ts";

/** A tag, then elements, each a text or its components. */
export type WrittenSegment = readonly [tag: string, ...elements: (string | readonly string[])[]];

export type WrittenMessage = {
  /** `ORDRSP`. */
  readonly type: string;
  /** Instead of the partner's own directory, e.g. `D:3:UN` of a CONTRL. */
  readonly version?: string;
  readonly segments: readonly WrittenSegment[];
};

const UNA = "UNA:+.? '";

export function writeEdifact(
  partner: EdifactPartner,
  number: number,
  nowMs: number,
  message: WrittenMessage,
): Buffer {
  const time = new Date(nowMs).toISOString();
  const reference = String(number);
  const version = message.version ?? `D:${partner.version.slice(1)}:UN`;
  const association = message.version === undefined ? partner.association : "";
  const segments: readonly WrittenSegment[] = [
    [
      "UNB",
      [partner.charset, partner.charset === "UNOC" ? "3" : "1"],
      [partner.ourId, partner.ourQualifier],
      [partner.partnerId, partner.partnerQualifier],
      [time.slice(2, 10).replaceAll("-", ""), time.slice(11, 16).replace(":", "")],
      reference,
      "",
      "",
      "",
      "",
      "",
      partner.isTest ? "1" : "",
    ],
    ["UNH", reference, [message.type, ...version.split(":"), association]],
    ...message.segments,
    ["UNT", String(message.segments.length + 2), reference],
    ["UNZ", "1", reference],
  ];
  const lines = segments.map((segment) => `${segmentText(segment, partner.charset)}'\n`).join("");
  return Buffer.from(`${UNA}\n${lines}`, "latin1");
}

/** As it came, for keeping: a text that `readEdifact` takes. */
export function segmentAsRead({ tag, elements }: EdifactSegment): string {
  return `${[tag, ...elements.map((parts) => parts.map(released).join(":"))].join("+")}'`;
}

function segmentText([tag, ...elements]: WrittenSegment, charset: EdifactPartner["charset"]): string {
  const texts = elements.map((element) => {
    const parts = typeof element === "string" ? [element] : element;
    return withoutEnd(parts.map((part) => released(inCharset(part, charset)))).join(":");
  });
  return [tag, ...withoutEnd(texts)].join("+");
}

export function released(text: string): string {
  return text.replace(/[?+:']/g, "?$&");
}

const UNOA = /[^A-Z0-9 .,\-()/='+:?!"%&*;<>]/g;

export function inCharset(text: string, charset: EdifactPartner["charset"]): string {
  const clean = text
    .replace(/\p{Cc}/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
  const latin = [...clean].map((sign) => (sign > "\u00FF" ? inLatin(sign) : sign)).join("");
  if (charset === "UNOC") return latin.replace(/[\u0080-\u009F]/g, " ");
  return [...latin]
    .map((sign) => (sign > "~" ? inLatin(sign) : sign))
    .join("")
    .toUpperCase()
    .replace(UNOA, " ");
}

function withoutEnd(parts: readonly string[]): readonly string[] {
  return parts.slice(0, parts.findLastIndex((part) => part !== "") + 1);
}
