import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icon.tsx";

/**
 * A modal dialog on the browser's own `<dialog>`: focus is kept inside, Escape closes it, and focus returns
 * to where it came from.
 */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // A layout effect, because its clean-up runs at once: the focus is back when the dialog is gone.
  useLayoutEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    // Where the dialog has a field, typing can start at once. Otherwise the close button, the first in the
    // document, would have the focus.
    dialog?.querySelector<HTMLElement>("input, select, textarea")?.focus();
    return () => {
      dialog?.close();
      // The element has left the document by now, so the browser does not return the focus itself.
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header class="dialog-head">
        <h2 id={titleId}>{title}</h2>
        <button type="button" class="button quiet icon-only" onClick={onClose}>
          <Icon name="close" label="Close" />
        </button>
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}
