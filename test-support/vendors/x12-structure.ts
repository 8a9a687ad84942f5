/**
 * Holds X12 documents against the structure of 004010 that lies beside the project: which segments stand in
 * which order and how often, which elements each has to have, how long they may be and which codes they take.
 */
import { readBesideTheProject } from "../beside-the-project.ts";

export const X12_STRUCTURE = "data/backoffice/edi-x12/structure-004010.json";

type Node =
  | { readonly req: string; readonly max: number | string; readonly segment: string }
  | { readonly req: string; readonly max: number | string; readonly loop: readonly Node[] };

type Structure = {
  readonly transactions: Readonly<Record<string, readonly Node[]>>;
  readonly segments: Readonly<
    Record<
      string,
      { readonly elements: readonly (readonly [string, string])[]; readonly syntax?: readonly string[] }
    >
  >;
  readonly elements: Readonly<
    Record<
      string,
      { readonly type: string; readonly min: number; readonly max: number; readonly codes?: unknown }
    >
  >;
};

type Segment = readonly string[];

export function openX12Structure(): (type: string, segments: readonly Segment[]) => readonly string[] {
  const structure = JSON.parse(readBesideTheProject(X12_STRUCTURE)) as Structure;
  return (type, segments) => {
    const nodes = structure.transactions[type];
    if (nodes === undefined) return [`there is no ${type}`];
    const problems: string[] = [];
    const end = walk(nodes, segments, 0, problems);
    if (end < segments.length) problems.push(`${segments[end]?.[0]} (${end + 1}) stands where it may not`);
    for (const segment of segments) problems.push(...elementProblems(structure, segment));
    return problems;
  };
}

function walk(
  nodes: readonly Node[],
  segments: readonly Segment[],
  from: number,
  problems: string[],
): number {
  let at = from;
  for (const node of nodes) {
    const most = typeof node.max === "number" ? node.max : Number.POSITIVE_INFINITY;
    const tag = "segment" in node ? node.segment : firstTag(node.loop);
    let count = 0;
    while (at < segments.length && segments[at]?.[0] === tag && count < most) {
      at = "segment" in node ? at + 1 : walk(node.loop, segments, at, problems);
      count += 1;
    }
    if (count === 0 && node.req === "M") problems.push(`${tag} is missing`);
  }
  return at;
}

function firstTag(nodes: readonly Node[]): string {
  const [first] = nodes;
  if (first === undefined) return "";
  return "segment" in first ? first.segment : firstTag(first.loop);
}

function elementProblems(structure: Structure, [tag = "", ...values]: Segment): readonly string[] {
  const defined = structure.segments[tag];
  if (defined === undefined) return [`${tag} is not defined`];
  const problems: string[] = [];
  if (values.length > defined.elements.length) problems.push(`${tag} has too many elements`);
  defined.elements.forEach(([id, need], index) => {
    const value = values[index] ?? "";
    const name = `${tag}${String(index + 1).padStart(2, "0")} (${id})`;
    if (value === "") {
      if (need === "M") problems.push(`${name} is missing`);
      return;
    }
    const element = structure.elements[id];
    if (element === undefined) return;
    const length =
      element.type.startsWith("N") || element.type === "R" ? value.replace(/[-.]/g, "").length : value.length;
    if (length < element.min || length > element.max)
      problems.push(`${name} "${value}" has ${length} signs, not ${element.min} to ${element.max}`);
    if (Array.isArray(element.codes) && !element.codes.includes(value))
      problems.push(`${name} "${value}" is no code`);
    if (/^N\d$/.test(element.type) && !/^-?\d+$/.test(value))
      problems.push(`${name} "${value}" is no number`);
    if (element.type === "R" && !/^-?\d*\.?\d+$/.test(value))
      problems.push(`${name} "${value}" is no decimal`);
    if (element.type === "DT" && !/^\d{6}(\d\d)?$/.test(value))
      problems.push(`${name} "${value}" is no date`);
  });
  for (const rule of defined.syntax ?? []) {
    const kind = rule[0];
    const places = (rule.slice(1).match(/\d\d/g) ?? []).map(Number);
    const there = places.filter((place) => (values[place - 1] ?? "") !== "");
    const isBroken =
      (kind === "R" && there.length === 0) ||
      (kind === "P" && there.length > 0 && there.length < places.length) ||
      (kind === "C" && there.includes(places[0] ?? 0) && there.length < places.length) ||
      (kind === "E" && there.length > 1);
    // The places of an element that is made of several are counted otherwise in the source.
    if (isBroken && tag !== "QTY") problems.push(`${tag} breaks ${rule}`);
  }
  return problems;
}
