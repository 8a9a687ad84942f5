/** EDIFACT as files of a trading partner: what comes in an interchange, and what is put into one. */
import type { OrderWordKind } from "../../../ports/channel-connection.ts";
import type {
  Exchange,
  FileProblem,
  PartnerDocument,
  PartnerFormat,
} from "../../partner-folder/partner-format.ts";
import { textOfFile } from "../../partner-folder/text-of-file.ts";
import { acknowledgement, answerIn, type MessageRefusal } from "./acknowledge.ts";
import { aloneIn, byOrder, edifactAdapter, joinInterchanges } from "./adapter.ts";
import { functionOf, isOrderMessage } from "./change-order.ts";
import { inventoryReport, messageFor } from "./documents.ts";
import { type EdifactInterchange, type EdifactReport, readEdifact, splitEdifact } from "./interchange.ts";
import type { EdifactPartner } from "./partner.ts";
import { writeEdifact } from "./write-interchange.ts";

const TELLS: ReadonlySet<OrderWordKind> = new Set(["acknowledge", "ship", "cancel", "refund", "invoice"]);

const RESEND = "Ask the partner to have it put right and sent again under a new reference.";

/** @param now of the documents that we write, milliseconds of the Unix epoch */
export function createEdifactFormat(partner: EdifactPartner, now: () => number): PartnerFormat {
  return {
    adapter: edifactAdapter,
    extension: "edi",
    tells: TELLS,
    isWhole: (content) => {
      const last = splitEdifact(textOfFile(content)).at(-1) ?? "";
      const { report } = readEdifact(last);
      // What is wrong in itself does not become right by waiting; what has no end may get one.
      return report === null ? !isBeginning(last) : !report.isCut;
    },
    read: (content) => splitEdifact(textOfFile(content)).map((text) => readExchange(text, partner, now)),
    join: joinInterchanges,
    write: (word, order, number, nowMs) => {
      const message = messageFor(word, order, partner, nowMs);
      return message === null
        ? null
        : { type: message.type, content: writeEdifact(partner, number, nowMs, message) };
    },
    writeStock: (levels, number, nowMs) => ({
      type: "INVRPT",
      content: writeEdifact(partner, number, nowMs, inventoryReport(levels, partner, number, nowMs)),
    }),
  };
}

/** It may still become a UNA or UNB segment. */
function isBeginning(text: string): boolean {
  return text.startsWith("UNA") ? text.length < 12 : "UNB".startsWith(text) || "UNA".startsWith(text);
}

function readExchange(text: string, partner: EdifactPartner, now: () => number): Exchange {
  const { interchange, faults, report } = readEdifact(text);
  const id = report === null ? null : `${report.sender} ${report.reference}`;
  const stranger = report === null ? null : strangerIn(report, partner);
  if (stranger !== null) return { id: null, documents: [], problems: [stranger], answer: null };
  const refusals: MessageRefusal[] = [];
  const documents: PartnerDocument[] = [];
  const problems: FileProblem[] = faults.map((fault) => ({
    place: fault.segment === 0 ? "file" : `segment ${fault.segment}`,
    what: fault.text,
    advice: RESEND,
  }));
  if (interchange !== null) readDocuments(interchange, documents, problems, refusals);
  // A CONTRL is never answered, or two partners would never end.
  const isAnswered = report?.messages.some(({ identifier }) => identifier.startsWith("CONTRL")) === false;
  return {
    id,
    documents,
    problems,
    answer:
      report === null || !isAnswered
        ? null
        : (number, isRepeat) => ({
            type: "CONTRL",
            content: writeEdifact(
              partner,
              number,
              now(),
              acknowledgement(report, interchange !== null, refusals, isRepeat),
            ),
          }),
  };
}

function strangerIn({ sender, receiver }: EdifactReport, partner: EdifactPartner): FileProblem | null {
  const side = (id: string, qualifier: string) => [id, `${id}:${qualifier}`];
  const isTheirs = side(partner.partnerId, partner.partnerQualifier).includes(sender);
  const isOurs = side(partner.ourId, partner.ourQualifier).includes(receiver);
  if (isTheirs && isOurs) return null;
  return {
    place: "segment 1 (UNB)",
    what: `It is from ${sender} to ${receiver}, and this folder is for what ${partner.partnerId}:${partner.partnerQualifier} sends to ${partner.ourId}:${partner.ourQualifier}.`,
    advice: "Put it into its partner's folder, or correct the ids in the channel's account.",
  };
}

function readDocuments(
  interchange: EdifactInterchange,
  documents: PartnerDocument[],
  problems: FileProblem[],
  refusals: MessageRefusal[],
): void {
  for (const { externalId, messages } of byOrder(interchange)) {
    const [first] = messages;
    if (first === undefined) continue;
    const answer = first.type === "CONTRL" ? answerIn(first) : null;
    if (answer !== null) {
      documents.push(answer);
      continue;
    }
    const text = aloneIn(messages, interchange);
    const [reading] = edifactAdapter.read(text, null);
    const isOrder = isOrderMessage(first);
    // A change whose order is in another file is a change all the same.
    const isRefused = reading?.kind === "refused" && (!isOrder || reading.refusal.code !== "not_an_order");
    if (reading !== undefined && !isRefused) {
      const kind = reading.kind === "cancellation" || isChangeOnly(messages) ? "change" : "order";
      documents.push({ kind, externalId, text, place: `order ${externalId}` });
      continue;
    }
    if (first.type !== "CONTRL") refusals.push({ reference: first.reference, code: isOrder ? "13" : "14" });
    problems.push({
      place: externalId === "" ? `message ${first.reference} (${first.type})` : `order ${externalId}`,
      what: reading?.kind === "refused" ? reading.refusal.detail : "It cannot be read.",
      advice: isOrder
        ? RESEND
        : "Only ORDERS, ORDCHG and CONTRL are read from a partner; see what it is for.",
    });
  }
}

/** ORDERS with the function 4 or 5 takes the place of an order, and is one itself where that has not come. */
function isChangeOnly(messages: EdifactInterchange["messages"]): boolean {
  return messages.every((message) => message.type === "ORDCHG" || functionOf(message) === "1");
}
