/**
 * What a page showed when it was left, by entry of the browser's history: whoever goes back finds the same
 * rows at the same place. Reloading the browser begins anew.
 *
 * V1 An entry has its name in its own state, so that two entries of one address are two.
 * V2 Only so many are kept; an older one loads its rows again, as a new one does.
 * V3 What one person was shown, the next one who signs in here is not.
 */
import { effect } from "@preact/signals";
import { session } from "../api/session.ts";

const MOST_VISITS = 40;

type Visit = { scroll: number; readonly shown: Map<string, unknown> };

const visits = new Map<string, Visit>();
let nextId = 1;
/** Between going back and the rows being there again: what the browser scrolls meanwhile is nobody's wish. */
let isComingBack = false;

/** Begins to note how far each page is scrolled. Called once, before the first page. */
export function watchVisits(): void {
  window.history.scrollRestoration = "manual";
  window.addEventListener("popstate", () => {
    isComingBack = true;
  });
  window.addEventListener(
    "scroll",
    () => {
      if (!isComingBack) current().scroll = window.scrollY;
    },
    { passive: true },
  );
  let shownTo: string | undefined;
  effect(() => {
    const person = session.value?.staffId;
    if (person !== shownTo) visits.clear();
    shownTo = person;
  });
}

/** Scrolls to where the page was left; to its top where it was not here before. */
export function scrollAsLeft(): void {
  const { scroll } = current();
  isComingBack = false;
  window.scrollTo(0, scroll);
}

/** Whether the entry was reached through the browser's history, and is not in its place yet. */
export function comesBack(): boolean {
  return isComingBack;
}

/** Keeps for this entry what is shown under a name. */
export function keepShown(name: string, value: unknown): void {
  current().shown.set(name, value);
}

/** What was shown under the name when this entry was left. */
export function shownBefore<T>(name: string): T | undefined {
  return current().shown.get(name) as T | undefined;
}

function current(): Visit {
  const state: unknown = window.history.state;
  const named = typeof state === "object" && state !== null && "visit" in state ? String(state.visit) : "";
  const known = visits.get(named);
  if (known !== undefined) return known;
  const id = named === "" ? `${Date.now()}-${nextId++}` : named;
  if (named === "") window.history.replaceState({ ...(state ?? {}), visit: id }, "");
  const visit: Visit = { scroll: 0, shown: new Map() };
  visits.set(id, visit);
  const [oldest] = visits.keys();
  if (visits.size > MOST_VISITS && oldest !== undefined) visits.delete(oldest);
  return visit;
}
