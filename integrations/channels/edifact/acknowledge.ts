/**
 * CONTRL, both ways: ours says whether an interchange and each of its messages was read, theirs says it of
 * ours, by the reference that it had.
 */
import type { PartnerDocument } from "../../partner-folder/partner-format.ts";
import { at, type EdifactMessage, type EdifactReport } from "./interchange.ts";
import type { WrittenMessage, WrittenSegment } from "./write-interchange.ts";

/** A message that was read as EDIFACT and is not one that we take. */
export type MessageRefusal = { readonly reference: string; readonly code: "12" | "13" | "14" | "18" };

/** Data element 0083. */
const ACTION = { rejected: "4", acknowledged: "7", received: "8" } as const;
const DUPLICATE = "26";

/** Data element 0085, as far as partners are known to use them. */
const CODES: Readonly<Record<string, string>> = {
  "2": "the syntax version is not supported",
  "7": "the recipient is not the one that is addressed",
  "12": "a value is invalid",
  "13": "something is missing",
  "14": "a value is not supported here",
  "15": "something is not supported in this place",
  "16": "there are too many elements",
  "18": "an error without a name",
  "21": "a sign is not of the character set",
  "23": "the sender is not known",
  "24": "it is too old",
  "25": "the test indicator is not supported",
  "26": "it is a duplicate",
  "28": "references do not match",
  "29": "a count is wrong",
  "32": "it is empty",
};

export function acknowledgement(
  report: EdifactReport,
  isRead: boolean,
  refusals: readonly MessageRefusal[],
  isRepeat: boolean,
): WrittenMessage {
  const isTaken = isRead && !isRepeat;
  const party = (text: string) => text.split(":");
  const uci: WrittenSegment = [
    "UCI",
    report.reference,
    party(report.sender),
    party(report.receiver),
    isTaken ? ACTION.received : ACTION.rejected,
    isTaken ? "" : isRepeat ? DUPLICATE : (report.code ?? "18"),
  ];
  const ucms = report.messages.map(({ reference, identifier, code }): WrittenSegment => {
    const refusal = refusals.find((one) => one.reference === reference)?.code ?? code;
    const isGood = isTaken && refusal === null;
    return [
      "UCM",
      reference,
      identifier.split(":").slice(0, 5),
      isGood ? ACTION.acknowledged : ACTION.rejected,
      isGood ? "" : (refusal ?? report.code ?? "18"),
    ];
  });
  // What is rejected as a whole needs no word about its parts.
  return { type: "CONTRL", version: "D:3:UN", segments: isTaken ? [uci, ...ucms] : [uci] };
}

export function answerIn(message: EdifactMessage): PartnerDocument | null {
  const uci = message.segments.find(({ tag }) => tag === "UCI");
  const number = at(uci, 0);
  if (uci === undefined || !/^\d{1,9}$/.test(number)) return null;
  const bad = message.segments.filter(
    (segment) =>
      (segment.tag === "UCI" && at(segment, 3) === ACTION.rejected) ||
      (["UCM", "UCF"].includes(segment.tag) &&
        at(segment, segment.tag === "UCM" ? 2 : 3) === ACTION.rejected),
  );
  const codes = message.segments.flatMap((segment) => {
    const place = { UCI: 4, UCM: 3, UCF: 4, UCS: 1, UCD: 0 }[segment.tag];
    const code = place === undefined ? "" : at(segment, place);
    return code === "" ? [] : [`${segment.tag} ${code}: ${CODES[code] ?? `code ${code}`}`];
  });
  return {
    kind: "answer",
    number: Number(number),
    isAccepted: bad.length === 0,
    detail: codes.length === 0 ? `UCI ${at(uci, 3)}` : codes.join("; "),
  };
}
