/**
 * A list of the API that comes in pages: the first is loaded as any resource is, further ones below it on
 * demand. What moves up into the first page meanwhile is shown once. Whoever comes back to the list through
 * the browser's history finds all pages that were loaded.
 */
import { useEffect, useState } from "preact/hooks";
import type { Page } from "../../../contract/shapes.ts";
import { type Resource, useResource } from "./resource.ts";
import { keepShown, shownBefore } from "./visits.ts";

export type Pages<T> = {
  readonly first: Resource<Page<T>>;
  /** Of all pages that are loaded. */
  readonly rows: readonly T[];
  /** Null: there are no more. */
  readonly loadMore: (() => Promise<void>) | null;
};

/**
 * @param key names the list; a new key drops the pages of the old one
 * @param idOf tells two rows apart
 */
export function usePages<T>(
  key: string,
  load: (cursor: string | null, signal?: AbortSignal) => Promise<Page<T>>,
  idOf: (row: T) => string,
): Pages<T> {
  const first = useResource<Page<T>>(
    key,
    (signal) => load(null, signal),
    () => shownBefore(`first ${key}`),
  );
  const [further, setFurther] = useState<{ readonly key: string; readonly page: Page<T> } | null>(null);
  const more = further?.key === key ? further.page : (shownBefore<Page<T>>(`further ${key}`) ?? null);
  useEffect(() => {
    if (first.data !== undefined) keepShown(`first ${key}`, first.data);
  }, [key, first.data]);
  const items = first.data?.items ?? [];
  const known = new Set(items.map(idOf));
  const next = more === null ? (first.data?.next ?? null) : more.next;
  return {
    first,
    rows: [...items, ...(more?.items.filter((row) => !known.has(idOf(row))) ?? [])],
    loadMore:
      next === null
        ? null
        : async () => {
            const page = await load(next);
            const all = { ...page, items: [...(more?.items ?? []), ...page.items] };
            keepShown(`further ${key}`, all);
            setFurther({ key, page: all });
          },
  };
}
