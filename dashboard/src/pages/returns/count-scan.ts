import type { ReturnView, ScanResult } from "../../../../contract/returns.ts";

export type Counts = Readonly<Record<string, number>>;

type Lines = Pick<ReturnView, "id" | "lines">;

/**
 * Counts one scan at the dock, once the server has said what the code is. The return's own number or parcel
 * counts everything that is awaited. An item counts one unit of its first line with units left to count:
 * those that are awaited first, then those that come late. Anything else is a problem and changes nothing.
 */
export function countScan(
  view: Lines,
  counts: Counts,
  found: ScanResult,
): { readonly counts: Counts; readonly problem: string | null } {
  const isItem = found.kind === "item";
  if (!isItem && found.matches.some(({ returnId }) => returnId === view.id)) {
    return {
      counts: Object.fromEntries(view.lines.map((line) => [line.lineId, line.awaited])),
      problem: null,
    };
  }
  if (!isItem && found.returnId !== null) return { counts, problem: `This is return ${found.returnId}.` };
  const matching = isItem ? view.lines.filter((line) => line.sku === found.sku) : [];
  if (matching.length === 0) {
    return { counts, problem: `${found.code} does not belong to this return. Put the item aside.` };
  }
  const counted = (lineId: string) => counts[lineId] ?? 0;
  const line =
    matching.find((one) => counted(one.lineId) < one.awaited) ??
    matching.find((one) => counted(one.lineId) < mostOf(one));
  if (line === undefined) {
    return {
      counts,
      problem: `All announced units of ${found.code} are counted already. Put the item aside.`,
    };
  }
  return { counts: { ...counts, [line.lineId]: counted(line.lineId) + 1 }, problem: null };
}

/** Units of a line that can come: the awaited ones, and those that nobody waits for any more. */
export function mostOf({ awaited, dismissed }: Lines["lines"][number]): number {
  return awaited + dismissed;
}
