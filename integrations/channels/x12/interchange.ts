/**
 * X12's envelope, read strictly: an interchange (ISA to IEA) of groups (GS to GE) of transaction sets (ST to
 * SE).
 *
 * Delimiters are the ISA's own: the element's stands behind its tag, the component's and the segment's are its
 * last two characters, for the ISA has a fixed width. Whatever an envelope says of itself has to be so, counts
 * and control numbers: X1 nothing of an interchange with a fault is read, for a part of it may be missing.
 * Every fault is named, in the words of the standard, so that the partner can find it.
 */

export type Segment = readonly [tag: string, ...elements: string[]];

export type TransactionSet = {
  /** ST01, e.g. `850`. */
  readonly type: string;
  /** ST02. */
  readonly control: string;
  /** Between ST and SE. */
  readonly segments: readonly Segment[];
};

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
};

export type ReadInterchange =
  | { readonly interchange: Interchange; readonly faults: readonly [] }
  | { readonly interchange: null; readonly faults: readonly string[] };

/** Of the elements of an ISA, without its tag. */
const ISA_WIDTHS = [2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1];
const ISA_LENGTH = 106;

export function isInterchange(text: string): boolean {
  return text.trimStart().startsWith("ISA");
}

/** One interchange. What stands behind its IEA is a fault. */
export function readInterchange(text: string): ReadInterchange {
  const trimmed = text.replace(/^\uFEFF/, "").trimStart();
  if (!trimmed.startsWith("ISA")) return faulty("The text does not begin with an ISA segment.");
  if (trimmed.length < ISA_LENGTH)
    return faulty(`The ISA segment has to have ${ISA_LENGTH} characters; the text has ${trimmed.length}.`);
  const element = trimmed.charAt(3);
  const component = trimmed.charAt(104);
  const terminator = trimmed.charAt(105);
  const widths = trimmed
    .slice(4, 105)
    .split(element)
    .map((part) => part.length);
  const wrong = ISA_WIDTHS.findIndex((width, index) => widths[index] !== width);
  if (widths.length !== ISA_WIDTHS.length || wrong >= 0)
    return faulty(
      wrong < 0
        ? `The ISA segment has ${widths.length} elements instead of ${ISA_WIDTHS.length}.`
        : `ISA${String(wrong + 1).padStart(2, "0")} has ${widths[wrong] ?? 0} characters instead of ${ISA_WIDTHS[wrong]}.`,
    );
  if (/[A-Za-z0-9 ]/.test(terminator) || new Set([element, component, terminator]).size < 3)
    return faulty("The delimiters in the ISA segment are not three different signs.");
  const isLine = terminator === "\n" || terminator === "\r";
  if (!isLine && !trimmed.trimEnd().endsWith(terminator))
    return faulty("The last segment has no end: the text is cut short.");
  const segments = trimmed
    .split(terminator)
    .map((segment) => segment.replace(/^[\r\n]+|[\r\n]+$/g, ""))
    .filter((segment) => segment.trim() !== "")
    .map((segment) => segment.split(element) as unknown as Segment);
  return readEnvelope(segments, component);
}

function readEnvelope(segments: readonly Segment[], component: string): ReadInterchange {
  const faults: string[] = [];
  const [isa, ...rest] = segments;
  const iea = rest.at(-1);
  if (isa === undefined || iea?.[0] !== "IEA")
    return faulty("The interchange has no IEA segment at its end.");
  const groups: Group[] = [];
  let inner = rest.slice(0, -1);
  while (inner.length > 0) {
    const [gs] = inner;
    if (gs?.[0] !== "GS") return faulty(`A ${gs?.[0] ?? ""} segment stands where a GS segment has to.`);
    const end = inner.findIndex(([tag]) => tag === "GE");
    if (end < 0) return faulty(`The group ${gs[6] ?? ""} has no GE segment.`);
    groups.push(readGroup(gs, inner.slice(1, end), inner[end] ?? ["GE"], faults));
    inner = inner.slice(end + 1);
  }
  const control = isa[13] ?? "";
  differs(faults, "IEA02", iea[2], "ISA13", control);
  counts(faults, "IEA01", iea[1], groups.length, "groups");
  if (groups.length === 0) faults.push("The interchange has no group.");
  if (faults.length > 0) return { interchange: null, faults };
  return {
    interchange: {
      sender: `${isa[5]}:${isa[6]?.trim()}`,
      receiver: `${isa[7]}:${isa[8]?.trim()}`,
      control,
      isTest: isa[15] === "T",
      component,
      groups,
    },
    faults: [],
  };
}

function readGroup(gs: Segment, inner: readonly Segment[], ge: Segment, faults: string[]): Group {
  const control = gs[6] ?? "";
  const sets: TransactionSet[] = [];
  let rest = inner;
  while (rest.length > 0) {
    const [st] = rest;
    const end = rest.findIndex(([tag]) => tag === "SE");
    if (st?.[0] !== "ST" || end < 0) {
      faults.push(
        st?.[0] === "ST"
          ? `The transaction set ${st[2] ?? ""} has no SE segment.`
          : `A ${st?.[0] ?? ""} segment stands where an ST segment has to.`,
      );
      break;
    }
    const se = rest[end] ?? ["SE"];
    differs(faults, "SE02", se[2], "ST02", st[2] ?? "");
    counts(faults, "SE01", se[1], end + 1, "segments with ST and SE");
    sets.push({ type: st[1] ?? "", control: st[2] ?? "", segments: rest.slice(1, end) });
    rest = rest.slice(end + 1);
  }
  differs(faults, "GE02", ge[2], "GS06", control);
  counts(faults, "GE01", ge[1], sets.length, "transaction sets");
  return { code: gs[1] ?? "", control, version: gs[8] ?? "", sets };
}

function differs(
  faults: string[],
  name: string,
  value: string | undefined,
  of: string,
  control: string,
): void {
  if (value !== control) faults.push(`${name} is ${value ?? "missing"}, and ${of} is ${control}.`);
}

function counts(
  faults: string[],
  name: string,
  value: string | undefined,
  count: number,
  what: string,
): void {
  if (!/^\d+$/.test(value ?? "") || Number(value) !== count)
    faults.push(`${name} is ${value ?? "missing"}, and there are ${count} ${what}.`);
}

function faulty(...faults: readonly string[]): ReadInterchange {
  return { interchange: null, faults };
}
