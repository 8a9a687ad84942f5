/**
 * Lists that are read from either end: in their own order, or from its end. What reads them has one index for
 * both, so neither costs more than the other.
 *
 * A cursor of the other end would skip rows; so whatever is not in the list's own order says so in its cursor.
 */
import { decodeCursor } from "./cursor.ts";

export type ReadingOrder = {
  /** Of every column that says where a row stands. */
  readonly direction: "asc" | "desc";
  /** Compares a row's place with the cursor's: it is further on. */
  readonly further: "<" | ">";
  /** @returns the cursor's parts; none where there is no cursor @throws InvalidCursorError */
  placeIn(cursor: string | undefined, formats: readonly RegExp[]): readonly string[];
  /** A row's place as its cursor has it. */
  placeOf(...parts: readonly string[]): readonly string[];
};

/**
 * @param own a field of the item, with `-` before it where the list begins with its end: the order in which
 *   it is read unless another is asked for
 * @param asked the same field, with or without `-`; undefined: the list's own
 */
export function readingOrder(own: string, asked: string | undefined): ReadingOrder {
  const sort = asked ?? own;
  const isFromEnd = sort.startsWith("-");
  const mark = sort === own ? [] : [sort];
  return {
    direction: isFromEnd ? "desc" : "asc",
    further: isFromEnd ? "<" : ">",
    placeIn: (cursor, formats) =>
      cursor === undefined
        ? []
        : decodeCursor(cursor, [...mark.map((name) => new RegExp(`^${name}$`)), ...formats]).slice(
            mark.length,
          ),
    placeOf: (...parts) => [...mark, ...parts],
  };
}
