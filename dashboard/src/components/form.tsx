import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { messageOf, outcomeUnknown } from "../api/problem.ts";
import { Notice } from "./notice.tsx";

/**
 * A form that sends once: the button is disabled while sending, and an error stays beside it. While it is not
 * known whether the change has happened, its idempotency key stays the same, so that sending again after a
 * lost answer does not do it twice. A refusal has changed nothing, and the next attempt is a new one.
 */
export function Form({
  submit,
  danger,
  disabled,
  onSubmit,
  children,
}: {
  readonly submit: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly onSubmit: (fields: FormData, key: string) => Promise<void>;
  readonly children?: ComponentChildren;
}) {
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const key = useRef(crypto.randomUUID());
  const send = async (form: HTMLFormElement): Promise<void> => {
    setSending(true);
    setError(null);
    try {
      await onSubmit(new FormData(form), key.current);
      key.current = crypto.randomUUID();
    } catch (caught) {
      setError(messageOf(caught));
      if (!outcomeUnknown(caught)) key.current = crypto.randomUUID();
    } finally {
      setSending(false);
    }
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!sending) void send(event.currentTarget);
      }}
    >
      {children}
      {error !== null && <Notice tone="bad">{error}</Notice>}
      <div class="form-actions">
        <button
          type="submit"
          class={`button ${danger ? "danger" : "primary"}`}
          disabled={sending || disabled === true}
        >
          {sending ? "Sending" : submit}
        </button>
      </div>
    </form>
  );
}

/** A text field's value, trimmed. */
export function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value.trim() : "";
}
