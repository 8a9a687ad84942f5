import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

const PAUSE_MS = 250;

/**
 * A search field that reports after a pause in typing, without blanks around the text, and shows what it is
 * given when that changes. The key `/` focuses it from anywhere on the page, Enter reports at once.
 */
export function SearchBox({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
}) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(onChange);
  latest.current = onChange;
  /**
   * What this field has reported or been given last: another value comes from elsewhere, e.g. a cleared
   * filter.
   */
  const known = useRef(value);

  const report = (typed: string): void => {
    const next = typed.trim();
    if (next === known.current) return;
    known.current = next;
    latest.current(next);
  };

  useEffect(() => {
    if (value === known.current) return;
    known.current = value;
    setText(value);
  }, [value]);

  useEffect(() => {
    if (text.trim() === known.current) return;
    const timer = setTimeout(() => report(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target } = event;
      const typing =
        target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  return (
    <div class="search-box">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        class="input"
        aria-label={label}
        placeholder={label}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") report(event.currentTarget.value);
        }}
      />
    </div>
  );
}
