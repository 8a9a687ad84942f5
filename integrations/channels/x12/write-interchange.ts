/**
 * Writes X12: one interchange with one group, under a control number that is also the group's.
 *
 * No element holds a sign that X12 means something by: such a sign, and whatever is not in the extended
 * character set, is written in Latin letters or left out. Empty elements at a segment's end are not written.
 */
import { inLatin } from "../../../print/latin.ts";
import type { X12Partner } from "./partner.ts";

/** A segment before it is written: a tag and elements, each a text or its components. */
export type WrittenSegment = readonly (string | readonly string[])[];

export type WrittenSet = { readonly type: string; readonly segments: readonly WrittenSegment[] };

/** GS01 of what we send. */
const GROUP_CODES: Readonly<Record<string, string>> = {
  "810": "IN",
  "846": "IB",
  "855": "PR",
  "856": "SH",
  "997": "FA",
};

/** @param number ISA13 and GS06 */
export function writeInterchange(
  partner: X12Partner,
  number: number,
  nowMs: number,
  sets: readonly WrittenSet[],
  notices: readonly WrittenSegment[] = [],
): string {
  const { day, time } = stampOf(nowMs);
  const control = String(number).padStart(9, "0");
  const blank = " ".repeat(10);
  const isa = [
    ["ISA", "00", blank, "00", blank],
    [partner.ourQualifier, partner.ourId.padEnd(15), partner.partnerQualifier, partner.partnerId.padEnd(15)],
    [day.slice(2), time, partner.version === "005010" ? partner.repetition : "U"],
    [partner.version === "005010" ? "00501" : "00401", control, "0", partner.isTest ? "T" : "P"],
  ].flat();
  const version = partner.version;
  const group: WrittenSegment[] =
    sets.length === 0
      ? []
      : [
          [
            "GS",
            GROUP_CODES[sets[0]?.type ?? ""] ?? "FA",
            partner.ourGroupId,
            partner.partnerGroupId,
            day,
            time,
            String(number),
            "X",
            version,
          ],
          ...sets.flatMap(({ type, segments }, index): WrittenSegment[] => {
            const setControl = String(index + 1).padStart(4, "0");
            return [["ST", type, setControl], ...segments, ["SE", String(segments.length + 2), setControl]];
          }),
          ["GE", String(sets.length), String(number)],
        ];
  // The ISA has a fixed width, with the component's and the segment's sign at its end.
  const head = `${isa.join(partner.element)}${partner.element}${partner.component}${partner.terminator}`;
  const rest: readonly WrittenSegment[] = [
    ...notices,
    ...group,
    ["IEA", String(sets.length === 0 ? 0 : 1), control],
  ];
  const lineEnd = partner.terminator === "\n" ? "" : "\n";
  return [head, ...rest.map((segment) => `${segmentText(segment, partner)}${partner.terminator}`)]
    .map((line) => `${line}${lineEnd}`)
    .join("");
}

function segmentText(segment: WrittenSegment, partner: X12Partner): string {
  const elements = segment.map((element) =>
    typeof element === "string"
      ? elementText(element, partner)
      : withoutEnd(element.map((part) => elementText(part, partner))).join(partner.component),
  );
  return withoutEnd(elements).join(partner.element);
}

function elementText(text: string, { element, component, terminator, repetition }: X12Partner): string {
  const marks = new Set([element, component, terminator, repetition]);
  const latin = [...text].map((sign) => (sign > "~" ? inLatin(sign) : sign)).join("");
  return [...latin]
    .map((sign) => (marks.has(sign) || sign < " " || sign > "~" ? " " : sign))
    .join("")
    .replace(/ {2,}/g, " ")
    .trim();
}

function withoutEnd(parts: readonly string[]): readonly string[] {
  const last = parts.findLastIndex((part) => part !== "");
  return parts.slice(0, last + 1);
}

/** CCYYMMDD and HHMM, UTC. */
export function stampOf(ms: number): { readonly day: string; readonly time: string } {
  const text = new Date(ms).toISOString();
  return { day: text.slice(0, 10).replaceAll("-", ""), time: text.slice(11, 16).replace(":", "") };
}
