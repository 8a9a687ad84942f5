import type { ComponentChildren } from "preact";
import { Icon } from "../components/icon.tsx";

/**
 * The head of a column that the list can be sorted by: once in one direction, again in the other where there
 * is one.
 */
export function SortHead<Sort extends string>({
  up,
  down,
  sort,
  class: look = "",
  onSort,
  children,
}: {
  /** What sorts it ascending, and descending. */
  readonly up?: Sort;
  readonly down?: Sort;
  readonly sort: string;
  readonly class?: string;
  readonly onSort: (sort: Sort) => void;
  readonly children: ComponentChildren;
}) {
  const isUp = up !== undefined && sort === up;
  const isDown = down !== undefined && sort === down;
  const next = (isDown ? up : down) ?? up ?? down;
  return (
    <th
      scope="col"
      class={look}
      {...(isUp || isDown ? { "aria-sort": isUp ? ("ascending" as const) : ("descending" as const) } : {})}
    >
      <button
        type="button"
        class={`sort-head ${isUp ? "up" : isDown ? "down" : ""}`}
        onClick={() => {
          if (next !== undefined && next !== sort) onSort(next);
        }}
      >
        {children}
        <Icon name="sort" />
      </button>
    </th>
  );
}
