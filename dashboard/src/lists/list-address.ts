/**
 * What a list shows is in its address, so that it can be sent, saved and gone back to.
 *
 * A1 A choice makes a new entry of the browser's history. Typing makes one when it begins, which then
 *    changes: Back leads to the list before the search, and not through its letters.
 * A2 Only the page that is shown changes the address. A search that is reported after a pause may come when a
 *    scan has led elsewhere already: it leads nobody back.
 */
import { useRef } from "preact/hooks";
import { useLocation } from "preact-iso/router";

export type ListAddress<Name extends string> = {
  readonly filter: Readonly<Record<Name, string>>;
  /** Without the question mark. */
  readonly query: string;
  readonly isFiltered: boolean;
  readonly change: (changed: Partial<Record<Name, string>>, how?: "choice" | "typing") => void;
  readonly clear: () => void;
};

/** @param names of the address that belong to the list; `sort` alone does not narrow it */
export function useListAddress<const Name extends string>(
  path: string,
  names: readonly Name[],
): ListAddress<Name> {
  const location = useLocation();
  const typed = useRef<string | null>(null);
  const filter = filterOf(names, location.query);
  const go = (next: Readonly<Record<Name, string>>, how: "choice" | "typing"): void => {
    // The browser's own: it has changed when another page was asked for, and not when that is drawn.
    if (globalThis.location.pathname.replace(/\/+$/, "") !== path) return;
    const query = queryOf(next);
    const address = query === "" ? path : `${path}?${query}`;
    if (address === location.url) return;
    const goesOn = how === "typing" && typed.current === location.url;
    typed.current = how === "typing" ? address : null;
    location.route(address, goesOn);
  };
  return {
    filter,
    query: queryOf(filter),
    isFiltered: names.some((name) => name !== "sort" && filter[name] !== ""),
    change: (changed, how = "choice") => go({ ...filter, ...changed }, how),
    clear: () =>
      go(filterOf(names, filter["sort" as Name] ? { sort: filter["sort" as Name] } : {}), "choice"),
  };
}

function filterOf<Name extends string>(
  names: readonly Name[],
  query: Readonly<Record<string, string | undefined>>,
): Readonly<Record<Name, string>> {
  return Object.fromEntries(names.map((name) => [name, (query[name] ?? "").trim()])) as Record<Name, string>;
}

/** In the order of the names, so that the same filter has one address. */
function queryOf(filter: Readonly<Record<string, string>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    if (value !== "") search.set(name, value);
  }
  return search.toString();
}
