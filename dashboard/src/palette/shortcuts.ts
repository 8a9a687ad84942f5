/** The keys that work on every page. None does while somebody types, and none while a dialog is open. */
import { useEffect, useRef } from "preact/hooks";
import { places } from "./places.ts";

/** How long `g` waits for the letter after it, in milliseconds. */
const CHORD_MS = 1_500;

export const SHORTCUTS: readonly (readonly [keys: string, meaning: string])[] = [
  ["Ctrl K", "Go to a page, an order, a SKU, a tracking number"],
  ["/", "Search the list that is shown"],
  ["?", "This help"],
  ["Esc", "Close what is open"],
];

export function useShortcuts(does: {
  readonly openPalette: () => void;
  readonly openHelp: () => void;
  readonly goTo: (href: string) => void;
}): void {
  const latest = useRef(does);
  latest.current = does;
  useEffect(() => {
    let chordUntil = 0;
    const onKey = (event: KeyboardEvent): void => {
      const { openPalette, openHelp, goTo } = latest.current;
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        if (document.querySelector("dialog[open]") === null) openPalette();
        return;
      }
      const { target } = event;
      const isTyping =
        target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "?") {
        event.preventDefault();
        openHelp();
        return;
      }
      const isSecond = Date.now() < chordUntil;
      chordUntil = 0;
      if (isSecond) {
        const place = places().find(({ key }) => key === event.key);
        if (place !== undefined) {
          event.preventDefault();
          goTo(place.href);
        }
        return;
      }
      if (event.key === "g") chordUntil = Date.now() + CHORD_MS;
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
