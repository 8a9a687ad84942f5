/**
 * Cursors of pages: where the last row stood in the page's order. Opaque to clients, and checked when they
 * come back, because a cursor's parts are used as query parameters.
 */
import type { Page } from "../../contract/shapes.ts";

/** Its message is for the caller, and does not repeat what was sent. */
export class InvalidCursorError extends Error {
  readonly code = "invalid_cursor";

  constructor(options: { readonly cause?: unknown } = {}) {
    super(
      "query/cursor is none of this list in this order; expected the `next` of its last page, as it came and with the " +
        "same sort, or none for the first page",
      options,
    );
  }
}

function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** @throws InvalidCursorError unless `cursor` holds texts that match `formats` one by one */
export function decodeCursor(cursor: string, formats: readonly RegExp[]): readonly string[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch (cause) {
    throw new InvalidCursorError({ cause });
  }
  if (
    !Array.isArray(parts) ||
    parts.length !== formats.length ||
    !parts.every((part, at): part is string => typeof part === "string" && formats[at]?.test(part) === true)
  ) {
    throw new InvalidCursorError();
  }
  return parts;
}

/** Any text that PostgreSQL can take. */
export const CURSOR_TEXT = /^[^\0]{1,300}$/;
/** A timestamptz as microseconds since the epoch, which a `Date` would cut to milliseconds. */
export const CURSOR_MICROSECONDS = /^\d{1,17}$/;

/** Rows of one page and the cursor of the next, given one row more than the page shows. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
  position: (row: Row) => readonly string[],
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(item),
    next: rows.length > limit && last !== undefined ? encodeCursor(position(last)) : null,
  };
}
