/**
 * X12's envelope, read strictly: an interchange (ISA to IEA) of groups (GS to GE) of transaction sets (ST to
 * SE).
 *
 * Delimiters are the ISA's own: the element's stands behind its tag, the component's and the segment's are
 * its last two characters, for the ISA has a fixed width. Whatever an envelope says of itself has to be so,
 * counts and control numbers: X1 nothing of an interchange with a fault is read, for a part of it may be
 * missing. Every fault is named, in the words of the standard and with the number of its segment, so that the
 * partner can find it; and each has its code, so that we can answer with a 997 or a TA1.
 */

export type Segment = readonly [tag: string, ...elements: string[]];

export type TransactionSet = {
  /** ST01, e.g. `850`. */
  readonly type: string;
  /** ST02. */
  readonly control: string;
  /** Between ST and SE. */
  readonly segments: readonly Segment[];
  /** The group that it stands in. */
  readonly group: GroupHead;
};

export type GroupHead = Pick<Group, "code" | "control" | "version">;

export type Group = {
  /** GS01, e.g. `PO`. */
  readonly code: string;
  /** GS06. */
  readonly control: string;
  /** GS08, e.g. `004010`. */
  readonly version: string;
  readonly sets: readonly TransactionSet[];
};

export type Interchange = {
  /** ISA05 and ISA06, as `ZZ:SENDER`. */
  readonly sender: string;
  readonly receiver: string;
  /** ISA13, nine digits. */
  readonly control: string;
  /** ISA15: `T` is a test. */
  readonly isTest: boolean;
  readonly component: string;
  readonly groups: readonly Group[];
  /** TA1 segments: the partner's word about interchanges of ours. */
  readonly notices: readonly Segment[];
};

export type EnvelopeFault = {
  /** From 1 for the ISA; 0: the whole text. */
  readonly segment: number;
  readonly text: string;
};

/** What can be said of an interchange, whether it was read or not. */
export type EnvelopeReport = {
  readonly sender: string;
  readonly receiver: string;
  readonly control: string;
  /** ISA09 and ISA10. */
  readonly date: string;
  readonly time: string;
  /** TA105 of the first fault of the interchange's own segments; null: there is none. */
  readonly note: string | null;
  readonly groups: readonly {
    readonly code: string;
    readonly control: string;
    /** GE01. */
    readonly stated: string;
    /** AK905 and the following. */
    readonly codes: readonly string[];
    readonly sets: readonly {
      readonly type: string;
      readonly control: string;
      /** AK502 and the following. */
      readonly codes: readonly string[];
    }[];
  }[];
};

export type ReadInterchange = (
  | { readonly interchange: Interchange; readonly faults: readonly [] }
  | { readonly interchange: null; readonly faults: readonly string[] }
) & {
  readonly located: readonly EnvelopeFault[];
  /** Null: the ISA itself cannot be read, and whoever sent it cannot be answered. */
  readonly report: EnvelopeReport | null;
};

/** Of the elements of an ISA, without its tag. */
const ISA_WIDTHS = [2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1];
const ISA_LENGTH = 106;

/** Codes of TA105. */
const NOTE = { controlDiffers: "001", groupCount: "021", structure: "022", endMissing: "023" } as const;

/** One interchange. What stands behind its IEA is a fault. */
export function readInterchange(text: string): ReadInterchange {
  const trimmed = text.replace(/^\uFEFF/, "").trimStart();
  if (!trimmed.startsWith("ISA")) return unreadable("The text does not begin with an ISA segment.");
  if (trimmed.length < ISA_LENGTH)
    return unreadable(
      `The ISA segment has to have ${ISA_LENGTH} characters; the text has ${trimmed.length}.`,
    );
  const element = trimmed.charAt(3);
  const component = trimmed.charAt(104);
  const terminator = trimmed.charAt(105);
  const widths = trimmed
    .slice(4, 105)
    .split(element)
    .map((part) => part.length);
  const wrong = ISA_WIDTHS.findIndex((width, index) => widths[index] !== width);
  if (widths.length !== ISA_WIDTHS.length || wrong >= 0)
    return unreadable(
      wrong < 0
        ? `The ISA segment has ${widths.length} elements instead of ${ISA_WIDTHS.length}.`
        : `ISA${String(wrong + 1).padStart(2, "0")} has ${widths[wrong] ?? 0} characters instead of ${ISA_WIDTHS[wrong]}.`,
    );
  if (/[A-Za-z0-9 ]/.test(terminator) || new Set([element, component, terminator]).size < 3)
    return unreadable("The delimiters in the ISA segment are not three different signs.");
  const isCut = !isLineBreak(terminator) && !trimmed.trimEnd().endsWith(terminator);
  const segments = trimmed
    .split(terminator)
    .map(withoutLineBreaks)
    .filter((segment) => segment.trim() !== "")
    .map((segment) => segment.split(element) as unknown as Segment);
  return readEnvelope(segments, component, isCut);
}

/**
 * A text that holds several interchanges, each for itself; what stands between two belongs to the one before.
 */
export function splitInterchanges(text: string): readonly string[] {
  const parts: string[] = [];
  let rest = text.replace(/^\uFEFF/, "").trimStart();
  while (rest !== "") {
    const end = rest.startsWith("ISA") && rest.length >= ISA_LENGTH ? endOfInterchange(rest) : -1;
    parts.push(end < 0 ? rest : rest.slice(0, end));
    rest = end < 0 ? "" : rest.slice(end).trimStart();
  }
  return parts;
}

/** Behind the first IEA segment; -1: there is none. */
function endOfInterchange(text: string): number {
  const [element, terminator] = [text.charAt(3), text.charAt(105)];
  let from = ISA_LENGTH - 1;
  for (;;) {
    const at = text.indexOf(`IEA${element}`, from);
    if (at < 0) return -1;
    // It begins a segment where nothing but line breaks is between it and the end of the one before.
    let before = at;
    while (isLineBreak(text.charAt(before - 1))) before -= 1;
    if (isLineBreak(terminator) ? before < at : text.charAt(before - 1) === terminator) {
      const end = text.indexOf(terminator, at);
      return end < 0 ? -1 : end + 1;
    }
    from = at + 1;
  }
}

function isLineBreak(sign: string): boolean {
  return sign === "\n" || sign === "\r";
}

/** At both ends; a pattern would take long over a text of line breaks. */
function withoutLineBreaks(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isLineBreak(text.charAt(from))) from += 1;
  while (to > from && isLineBreak(text.charAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

type Faults = {
  readonly located: EnvelopeFault[];
  note: string | null;
};

function readEnvelope(segments: readonly Segment[], component: string, isCut: boolean): ReadInterchange {
  const faults: Faults = { located: [], note: null };
  const fault = (segment: number, text: string, note: string | null = null) => {
    faults.located.push({ segment, text });
    faults.note ??= note;
  };
  const [isa, ...rest] = segments;
  if (isa === undefined) return unreadable("The text does not begin with an ISA segment.");
  const control = isa[13] ?? "";
  const iea = rest.at(-1)?.[0] === "IEA" ? rest.at(-1) : undefined;
  const groups: Group[] = [];
  const reports: EnvelopeReport["groups"][number][] = [];
  const notices: Segment[] = [];
  const until = iea === undefined ? segments.length : segments.length - 1;
  let index = 1;
  while (index < until) {
    const segment = segments[index] ?? ["GS"];
    if (segment[0] === "TA1" && groups.length === 0) {
      notices.push(segment);
      index += 1;
      continue;
    }
    if (segment[0] !== "GS") {
      fault(index + 1, `A ${segment[0]} segment stands where a GS segment has to.`, NOTE.structure);
      break;
    }
    const end = nextOf(segments, index, until, "GE");
    if (end < 0) {
      fault(index + 1, `The group ${segment[6] ?? ""} has no GE segment.`, NOTE.endMissing);
      break;
    }
    const { group, report } = readGroup(segments, index, end, faults.located);
    groups.push(group);
    reports.push(report);
    index = end + 1;
  }
  if (iea === undefined)
    fault(segments.length, "The interchange has no IEA segment at its end.", NOTE.endMissing);
  else {
    if (iea[2] !== control)
      fault(segments.length, differs("IEA02", iea[2], "ISA13", control), NOTE.controlDiffers);
    if (!isCount(iea[1], groups.length) && faults.note !== NOTE.structure && faults.note !== NOTE.endMissing)
      fault(segments.length, counts("IEA01", iea[1], groups.length, "groups"), NOTE.groupCount);
  }
  if (isCut) fault(segments.length, "The last segment has no end: the text is cut short.", NOTE.endMissing);
  if (groups.length === 0 && notices.length === 0 && faults.located.length === 0)
    fault(1, "The interchange has no group.", NOTE.structure);
  const [sender, receiver] = [`${isa[5]}:${isa[6]?.trim()}`, `${isa[7]}:${isa[8]?.trim()}`];
  const report: EnvelopeReport = {
    sender,
    receiver,
    control,
    date: isa[9] ?? "",
    time: isa[10] ?? "",
    note: faults.note,
    groups: reports,
  };
  if (faults.located.length > 0)
    return {
      interchange: null,
      faults: faults.located.map(({ text }) => text),
      located: faults.located,
      report,
    };
  const isTest = isa[15] === "T";
  return {
    interchange: { sender, receiver, control, isTest, component, groups, notices },
    faults: [],
    located: [],
    report,
  };
}

/** Of the first with one of these tags, in a stretch; -1: there is none. */
function nextOf(
  segments: readonly Segment[],
  from: number,
  until: number,
  ...tags: readonly string[]
): number {
  for (let index = from; index < until; index += 1)
    if (tags.includes(segments[index]?.[0] ?? "")) return index;
  return -1;
}

/** @param from of the GS segment @param until of the GE segment */
function readGroup(
  segments: readonly Segment[],
  from: number,
  until: number,
  located: EnvelopeFault[],
): { readonly group: Group; readonly report: EnvelopeReport["groups"][number] } {
  const [gs, ge] = [segments[from] ?? ["GS"], segments[until] ?? ["GE"]];
  const head: GroupHead = { code: gs[1] ?? "", control: gs[6] ?? "", version: gs[8] ?? "" };
  const sets: TransactionSet[] = [];
  const reports: { type: string; control: string; codes: string[] }[] = [];
  const codes: string[] = [];
  let index = from + 1;
  while (index < until) {
    const st = segments[index] ?? ["ST"];
    if (st[0] !== "ST") {
      located.push({ segment: index + 1, text: `A ${st[0]} segment stands where an ST segment has to.` });
      codes.push("5");
      break;
    }
    const of = { type: st[1] ?? "", control: st[2] ?? "", codes: [] as string[] };
    reports.push(of);
    const end = nextOf(segments, index + 1, until, "SE", "ST");
    const se = end < 0 ? undefined : segments[end];
    if (se?.[0] !== "SE") {
      located.push({ segment: index + 1, text: `The transaction set ${of.control} has no SE segment.` });
      of.codes.push("2");
      if (end < 0) break;
      sets.push({
        type: of.type,
        control: of.control,
        segments: segments.slice(index + 1, end),
        group: head,
      });
      index = end;
      continue;
    }
    if (se[2] !== of.control) {
      located.push({ segment: end + 1, text: differs("SE02", se[2], "ST02", of.control) });
      of.codes.push("3");
    }
    const count = end - index + 1;
    if (!isCount(se[1], count)) {
      located.push({ segment: end + 1, text: counts("SE01", se[1], count, "segments with ST and SE") });
      of.codes.push("4");
    }
    sets.push({ type: of.type, control: of.control, segments: segments.slice(index + 1, end), group: head });
    index = end + 1;
  }
  if (ge[2] !== head.control) {
    located.push({ segment: until + 1, text: differs("GE02", ge[2], "GS06", head.control) });
    codes.push("4");
  }
  if (!isCount(ge[1], sets.length) && reports.length === sets.length) {
    located.push({ segment: until + 1, text: counts("GE01", ge[1], sets.length, "transaction sets") });
    codes.push("5");
  }
  return { group: { ...head, sets }, report: { ...head, stated: ge[1] ?? "", codes, sets: reports } };
}

function differs(name: string, value: string | undefined, of: string, control: string): string {
  return `${name} is ${value ?? "missing"}, and ${of} is ${control}.`;
}

function isCount(value: string | undefined, count: number): boolean {
  return /^\d+$/.test(value ?? "") && Number(value) === count;
}

function counts(name: string, value: string | undefined, count: number, what: string): string {
  return `${name} is ${value ?? "missing"}, and there are ${count} ${what}.`;
}

function unreadable(text: string): ReadInterchange {
  return { interchange: null, faults: [text], located: [{ segment: 0, text }], report: null };
}
