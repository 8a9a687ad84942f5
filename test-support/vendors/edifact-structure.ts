/**
 * Holds EDIFACT messages against the structures of D.96A that lie beside the project: which segments stand in
 * which order, how often, and which have to be there.
 */
import { readBesideTheProject } from "../beside-the-project.ts";

export const EDIFACT_STRUCTURES = "data/vendors/edi";

type Node =
  | { readonly seg: string; readonly required?: boolean; readonly max?: string | number }
  | {
      readonly loop: string;
      readonly required?: boolean;
      readonly max?: string | number;
      readonly children: readonly Node[];
    };

/** @param tags of the message, from UNH to UNT */
export function edifactProblems(type: string, tags: readonly string[]): readonly string[] {
  const file = `${EDIFACT_STRUCTURES}/edifact-d96a-${type}.facts.json`;
  const { structure } = JSON.parse(readBesideTheProject(file)) as { readonly structure: readonly Node[] };
  const problems: string[] = [];
  const end = walk(structure, tags, 0, problems);
  if (end < tags.length) problems.push(`${tags[end]} (${end + 1}) stands where it may not`);
  return problems;
}

function walk(nodes: readonly Node[], tags: readonly string[], from: number, problems: string[]): number {
  let at = from;
  for (const node of nodes) {
    const tag = firstTag(node);
    // A number that the source leaves out is one for a segment, and many where it does not say.
    const most = node.max === undefined ? ("seg" in node ? 99 : 999_999) : Number(node.max);
    let count = 0;
    while (tags[at] === tag && count < most) {
      at = "seg" in node ? at + 1 : walk(node.children, tags, at, problems);
      count += 1;
    }
    if (count === 0 && node.required === true) problems.push(`${tag} is missing`);
  }
  return at;
}

/** The source numbers a tag that comes twice: `DTM_2`. */
function firstTag(node: Node): string {
  if ("seg" in node) return node.seg.split("_")[0] ?? "";
  const [first] = node.children;
  return first === undefined ? "" : firstTag(first);
}
