import type { ComponentChildren } from "preact";
import type { Pages } from "../live/pages.ts";
import { ActionButton } from "./action-button.tsx";
import { Loaded } from "./loaded.tsx";
import { SkeletonRows } from "./skeleton.tsx";

/** A list with a button for its next page below it; `empty` where it has no row. */
export function Paged<T>({
  pages,
  skeletonRows,
  empty,
  children,
}: {
  readonly pages: Pages<T>;
  readonly skeletonRows: number;
  readonly empty: ComponentChildren;
  readonly children: (rows: readonly T[]) => ComponentChildren;
}) {
  const { first, rows, loadMore } = pages;
  return (
    <Loaded resource={first} skeleton={<SkeletonRows rows={skeletonRows} />}>
      {() =>
        rows.length === 0 ? (
          empty
        ) : (
          <>
            {children(rows)}
            {loadMore !== null && (
              <div class="table-foot">
                <ActionButton run={loadMore}>Load more</ActionButton>
              </div>
            )}
          </>
        )
      }
    </Loaded>
  );
}
