import type { TrackingView } from "../../../../contract/tracking.ts";

type Line = Pick<TrackingView["lines"][number], "lineId" | "ordered" | "insteadOfLine">;

/** What something else is sent for is not shown beside it with no unit. */
export function shownLines<T extends Line>(lines: readonly T[]): readonly T[] {
  return lines.filter(
    (line) => line.ordered > 0 || lines.every(({ insteadOfLine }) => insteadOfLine !== line.lineId),
  );
}
