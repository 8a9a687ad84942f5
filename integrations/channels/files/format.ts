/** Orders and answers in files without a vendor, as files of a partner's folder. */
import type { OrderWordKind } from "../../../ports/channel-connection.ts";
import type { ChannelAdapter } from "../../../ports/channels.ts";
import type {
  Exchange,
  FileProblem,
  PartnerDocument,
  PartnerFormat,
} from "../../partner-folder/partner-format.ts";
import { textOfFile } from "../../partner-folder/text-of-file.ts";
import { textAt, writeJson } from "../../vendor-kit/vendor-json.ts";
import { isCancellation, isJson, linesOf, parsed } from "./adapter.ts";
import { fileFor, stockFile } from "./documents.ts";
import { readRows } from "./rows.ts";

const TELLS: ReadonlySet<OrderWordKind> = new Set([
  "acknowledge",
  "ship",
  "cancel",
  "refund",
  "hold",
  "release",
  "invoice",
]);

export function createFilesFormat(adapter: ChannelAdapter, kind: "csv" | "jsonl"): PartnerFormat {
  return {
    adapter,
    extension: kind,
    tells: TELLS,
    isWhole: (content) => {
      const text = textOfFile(content);
      const last = linesOf(text).at(-1);
      return last !== undefined && (!isJson(text) || parsed(last.text) !== undefined);
    },
    read: (content) => [readFile(textOfFile(content), adapter)],
    join: (documents) => documents.join("\n"),
    write: (word, order, _number, nowMs) => fileFor(word, order, kind, nowMs),
    writeStock: (levels, _number, nowMs) => stockFile(levels, kind, nowMs),
  };
}

function readFile(text: string, adapter: ChannelAdapter): Exchange {
  const problems: FileProblem[] = [];
  const documents: PartnerDocument[] = [];
  const found = isJson(text) ? readJsonLines(text, problems) : readTable(text, problems);
  for (const { line, document } of found) {
    const [reading] = adapter.read(writeJson(document), null);
    const externalId = textAt(document, "id");
    if (reading === undefined || reading.kind === "refused")
      problems.push({
        place: `line ${line}`,
        what: reading?.kind === "refused" ? reading.refusal.detail : "It is no order.",
        advice: "docs/channels/files.md has what a line may hold.",
      });
    else
      documents.push({
        kind: isCancellation(document) ? "change" : "order",
        externalId,
        text: writeJson(document),
        place: `line ${line}`,
      });
  }
  return { id: null, documents, problems, answer: null };
}

type Found = { readonly line: number; readonly document: unknown };

function readTable(text: string, problems: FileProblem[]): readonly Found[] {
  const read = readRows(text);
  problems.push(...read.problems);
  return read.orders;
}

function readJsonLines(text: string, problems: FileProblem[]): readonly Found[] {
  return linesOf(text).flatMap(({ line, text: each }) => {
    const document = parsed(each);
    if (document !== undefined) return [{ line, document }];
    problems.push({
      place: `line ${line}`,
      what: "It is no JSON.",
      advice: "Each line is one order from { to }, without line breaks in it.",
    });
    return [];
  });
}
