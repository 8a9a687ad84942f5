/**
 * An order with its changes: ORDERS and ORDCHG about one order, folded into the ORDERS that they come to.
 *
 * The first ORDERS is the order. A later one with the function 4 or 5 is the order from then on, 1 ends it,
 * and any other is a copy: a buyer's system that sends an order again does not take back what was changed
 * since. So is an ORDCHG that comes again as it was. An ORDCHG names the order (RFF ON) and says of each line what becomes of it (LIN 1229: 1 is added, 2
 * goes, 3 changes); with the function 5 its lines are all that there are, 1 ends the order.
 *
 * C1 What changes the order counts wherever it stands, also before the order itself: not every buyer writes the
 *    messages of an interchange in their order.
 * C2 What is said in a code that is not known here, or of a line that is not there, changes nothing and is
 *    reported: the order then waits for a person.
 */
import { at, type EdifactMessage, type EdifactSegment } from "./interchange.ts";

export type FoldedOrder = {
  readonly message: EdifactMessage;
  /** When each change was made (DTM 137), as it came; empty where it does not say. */
  readonly changes: readonly EdifactSegment[];
  /** The message that ends the order: `ORDERS` or `ORDCHG`; null: none does. */
  readonly cancelledBy: string | null;
  /** What a person has to look at. */
  readonly unread: readonly string[];
};

/** BGM 1225. */
const CANCELS = "1";
const REPLACES = new Set(["4", "5"]);

/** LIN 1229. */
const ADDED = "1";
const DELETED = "2";
const CHANGED = "3";
const AS_IT_IS = new Set(["4", "5"]);

export function isOrderMessage({ type }: EdifactMessage): boolean {
  return type === "ORDERS" || type === "ORDCHG";
}

/** The order's number at the buyer; empty where the message is about no order. */
export function orderIdOf({ type, segments }: EdifactMessage): string {
  if (type === "ORDERS") return at(find(segments, "BGM"), 1);
  if (type !== "ORDCHG") return "";
  const { head } = partsOf(segments);
  return at(
    head.find((segment) => segment.tag === "RFF" && at(segment, 0, 0) === "ON"),
    0,
    1,
  );
}

export function functionOf({ segments }: EdifactMessage): string {
  return at(find(segments, "BGM"), 2);
}

/** @returns null: there is no ORDERS among them that orders something */
export function foldChanges(messages: readonly EdifactMessage[]): FoldedOrder | null {
  const original = messages.find((message) => message.type === "ORDERS" && functionOf(message) !== CANCELS);
  if (original === undefined) return null;
  let base = original;
  let cancelledBy: string | null = null;
  const changes: EdifactSegment[] = [];
  const unread: string[] = [];
  const seen = new Set<string>();
  for (const message of messages) {
    if (message === original) continue;
    const purpose = functionOf(message);
    const made = message.segments.find((segment) => segment.tag === "DTM" && at(segment, 0, 0) === "137") ?? {
      tag: "DTM",
      elements: [],
    };
    if (message.type === "ORDERS") {
      if (purpose === CANCELS) cancelledBy = "ORDERS";
      else if (REPLACES.has(purpose)) {
        changes.push(made);
        base = message;
      }
      continue;
    }
    const said = JSON.stringify(message.segments);
    if (seen.has(said)) continue;
    seen.add(said);
    changes.push(made);
    if (purpose === CANCELS) cancelledBy = "ORDCHG";
    else base = { ...base, segments: changed(base.segments, message.segments, purpose === "5", unread) };
  }
  return { message: base, changes, cancelledBy, unread };
}

type Parts = {
  readonly head: readonly EdifactSegment[];
  readonly lines: readonly (readonly EdifactSegment[])[];
  readonly summary: readonly EdifactSegment[];
};

export function partsOf(segments: readonly EdifactSegment[]): Parts {
  const head: EdifactSegment[] = [];
  const lines: EdifactSegment[][] = [];
  const summary: EdifactSegment[] = [];
  let isSummary = false;
  for (const segment of segments) {
    if (segment.tag === "UNS") isSummary = at(segment, 0) === "S";
    else if (isSummary) summary.push(segment);
    else if (segment.tag === "LIN") lines.push([segment]);
    else (lines.at(-1) ?? head).push(segment);
  }
  return { head, lines, summary };
}

function changed(
  base: readonly EdifactSegment[],
  change: readonly EdifactSegment[],
  isReplacement: boolean,
  unread: string[],
): readonly EdifactSegment[] {
  const parts = partsOf(base);
  const news = partsOf(change);
  if (news.head.some(({ tag }) => tag === "ALC"))
    unread.push("The ORDCHG changes allowances or charges of the whole order (ALC).");
  const [was, is] = [parts.head, news.head].map((head) => at(find(head, "CUX"), 0, 1));
  if (is !== "" && is !== was) unread.push(`The ORDCHG is in ${is}, and the order in ${was || "EUR"}.`);
  let lines = isReplacement ? [] : parts.lines;
  for (const loop of news.lines) lines = changeLine(lines, loop, isReplacement, unread);
  // What the lines were counted and summed up to is said by the change, or by nobody; it counts its own.
  const summary = news.summary.filter(({ tag }) => tag === "MOA" || (tag === "CNT" && isReplacement));
  return [
    ...mergeHead(parts.head, news.head),
    ...lines.flat(),
    { tag: "UNS", elements: [["S"]] },
    ...summary,
  ];
}

/** What belongs to the party that stands before it. */
const OF_PARTY = new Set(["LOC", "FII", "RFF", "DOC", "CTA", "COM"]);

/** Days and parties that the change names take the place of the order's; the day of its making does not. */
function mergeHead(
  head: readonly EdifactSegment[],
  news: readonly EdifactSegment[],
): readonly EdifactSegment[] {
  const days = news.filter((segment) => segment.tag === "DTM" && at(segment, 0, 0) !== "137");
  const qualifiers = new Set(days.map((segment) => at(segment, 0, 0)));
  const parties = partiesOf(news);
  const roles = new Set(parties.map(([nad]) => at(nad, 0)));
  const gone = new Set(partiesOf(head).flatMap((loop) => (roles.has(at(loop[0], 0)) ? loop : [])));
  const kept = head.filter(
    (segment) => !gone.has(segment) && !(segment.tag === "DTM" && qualifiers.has(at(segment, 0, 0))),
  );
  return [...kept, ...days, ...parties.flat()];
}

/** NAD loops, each with what belongs to it. */
function partiesOf(head: readonly EdifactSegment[]): readonly (readonly EdifactSegment[])[] {
  const loops: EdifactSegment[][] = [];
  let isWithin = false;
  for (const segment of head) {
    if (segment.tag === "NAD") loops.push([segment]);
    else if (isWithin && OF_PARTY.has(segment.tag)) loops.at(-1)?.push(segment);
    isWithin = segment.tag === "NAD" || (isWithin && OF_PARTY.has(segment.tag));
  }
  return loops;
}

function changeLine(
  lines: readonly (readonly EdifactSegment[])[],
  loop: readonly EdifactSegment[],
  isReplacement: boolean,
  unread: string[],
): readonly (readonly EdifactSegment[])[] {
  const [lin] = loop;
  const [number, action] = [at(lin, 0), at(lin, 1)];
  const index = lines.findIndex(([known]) =>
    number === "" ? at(known, 2, 0) !== "" && at(known, 2, 0) === at(lin, 2, 0) : at(known, 0) === number,
  );
  if (isReplacement) return action === DELETED ? lines : [...lines, loop];
  const known = lines[index];
  if (known === undefined) {
    if (action === ADDED) return [...lines, loop];
    unread.push(`The ORDCHG says ${action || "nothing"} of line ${number}, which the order does not have.`);
    return lines;
  }
  if (action === DELETED || (action === CHANGED && isOfNone(loop)))
    return lines.filter((_, place) => place !== index);
  if (AS_IT_IS.has(action)) return lines;
  if (action !== CHANGED) {
    unread.push(
      `The ORDCHG says ${action || "nothing"} of line ${number}, and what that means for the order a person has to decide.`,
    );
    return lines;
  }
  return lines.map((line, place) => (place === index ? mergeLine(line, loop) : line));
}

/** A line of which no unit is wanted any more goes, whether its change says so by its code or by its quantity. */
function isOfNone(loop: readonly EdifactSegment[]): boolean {
  const ordered = loop.find((segment) => segment.tag === "QTY" && at(segment, 0, 0) === "21");
  return /^0+([.,]0*)?$/.test(at(ordered, 0, 1).trim());
}

/** What the change does not say of a line stays as it was ordered. */
function mergeLine(
  line: readonly EdifactSegment[],
  [said, ...more]: readonly EdifactSegment[],
): readonly EdifactSegment[] {
  const [lin, ...rest] = line;
  const key = (segment: EdifactSegment) =>
    // One price counts, whichever it is; of quantities, days and amounts each has a meaning of its own.
    segment.tag === "PRI" ? "PRI" : `${segment.tag} ${at(segment, 0, 0)}`;
  const keys = new Set(more.map(key));
  const head = said === undefined || at(said, 2, 0) === "" ? lin : said;
  return [
    ...(head === undefined ? [] : [head]),
    ...rest.filter((segment) => !keys.has(key(segment))),
    ...more,
  ];
}

function find(segments: readonly EdifactSegment[], tag: string): EdifactSegment | undefined {
  return segments.find((segment) => segment.tag === tag);
}
