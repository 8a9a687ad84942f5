import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "../components/icon.tsx";

/**
 * A button that opens a card below it. Escape and a click elsewhere close it, and so does what is chosen in
 * it.
 */
export function Menu({
  label,
  icon,
  chosen,
  children,
}: {
  readonly label: string;
  readonly icon: IconName;
  /** Whether the button shows that something in it is set. */
  readonly chosen?: boolean;
  readonly children: (close: () => void) => ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    opener.current?.focus();
  };
  useEffect(() => {
    if (!isOpen) return;
    const onPointer = (event: Event): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") close();
    };
    document.addEventListener("pointerdown", onPointer);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onPointer);
      document.removeEventListener("keydown", onKey);
    };
  }, [isOpen]);
  return (
    <div class="menu" ref={root}>
      <button
        ref={opener}
        type="button"
        class={`button ${chosen ? "chosen" : ""}`}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={icon} />
        {label}
      </button>
      {isOpen && (
        <section class="menu-card" aria-label={label}>
          {children(close)}
        </section>
      )}
    </div>
  );
}
