/** X12 as files of a trading partner: what comes in an interchange, and what is put into one. */
import type { OrderWordKind } from "../../../ports/channel-connection.ts";
import type {
  Exchange,
  FileProblem,
  PartnerDocument,
  PartnerFormat,
} from "../../partner-folder/partner-format.ts";
import { textOfFile } from "../../partner-folder/text-of-file.ts";
import {
  acknowledgements,
  answersIn,
  interchangeNotice,
  noticeAnswer,
  type SetRefusal,
} from "./acknowledge.ts";
import { aloneIn, byOrder, joinInterchanges, x12Adapter } from "./adapter.ts";
import { inventoryReport, setFor } from "./documents.ts";
import { type Interchange, readInterchange, splitInterchanges } from "./interchange.ts";
import type { X12Partner } from "./partner.ts";
import { writeInterchange } from "./write-interchange.ts";

const TELLS: ReadonlySet<OrderWordKind> = new Set(["acknowledge", "ship", "cancel", "refund", "invoice"]);

const RESEND = "Ask the partner to have it put right and sent again under a new control number.";

/** @param now of the documents that we write, milliseconds of the Unix epoch */
export function createX12Format(partner: X12Partner, now: () => number): PartnerFormat {
  return {
    adapter: x12Adapter,
    extension: "edi",
    tells: TELLS,
    isWhole: (content) => {
      const last = splitInterchanges(textOfFile(content)).at(-1) ?? "";
      const { report } = readInterchange(last);
      // What is wrong in itself does not become right by waiting; what has no end may get one.
      return report === null ? !isBeginning(last) : report.note !== "023";
    },
    read: (content) => splitInterchanges(textOfFile(content)).map((text) => readExchange(text, partner, now)),
    join: joinInterchanges,
    write: (word, order, number, nowMs) => {
      const set = setFor(word, order, partner, nowMs);
      return set === null
        ? null
        : { type: set.type, content: writeInterchange(partner, number, nowMs, [set]) };
    },
    writeStock: (levels, number, nowMs) => ({
      type: "846",
      content: writeInterchange(partner, number, nowMs, [inventoryReport(levels, partner, number, nowMs)]),
    }),
  };
}

/** It may still become an ISA segment. */
function isBeginning(text: string): boolean {
  return text.startsWith("ISA") ? text.length < 106 : "ISA".startsWith(text);
}

function readExchange(text: string, partner: X12Partner, now: () => number): Exchange {
  const { interchange, located, report } = readInterchange(text);
  const id = report === null ? null : `${report.sender} ${report.control}`;
  const stranger = report === null ? null : strangerIn(report, partner);
  if (stranger !== null) return { id: null, documents: [], problems: [stranger], answer: null };
  const refusals: SetRefusal[] = [];
  const documents: PartnerDocument[] = [];
  const problems: FileProblem[] = located.map((fault) => ({
    place: fault.segment === 0 ? "file" : `segment ${fault.segment}`,
    what: fault.text,
    advice: RESEND,
  }));
  if (interchange !== null) readDocuments(interchange, documents, problems, refusals);
  const sets = report === null ? [] : acknowledgements(report, interchange !== null, refusals);
  const isAnswered = report !== null && (sets.length > 0 || report.note !== null);
  return {
    id,
    documents,
    problems,
    answer: !isAnswered
      ? null
      : (number, isRepeat) => {
          const notice = interchangeNotice(report, isRepeat);
          const said = notice === null ? sets : [];
          return {
            type: notice === null ? "997" : "TA1",
            content: writeInterchange(partner, number, now(), said, notice === null ? [] : [notice]),
          };
        },
  };
}

function strangerIn(
  { sender, receiver }: Pick<Interchange, "sender" | "receiver">,
  partner: X12Partner,
): FileProblem | null {
  const [theirs, ours] = [
    `${partner.partnerQualifier}:${partner.partnerId}`,
    `${partner.ourQualifier}:${partner.ourId}`,
  ];
  if (sender === theirs && receiver === ours) return null;
  return {
    place: "segment 1 (ISA)",
    what: `It is from ${sender} to ${receiver}, and this folder is for what ${theirs} sends to ${ours}.`,
    advice: "Put it into its partner's folder, or correct the ids in the channel's account.",
  };
}

function readDocuments(
  interchange: Interchange,
  documents: PartnerDocument[],
  problems: FileProblem[],
  refusals: SetRefusal[],
): void {
  for (const notice of interchange.notices) {
    const answer = noticeAnswer(notice);
    if (answer !== null) documents.push(answer);
  }
  for (const { externalId, sets } of byOrder(interchange)) {
    const [first] = sets;
    if (first === undefined) continue;
    if (first.type === "997") {
      const read = answersIn(first);
      documents.push(...read.documents);
      problems.push(...read.problems);
      continue;
    }
    const text = aloneIn(sets, interchange);
    const [reading] = x12Adapter.read(text, null);
    const isOrder = first.type === "850" || first.type === "860";
    const isRefused = reading?.kind === "refused" && (!isOrder || reading.refusal.code !== "not_an_order");
    if (!isRefused && externalId !== "") {
      const isOwn = sets.some((set) => set.type === "850");
      const isCancellation = reading?.kind === "cancellation";
      documents.push({
        kind: isOwn && !isCancellation ? "order" : "change",
        externalId,
        text,
        place: `order ${externalId}`,
      });
      continue;
    }
    const missing = !isOrder || externalId !== "" ? null : first.type === "850" ? "BEG" : "BCH";
    refusals.push({
      group: first.group.control,
      control: first.control,
      code: isOrder ? "5" : "1",
      missing,
    });
    problems.push({
      place: externalId === "" ? `document ${first.control} (${first.type})` : `order ${externalId}`,
      what: reading?.kind === "refused" ? reading.refusal.detail : "It cannot be read.",
      advice: isOrder ? RESEND : "Only 850, 860 and 997 are read from a partner; see what it is for.",
    });
  }
}
