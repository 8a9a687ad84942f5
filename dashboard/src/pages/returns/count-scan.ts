import type { ReturnView } from "../../../../contract/returns.ts";

type Counts = Readonly<Record<string, number>>;

/**
 * Counts one scan at the dock. The return's own number counts everything that was announced. A SKU counts one
 * unit of its first line with units left to count. Anything else is a problem and changes nothing.
 */
export function countScan(
  view: Pick<ReturnView, "id" | "lines">,
  counts: Counts,
  code: string,
): { readonly counts: Counts; readonly problem: string | null } {
  if (code.toUpperCase() === view.id.toUpperCase()) {
    return {
      counts: Object.fromEntries(view.lines.map((line) => [line.lineId, line.requested])),
      problem: null,
    };
  }
  const matching = view.lines.filter((line) => line.sku.toUpperCase() === code.toUpperCase());
  if (matching.length === 0) {
    return { counts, problem: `${code} does not belong to this return. Put the item aside and ask.` };
  }
  const line = matching.find((one) => (counts[one.lineId] ?? 0) < one.requested);
  if (line === undefined) {
    return { counts, problem: `All announced units of ${code} are counted already.` };
  }
  return { counts: { ...counts, [line.lineId]: (counts[line.lineId] ?? 0) + 1 }, problem: null };
}
