import { expect, test } from "vitest";
import { shownLines } from "./shown-lines.ts";

const line = (lineId: string, title: string, ordered: number, insteadOfLine: string | null = null) => ({
  lineId,
  title,
  ordered,
  insteadOfLine,
});

test("a line of which all is sent as something else is not shown; a cancelled one of the same title is", () => {
  const lines = [line("1", "Tent", 0), line("2", "Tent", 0), line("3", "Blue tent", 2, "1")];
  expect(shownLines(lines).map(({ lineId }) => lineId)).toEqual(["2", "3"]);
});
