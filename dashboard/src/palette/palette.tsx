/**
 * The palette: every page, every act of the shell, and whatever has the number that is typed, scanned or
 * pasted. All of it by keyboard: arrows choose, Enter goes.
 */
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { Dialog } from "../components/dialog.tsx";
import { Icon, type IconName } from "../components/icon.tsx";
import { type Found, find } from "./find.ts";
import { places } from "./places.ts";

export type Act = { readonly label: string; readonly icon: IconName; readonly run: () => void };

type Choice = {
  readonly id: string;
  readonly icon: IconName;
  readonly title: string;
  readonly detail: string;
  readonly run: () => void;
};

const PAUSE_MS = 150;
/** A single letter is in everything. */
const SEARCH_LEAST = 2;

export function Palette({ acts, onClose }: { readonly acts: readonly Act[]; readonly onClose: () => void }) {
  const { route } = useLocation();
  const [text, setText] = useState("");
  const [found, setFound] = useState<{ readonly of: string; readonly items: readonly Found[] }>({
    of: "",
    items: [],
  });
  const [at, setAt] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const q = text.trim();
  const isSearched = q.length >= SEARCH_LEAST;

  useEffect(() => {
    if (!isSearched) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      find(q, abort.signal)
        .then((items) => setFound({ of: q, items }))
        .catch(() => undefined); // It was left for a newer text.
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [q, isSearched]);

  const go = (href: string) => () => {
    onClose();
    route(href);
  };
  const matches = (label: string): boolean => label.toLowerCase().includes(q.toLowerCase());
  const choices: readonly Choice[] = [
    ...(isSearched ? found.items : []).map((one) => ({ ...one, run: go(one.href) })),
    ...places()
      .filter(({ label }) => matches(label))
      .map(({ href, label, icon, key }) => ({
        id: href,
        icon,
        title: label,
        detail: `g ${key}`,
        run: go(href),
      })),
    ...acts
      .filter(({ label }) => matches(label))
      .map(({ label, icon, run }) => ({
        id: label,
        icon,
        title: label,
        detail: "",
        run: () => {
          onClose();
          run();
        },
      })),
  ];
  const chosen = Math.min(at, choices.length - 1);
  useEffect(() => {
    list.current?.children.item(chosen)?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && choices.length > 0) {
      event.preventDefault();
      setAt((chosen + step + choices.length) % choices.length);
    }
    if (event.key === "Enter") {
      event.preventDefault();
      // What is on screen may be of an earlier text: a scanner types faster than the answer comes.
      if (!isSearched || found.of === q) choices[chosen]?.run();
      else void goToFirst();
    }
  };
  const goToFirst = async (): Promise<void> => {
    const items = await find(q, new AbortController().signal);
    setFound({ of: q, items });
    const [first] = items;
    if (first !== undefined) go(first.href)();
  };

  return (
    <Dialog title="Go to" onClose={onClose}>
      <div class="search-box palette-box">
        <Icon name="search" />
        <input
          class="input"
          type="text"
          role="combobox"
          aria-label="Page, order, customer, SKU, tracking number"
          placeholder="Page, order, customer, SKU, tracking number"
          aria-expanded="true"
          aria-controls={listId}
          aria-autocomplete="list"
          {...(chosen >= 0 ? { "aria-activedescendant": `${listId}-${chosen}` } : {})}
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div class="palette-list" id={listId} role="listbox" aria-label="What was found" ref={list}>
        {choices.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys, as a combobox does.
          <div
            key={choice.id}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            class="palette-choice"
            onClick={choice.run}
          >
            <Icon name={choice.icon} />
            <span class="palette-title">{choice.title}</span>
            <span class="muted small">{choice.detail}</span>
          </div>
        ))}
      </div>
      <p class="muted small" role="status">
        {choices.length > 0
          ? "Arrows choose, Enter goes, Escape closes."
          : isSearched && found.of !== q
            ? "Looking…"
            : `Nothing is known of "${q}".`}
      </p>
    </Dialog>
  );
}
