/**
 * Functional acknowledgements, both ways. Ours say of each group and transaction set that came whether it was
 * read (997), or that the interchange could not be (TA1). Theirs say it of ours, by the number that it had.
 */
import type { FileProblem, PartnerDocument } from "../../partner-folder/partner-format.ts";
import type { EnvelopeReport, Segment, TransactionSet } from "./interchange.ts";
import type { WrittenSegment, WrittenSet } from "./write-interchange.ts";

/** Of one transaction set that came, by its group's and its own control number. */
export type SetRefusal = {
  readonly group: string;
  readonly control: string;
  /** AK502. */
  readonly code: "1" | "5";
  /** The tag of a segment that has to be there and is not. */
  readonly missing: string | null;
};

/** The partner's own acknowledgements are not acknowledged. */
const NOT_ANSWERED = "FA";

/**
 * @param isRead false: nothing of the interchange was read
 * @returns none: there is nothing to say of it
 */
export function acknowledgements(
  report: EnvelopeReport,
  isRead: boolean,
  refusals: readonly SetRefusal[],
): readonly WrittenSet[] {
  return report.groups
    .filter(({ code }) => code !== NOT_ANSWERED)
    .map((group) => {
      const sets = group.sets.map((set) => {
        const refusal = refusals.find((one) => one.group === group.control && one.control === set.control);
        return {
          ...set,
          codes: [...set.codes, ...(refusal === undefined ? [] : [refusal.code])],
          missing: refusal?.missing ?? null,
        };
      });
      const accepted = isRead ? sets.filter(({ codes }) => codes.length === 0).length : 0;
      const verdict = accepted === 0 ? "R" : accepted === sets.length ? "A" : "P";
      const stated = /^\d{1,6}$/.test(group.stated) ? group.stated : String(sets.length);
      const segments: readonly WrittenSegment[] = [
        ["AK1", group.code, group.control],
        ...sets.flatMap(({ type, control, codes, missing }): readonly WrittenSegment[] => [
          ["AK2", type, control],
          ...(missing === null ? [] : [["AK3", missing, "2", "", "3"]]),
          ["AK5", isRead && codes.length === 0 ? "A" : "R", ...codes.slice(0, 5)],
        ]),
        ["AK9", verdict, stated, String(sets.length), String(accepted), ...group.codes.slice(0, 5)],
      ];
      return { type: "997", segments };
    });
}

/** @param isRepeat its control number came before with something else in it */
export function interchangeNotice(report: EnvelopeReport, isRepeat: boolean): WrittenSegment | null {
  const code = isRepeat ? "025" : report.note;
  return code === null ? null : ["TA1", report.control, report.date, report.time, "R", code];
}

/** AK502 and AK905, AK304, AK403, TA105, as far as partners are known to use them. */
const SET_CODES: Readonly<Record<string, string>> = {
  "1": "this kind of document is not supported",
  "2": "its trailer (SE) is missing",
  "3": "its control numbers differ (ST02, SE02)",
  "4": "its count of segments is wrong (SE01)",
  "5": "segments of it are in error",
  "6": "its identifier is missing or invalid",
  "7": "its control number is missing or invalid",
  "23": "its control number is not unique in the group",
};
const SEGMENT_CODES: Readonly<Record<string, string>> = {
  "1": "not recognised",
  "2": "not expected",
  "3": "missing",
  "4": "a loop comes too often",
  "5": "comes too often",
  "6": "not defined in this document",
  "7": "not in the right order",
  "8": "has elements in error",
};
const ELEMENT_CODES: Readonly<Record<string, string>> = {
  "1": "missing",
  "2": "missing, and needed here",
  "3": "too many",
  "4": "too short",
  "5": "too long",
  "6": "has a wrong sign",
  "7": "has a code that is not known",
  "8": "is no date",
  "9": "is no time",
  "10": "must not be there together with another",
};
const NOTICE_CODES: Readonly<Record<string, string>> = {
  "001": "the control numbers of ISA and IEA differ",
  "005": "they do not know our interchange id (ISA05)",
  "006": "they do not know our interchange id (ISA06)",
  "007": "they do not know their interchange id (ISA07)",
  "008": "they do not know their interchange id (ISA08)",
  "017": "they do not take this version (ISA12)",
  "020": "they do not know this usage indicator (ISA15)",
  "021": "the count of groups is wrong (IEA01)",
  "022": "the structure is wrong",
  "023": "it was cut short",
  "025": "they had this control number before",
};

/** What a 997 says of a document of ours. */
export function answersIn(set: TransactionSet): {
  readonly documents: readonly PartnerDocument[];
  readonly problems: readonly FileProblem[];
} {
  const ak1 = set.segments.find(([tag]) => tag === "AK1");
  const ak9 = set.segments.find(([tag]) => tag === "AK9");
  const number = ak1?.[2]?.trim() ?? "";
  if (!/^\d{1,9}$/.test(number) || ak9 === undefined)
    return {
      documents: [],
      problems: [
        {
          place: `997 ${set.control}`,
          what: "It has no AK1 with a group's number, or no AK9.",
          advice: "Ask the partner to send it again as the standard has it.",
        },
      ],
    };
  const ak5 = set.segments.filter(([tag]) => tag === "AK5");
  const isGood = (code: string | undefined) => code === "A" || code === "E";
  // A group of ours holds one document: what was accepted in part was accepted or not by its own word.
  const isAccepted = ak9[1] === "P" ? ak5.every((each) => isGood(each[1])) : isGood(ak9[1]);
  return {
    documents: [{ kind: "answer", number: Number(number), isAccepted, detail: detailOf(set.segments) }],
    problems: [],
  };
}

function detailOf(segments: readonly Segment[]): string {
  const said = segments.flatMap(([tag, ...elements]): readonly string[] => {
    const meaning = (codes: Readonly<Record<string, string>>, code: string | undefined) =>
      code ? (codes[code] ?? `code ${code}`) : "in error";
    if (tag === "AK3")
      return [`segment ${elements[1] ?? ""} (${elements[0] ?? ""}): ${meaning(SEGMENT_CODES, elements[3])}`];
    if (tag === "AK4")
      return [
        `element ${elements[0] ?? ""}: ${meaning(ELEMENT_CODES, elements[2])}${elements[3] ? ` ("${elements[3]}")` : ""}`,
      ];
    if (tag === "AK5" || tag === "AK9")
      return (tag === "AK5" ? elements.slice(1) : elements.slice(4))
        .filter((code) => code !== "")
        .map((code) => `${tag} ${code}: ${SET_CODES[code] ?? `code ${code}`}`);
    return [];
  });
  const ak9 = segments.find(([tag]) => tag === "AK9")?.[1] ?? "";
  return said.length === 0 ? `AK9 ${ak9}` : said.join("; ");
}

/** What a TA1 says of an interchange of ours; one that it took is confirmed by its 997. */
export function noticeAnswer(notice: Segment): PartnerDocument | null {
  const number = notice[1]?.trim() ?? "";
  if (notice[4] !== "R" || !/^\d{1,9}$/.test(number)) return null;
  const code = notice[5]?.trim() ?? "";
  return {
    kind: "answer",
    number: Number(number),
    isAccepted: false,
    detail: `TA1 ${code}: ${NOTICE_CODES[code] ?? "the interchange was rejected"}`,
  };
}
