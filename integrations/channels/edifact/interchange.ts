/**
 * EDIFACT's envelope (ISO 9735, syntax 1 to 4), read strictly: an interchange (UNB to UNZ) of messages (UNH
 * to UNT), which may stand in groups (UNG to UNE).
 *
 * The signs are those of the UNA segment where there is one, else the standard's. The release sign takes the
 * next sign's meaning away, also its own. X1 nothing of an interchange with a fault is read; each fault is
 * named with the number of its segment, and has its code for our CONTRL.
 */

/** A tag, then elements, each of one component or more. */
export type EdifactSegment = { readonly tag: string; readonly elements: readonly (readonly string[])[] };

export type EdifactMessage = {
  /** UNH01. */
  readonly reference: string;
  /** `ORDERS`. */
  readonly type: string;
  /** `D:96A:UN`. */
  readonly version: string;
  /** Between UNH and UNT. */
  readonly segments: readonly EdifactSegment[];
};

export type EdifactInterchange = {
  /** Id and qualifier, as `5412345000013:14`; without a qualifier the id alone. */
  readonly sender: string;
  readonly receiver: string;
  /** UNB05. */
  readonly reference: string;
  readonly isTest: boolean;
  readonly decimal: string;
  readonly messages: readonly EdifactMessage[];
};

export type EdifactFault = { readonly segment: number; readonly text: string };

/** What can be said of an interchange, whether it was read or not. Codes are of data element 0085. */
export type EdifactReport = Pick<EdifactInterchange, "sender" | "receiver" | "reference"> & {
  readonly code: string | null;
  /** The end may still be on its way. */
  readonly isCut: boolean;
  readonly messages: readonly {
    readonly reference: string;
    /** UNH02 as it came, components joined by `:`. */
    readonly identifier: string;
    readonly code: string | null;
  }[];
};

export type ReadEdifact = {
  /** Null: there are faults. */
  readonly interchange: EdifactInterchange | null;
  readonly faults: readonly EdifactFault[];
  /** Null: it does not begin as an interchange does. */
  readonly report: EdifactReport | null;
};

export type EdifactSigns = {
  readonly component: string;
  readonly element: string;
  readonly decimal: string;
  readonly release: string;
  readonly terminator: string;
};

export const STANDARD_SIGNS: EdifactSigns = {
  component: ":",
  element: "+",
  decimal: ".",
  release: "?",
  terminator: "'",
};

const CODE = { references: "28", counts: "29", mixed: "30", empty: "32", unspecified: "18" } as const;

/** One interchange. What stands behind its UNZ is a fault. */
export function readEdifact(text: string): ReadEdifact {
  const trimmed = text.replace(/^\uFEFF/, "").trimStart();
  const { signs, rest } = signsOf(trimmed);
  if (signs === null) return unreadable("The UNA segment does not name five different signs.");
  if (!rest.startsWith("UNB")) return unreadable("The text does not begin with a UNA or UNB segment.");
  const { segments, isCut } = splitSegments(rest, signs);
  return readEnvelope(segments, signs, isCut);
}

/** A text that holds several interchanges, each for itself. */
export function splitEdifact(text: string): readonly string[] {
  const parts: string[] = [];
  let rest = text.replace(/^\uFEFF/, "").trimStart();
  while (rest !== "") {
    const end = endOfInterchange(rest);
    parts.push(end < 0 ? rest : rest.slice(0, end));
    rest = end < 0 ? "" : rest.slice(end).trimStart();
  }
  return parts;
}

function signsOf(text: string): { readonly signs: EdifactSigns | null; readonly rest: string } {
  if (!text.startsWith("UNA")) return { signs: STANDARD_SIGNS, rest: text };
  const [component = "", element = "", decimal = "", release = "", , terminator = ""] = text.slice(3, 9);
  const signs = { component, element, decimal, release, terminator };
  const marks = [component, element, terminator];
  const isGood =
    text.length >= 9 &&
    new Set([...marks, release]).size === 4 &&
    marks.every((sign) => !/[A-Za-z0-9 ]/.test(sign));
  return { signs: isGood ? signs : null, rest: text.slice(9).trimStart() };
}

type Split = { readonly segments: readonly EdifactSegment[]; readonly isCut: boolean };

/** Line breaks and blanks between two segments mean nothing. */
function splitSegments(text: string, signs: EdifactSigns): Split {
  const segments: EdifactSegment[] = [];
  let elements: string[][] = [[""]];
  let isBegun = false;
  const add = (sign: string) => {
    const components = elements.at(-1) ?? [""];
    components[components.length - 1] = `${components.at(-1) ?? ""}${sign}`;
  };
  // A blank as the release sign says that there is none.
  const release = signs.release === " " ? "" : signs.release;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === release && release !== "") {
      at += 1;
      add(text.charAt(at));
    } else if (sign === signs.terminator) {
      const [[tag = ""] = [], ...others] = elements;
      if (isBegun) segments.push({ tag, elements: others });
      elements = [[""]];
      isBegun = false;
      continue;
    } else if (sign === signs.element) elements.push([""]);
    else if (sign === signs.component) elements.at(-1)?.push("");
    // A line break is no sign of any text, wherever a mail or a transfer has put it.
    else if (sign !== "\r" && sign !== "\n" && (isBegun || sign.trim() !== "")) add(sign);
    else continue;
    isBegun = true;
  }
  if (isBegun) {
    const [[tag = ""] = [], ...others] = elements;
    segments.push({ tag, elements: others });
  }
  return { segments, isCut: isBegun };
}

/** Behind the UNZ segment; -1: there is none. */
function endOfInterchange(text: string): number {
  const { signs, rest } = signsOf(text);
  if (signs === null) return -1;
  const release = signs.release === " " ? "" : signs.release;
  const offset = text.length - rest.length;
  let start = 0;
  for (let at = 0; at < rest.length; at += 1) {
    const sign = rest.charAt(at);
    if (release !== "" && sign === release) at += 1;
    else if (sign === signs.terminator) {
      if (rest.slice(start, at).trimStart().startsWith("UNZ")) return offset + at + 1;
      start = at + 1;
    }
  }
  return -1;
}

function readEnvelope(segments: readonly EdifactSegment[], signs: EdifactSigns, isCut: boolean): ReadEdifact {
  const faults: EdifactFault[] = [];
  let code: string | null = null;
  const fault = (segment: number, text: string, its: string = CODE.unspecified) => {
    faults.push({ segment, text });
    code ??= its;
  };
  const [unb] = segments;
  const last = segments.at(-1);
  const hasEnd = last?.tag === "UNZ" && !isCut;
  const reference = at(unb, 4);
  const messages: EdifactMessage[] = [];
  const reports: { reference: string; identifier: string; code: string | null }[] = [];
  let groups = 0;
  let inGroup = false;
  let ofGroup = 0;
  let groupReference = "";
  let index = 1;
  const end = hasEnd ? segments.length - 1 : segments.length;
  while (index < end) {
    const segment = segments[index] ?? { tag: "", elements: [] };
    if (segment.tag === "UNG" && !inGroup) {
      if (groups === 0 && messages.length > 0)
        fault(index + 1, "Messages stand outside of groups and in them.", CODE.mixed);
      inGroup = true;
      groups += 1;
      ofGroup = 0;
      groupReference = at(segment, 4);
      index += 1;
      continue;
    }
    if (segment.tag === "UNE" && inGroup) {
      if (Number(at(segment, 0)) !== ofGroup)
        fault(index + 1, `UNE01 is ${at(segment, 0)}, and there are ${ofGroup} messages.`, CODE.counts);
      if (at(segment, 1) !== groupReference)
        fault(index + 1, `UNE02 is ${at(segment, 1)}, and UNG05 is ${groupReference}.`, CODE.references);
      inGroup = false;
      index += 1;
      continue;
    }
    if (segment.tag !== "UNH") {
      fault(index + 1, `A ${segment.tag.slice(0, 10)} segment stands where a UNH segment has to.`);
      break;
    }
    const untAt = nextOf(segments, index + 1, end);
    const unt = segments[untAt];
    const identifier = (segment.elements[1] ?? []).join(":");
    const own = { reference: at(segment, 0), identifier, code: null as string | null };
    reports.push(own);
    if (unt?.tag !== "UNT") {
      fault(index + 1, `The message ${own.reference} has no UNT segment.`, CODE.counts);
      own.code = CODE.counts;
      if (untAt < 0) break;
      index = untAt;
      continue;
    }
    const count = untAt - index + 1;
    if (!/^\d+$/.test(at(unt, 0)) || Number(at(unt, 0)) !== count) {
      fault(
        untAt + 1,
        `UNT01 is ${at(unt, 0)}, and there are ${count} segments with UNH and UNT.`,
        CODE.counts,
      );
      own.code ??= CODE.counts;
    }
    if (at(unt, 1) !== own.reference) {
      fault(untAt + 1, `UNT02 is ${at(unt, 1)}, and UNH01 is ${own.reference}.`, CODE.references);
      own.code ??= CODE.references;
    }
    const [type = "", ...version] = segment.elements[1] ?? [];
    messages.push({
      reference: own.reference,
      type,
      version: version.slice(0, 3).join(":"),
      segments: segments.slice(index + 1, untAt),
    });
    ofGroup += 1;
    index = untAt + 1;
  }
  if (inGroup) fault(segments.length, "The last group has no UNE segment.", CODE.counts);
  if (!hasEnd)
    fault(
      segments.length,
      isCut
        ? "The last segment has no end: the text is cut short."
        : "The interchange has no UNZ segment at its end.",
    );
  else {
    const counted = groups > 0 ? groups : messages.length;
    if (at(last, 1) !== reference)
      fault(segments.length, `UNZ02 is ${at(last, 1)}, and UNB05 is ${reference}.`, CODE.references);
    if (faults.length === 0 && (!/^\d+$/.test(at(last, 0)) || Number(at(last, 0)) !== counted)) {
      const what = groups > 0 ? "groups" : "messages";
      fault(segments.length, `UNZ01 is ${at(last, 0)}, and there are ${counted} ${what}.`, CODE.counts);
    }
    if (faults.length === 0 && messages.length === 0) fault(1, "The interchange has no message.", CODE.empty);
  }
  const party = (element: number) => (unb?.elements[element] ?? []).slice(0, 2).join(":").replace(/:$/, "");
  const sides = { sender: party(1), receiver: party(2), reference };
  const report: EdifactReport = { ...sides, code, isCut: !hasEnd, messages: reports };
  if (faults.length > 0) return { interchange: null, faults, report };
  return {
    interchange: { ...sides, isTest: at(unb, 10) === "1", decimal: signs.decimal, messages },
    faults: [],
    report,
  };
}

/** Of the next UNT or UNH; -1: there is none. */
function nextOf(segments: readonly EdifactSegment[], from: number, until: number): number {
  for (let index = from; index < until; index += 1) {
    const tag = segments[index]?.tag;
    if (tag === "UNT" || tag === "UNH") return index;
  }
  return -1;
}

/** An element's first component. @param element from 0, behind the tag */
export function at(segment: EdifactSegment | undefined, element: number, component = 0): string {
  return segment?.elements[element]?.[component]?.trim() ?? "";
}

function unreadable(text: string): ReadEdifact {
  return { interchange: null, faults: [{ segment: 0, text }], report: null };
}
