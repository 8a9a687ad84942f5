import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

/**
 * A field for a scanner that types (keyboard wedge): it keeps the focus, Enter submits, and it is then empty
 * and ready for the next code. A person may type into it as well.
 */
export function ScanInput({
  label,
  onScan,
}: {
  readonly label: string;
  readonly onScan: (code: string) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  useEffect(() => {
    input.current?.focus({ preventScroll: true });
    // After a click on empty ground the next scan must still arrive here. A click on a control may take the
    // focus.
    const onBlur = (): void => {
      setTimeout(() => {
        const { activeElement } = document;
        if (activeElement === document.body || activeElement === null)
          input.current?.focus({ preventScroll: true });
      });
    };
    const element = input.current;
    element?.addEventListener("blur", onBlur);
    return () => element?.removeEventListener("blur", onBlur);
  }, []);
  return (
    <form
      class="scan"
      onSubmit={(event) => {
        event.preventDefault();
        // From the field itself: a scanner's Enter may come before its last letters are drawn.
        const code = (input.current?.value ?? text).trim();
        setText("");
        if (code !== "") onScan(code);
      }}
    >
      <Icon name="scan" />
      <input
        ref={input}
        class="input"
        aria-label={label}
        placeholder={label}
        value={text}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="button">
        Enter
      </button>
    </form>
  );
}
