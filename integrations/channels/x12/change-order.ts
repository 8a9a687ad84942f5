/**
 * An order with its changes: 850s and 860s about one order, folded into the 850 that they come to.
 *
 * The first 850 is the order. A later one that replaces it (BEG01 05) is the order from then on, one that
 * cancels (01) ends it, and any other is a copy: a buyer's system that sends an order again does not take
 * back what was changed since. An 860 (BCH01 01 cancels, 05 replaces all lines, else changes) says of each
 * line what becomes of it (POC02), and what else its header has takes the place of the order's.
 *
 * C1 What changes the order counts wherever it stands, also before the order itself: not every buyer writes the
 *    sets of an interchange in their order.
 * C2 What is said of a line in a code that is not known here changes nothing and is reported: the order then
 *    waits for a person.
 */
import type { Segment, TransactionSet } from "./interchange.ts";

export type FoldedOrder = {
  readonly set: TransactionSet;
  /** Each with the day on which it was made (CCYYMMDD), or without. */
  readonly changes: readonly { readonly day: string }[];
  /** The document that ends the order: `850` or `860`; null: none does. */
  readonly cancelledBy: string | null;
  /** What a person has to look at. */
  readonly unread: readonly string[];
};

/** BEG or BCH. */
export function headOf(set: TransactionSet): Segment | undefined {
  return set.segments.find(([tag]) => tag === (set.type === "860" ? "BCH" : "BEG"));
}

/** The number at the buyer, with its release; empty where the set is about no order. */
export function orderIdOf(set: TransactionSet): string {
  if (set.type !== "850" && set.type !== "860") return "";
  const head = headOf(set);
  const [number = "", release = ""] = [head?.[3]?.trim(), head?.[4]?.trim()];
  // Some write a nought where there is no release.
  return number === "" || /^0*$/.test(release) ? number : `${number}-${release}`;
}

/** @returns null: there is no 850 among them that orders something */
export function foldChanges(sets: readonly TransactionSet[]): FoldedOrder | null {
  const original = sets.find((set) => set.type === "850" && purposeOf(set) !== "01");
  if (original === undefined) return null;
  let base = original;
  let cancelledBy: string | null = null;
  const changes: { day: string }[] = [];
  const unread: string[] = [];
  for (const set of sets) {
    if (set === original) continue;
    const purpose = purposeOf(set);
    if (set.type === "850") {
      if (purpose === "01") cancelledBy = "850";
      else if (purpose === "05") {
        changes.push({ day: headOf(set)?.[5]?.trim() ?? "" });
        base = set;
      }
      continue;
    }
    changes.push({ day: headOf(set)?.[11]?.trim() || headOf(set)?.[6]?.trim() || "" });
    if (purpose === "01") cancelledBy = "860";
    else base = changed(base, set, purpose === "05", unread);
  }
  return { set: base, changes, cancelledBy, unread };
}

/** BEG01 or BCH01. */
function purposeOf(set: TransactionSet): string {
  return headOf(set)?.[1]?.trim() ?? "";
}

/** Of an 860's header, what takes the place of the order's, by tag and qualifier. */
const REPLACED = new Set(["DTM", "TD5", "ITD", "FOB", "REF", "PER", "CUR"]);

function changed(
  base: TransactionSet,
  change: TransactionSet,
  isReplacement: boolean,
  unread: string[],
): TransactionSet {
  const parts = partsOf(base.segments, "PO1");
  const news = partsOf(change.segments, "POC");
  const head = mergeHead(parts.head, news.head);
  let lines: readonly (readonly Segment[])[] = isReplacement ? [] : parts.lines;
  for (const loop of news.lines) lines = changeLine(lines, loop, isReplacement, unread);
  // What the lines were counted and summed up to is said by the change, or by nobody.
  const tail = news.tail.filter(([tag]) => tag === "CTT" || tag === "AMT");
  const counted = isReplacement ? tail : tail.filter(([tag]) => tag === "AMT");
  return { ...base, segments: [...head, ...lines.flat(), ...counted] };
}

function partsOf(segments: readonly Segment[], lineTag: string) {
  const from = segments.findIndex(([tag]) => tag === lineTag);
  const to = segments.findIndex(([tag]) => tag === "CTT");
  const end = to < 0 ? segments.length : to;
  const start = from < 0 ? end : from;
  const lines: Segment[][] = [];
  for (const segment of segments.slice(start, end))
    if (segment[0] === lineTag) lines.push([segment]);
    else lines.at(-1)?.push(segment);
  return { head: segments.slice(0, start), lines, tail: segments.slice(end) };
}

function mergeHead(head: readonly Segment[], news: readonly Segment[]): readonly Segment[] {
  const same = ([tag, qualifier]: Segment, [otherTag, otherQualifier]: Segment) =>
    tag === otherTag && (tag === "TD5" || tag === "ITD" || tag === "FOB" || qualifier === otherQualifier);
  const replacing = news.filter(([tag]) => REPLACED.has(tag) && !isInParty(news, tag));
  const kept = head.filter((segment) => !replacing.some((other) => same(segment, other)));
  const parties = partiesOf(news);
  const roles = new Set(parties.map(([n1]) => n1?.[1]));
  const oldParties = partiesOf(kept);
  const first = kept.findIndex(([tag]) => tag === "N1");
  const before = first < 0 ? kept : kept.slice(0, first);
  const staying = oldParties.filter(([n1]) => !roles.has(n1?.[1]));
  return [...before, ...replacing, ...staying.flat(), ...parties.flat()];
}

/** REF and PER stand in a party's loop as well as in the header: those in a loop are not the header's. */
function isInParty(segments: readonly Segment[], tag: string): boolean {
  const party = segments.findIndex(([name]) => name === "N1");
  return party >= 0 && segments.slice(0, party).every(([name]) => name !== tag);
}

/** N1 loops, each with what follows it. */
function partiesOf(head: readonly Segment[]): readonly (readonly Segment[])[] {
  const loops: Segment[][] = [];
  for (const segment of head)
    if (segment[0] === "N1") loops.push([segment]);
    else loops.at(-1)?.push(segment);
  return loops;
}

/** Of POC02 (data element 670). */
const ADDS = new Set(["AI"]);
const REMOVES = new Set(["DI", "OC"]);
const CHANGES = new Set(["CA", "QD", "QI", "PQ", "PC", "RA", "RE", "CT", "RS", "RQ", "RZ", "MU", "CH"]);
/** Those of them that are about how many: of none, the line goes. */
const COUNTS = new Set(["CA", "QD", "PQ", "RA", "RE", "RQ"]);
const LEAVES = new Set(["NC"]);

function changeLine(
  lines: readonly (readonly Segment[])[],
  loop: readonly Segment[],
  isReplacement: boolean,
  unread: string[],
): readonly (readonly Segment[])[] {
  const poc = loop[0] ?? ["POC"];
  const [number = "", code = ""] = [poc[1]?.trim(), poc[2]?.trim()];
  const at = lines.findIndex((line) => line[0]?.[1]?.trim() === number || isSameItem(line[0], poc));
  const known = lines[at];
  if (isReplacement || (ADDS.has(code) && known === undefined))
    return REMOVES.has(code) ? lines : [...lines, [asPo1(poc), ...loop.slice(1)]];
  if (LEAVES.has(code)) return lines;
  if (known === undefined || !(ADDS.has(code) || REMOVES.has(code) || CHANGES.has(code))) {
    unread.push(
      known === undefined
        ? `The 860 says ${code} of line ${number}, which the order does not have.`
        : `The 860 says ${code} of line ${number}, and what that means for the order a person has to decide.`,
    );
    return lines;
  }
  const isOfNone = COUNTS.has(code) && /^0+(\.0*)?$/.test(poc[3]?.trim() ?? "");
  if (REMOVES.has(code) || isOfNone) return lines.filter((_, index) => index !== at);
  return lines.map((line, index) => (index === at ? mergeLine(line, poc, loop.slice(1)) : line));
}

/** By an id that both name in the same kind, where no line has the number. */
function isSameItem(po1: Segment | undefined, poc: Segment): boolean {
  if (po1 === undefined || (poc[1]?.trim() ?? "") !== "") return false;
  for (let at = 8; at < poc.length; at += 2) {
    const [qualifier, id] = [poc[at], poc[at + 1]];
    for (let own = 6; own < po1.length; own += 2)
      if (qualifier && id && po1[own] === qualifier && po1[own + 1] === id) return true;
  }
  return false;
}

/** A POC has its elements two places behind a PO1's from the price on, for what it says of the quantity. */
function asPo1(poc: Segment): Segment {
  return ["PO1", poc[1] ?? "", poc[3] ?? "", poc[5] ?? "", poc[6] ?? "", poc[7] ?? "", ...poc.slice(8)];
}

/** What the change does not say stays as it was ordered. */
function mergeLine(line: readonly Segment[], poc: Segment, more: readonly Segment[]): readonly Segment[] {
  const [po1 = ["PO1"] as Segment, ...rest] = line;
  const said = asPo1(poc);
  const [number, quantity, unit, price, basis] = [1, 2, 3, 4, 5].map((at) =>
    (said[at]?.trim() ?? "") === "" ? (po1[at] ?? "") : (said[at] ?? ""),
  );
  const ids = said.slice(6).some((id) => id !== "") ? said.slice(6) : po1.slice(6);
  const tags = new Set(more.map(([tag]) => tag));
  const merged: Segment = ["PO1", number ?? "", quantity ?? "", unit ?? "", price ?? "", basis ?? "", ...ids];
  return [merged, ...rest.filter(([tag]) => !tags.has(tag)), ...more];
}
