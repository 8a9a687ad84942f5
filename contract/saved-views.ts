/**
 * Views of lists: what a person has filtered and sorted, under a name. A view is the list's address without
 * its path, so that it opens what the address opens.
 */
import Type from "typebox";
import { closed, Id, Nullable, oneOf, type Shape, Text, text } from "./shapes.ts";

export const VIEWED_LISTS = ["orders", "returns", "stock", "catalog", "finance"] as const;

export const SavedView = Type.Object({
  id: Text,
  list: oneOf(VIEWED_LISTS),
  name: Text,
  /** As it stands in an address, without the question mark; empty: the whole list. */
  query: Text,
  /** A role whose members see it; null: only whose it is. */
  sharedWith: Nullable(Text),
  /** Whether it is the caller's own. */
  own: Type.Boolean(),
  /** Whose it is. */
  by: Text,
});
export type SavedView = Shape<typeof SavedView>;

/** A name of the caller's in the same list gets the new query. */
export const SaveViewBody = Type.Object(
  {
    list: oneOf(VIEWED_LISTS),
    name: text(60),
    query: text(1_000, 0),
    sharedWith: Type.Optional(Nullable(Id)),
  },
  closed,
);
