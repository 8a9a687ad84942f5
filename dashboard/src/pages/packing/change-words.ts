/** What a change has made of an order, in words for whoever packs it. */
import type { OrderRevisionView } from "../../../../contract/orders.ts";
import { words } from "../../format/words.ts";

/** What a packer need not know: it changes nothing of what goes where. */
const MONEY: ReadonlySet<string> = new Set(["price", "discount", "charges", "tax", "total"]);

/** One phrase a difference of the revisions, the oldest first; amounts count as one. */
export function changeWords(revisions: readonly OrderRevisionView[]): readonly string[] {
  const oldestFirst = [...revisions].sort((a, b) => a.revision - b.revision);
  const phrases = oldestFirst.flatMap(({ changes, document }) => {
    const nameOf = (lineId: string | undefined) => {
      const line = document.lines.find((candidate) => candidate.lineId === lineId);
      return line?.sku ?? line?.title ?? `line ${lineId}`;
    };
    return changes.map(({ what, lineId, from, to }) => {
      if (what === "quantity") return `${nameOf(lineId)}: ${to} wanted, not ${from}`;
      if (what === "line_added") return `${nameOf(lineId)}: ${to} came in addition`;
      if (what === "line_removed") return `${nameOf(lineId)} is not wanted any more`;
      if (what === "address") return "it goes to another address";
      if (what === "note") return typeof to === "string" ? `the note is: ${to}` : "the note is gone";
      if (MONEY.has(what)) return "amounts have changed";
      return `${words(what).toLowerCase()} changed`;
    });
  });
  return [...new Set(phrases)];
}
