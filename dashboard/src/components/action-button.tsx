import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { messageOf } from "../api/problem.ts";
import { toast } from "./toast.tsx";

/** A button whose work takes a moment: disabled meanwhile. A failure is shown in a toast. */
export function ActionButton({
  run,
  class: look = "button",
  children,
}: {
  readonly run: () => Promise<void>;
  readonly class?: string;
  readonly children: ComponentChildren;
}) {
  const [busy, setBusy] = useState(false);
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      await run();
    } catch (error) {
      toast("bad", messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" class={look} disabled={busy} aria-busy={busy} onClick={() => void start()}>
      {children}
    </button>
  );
}
