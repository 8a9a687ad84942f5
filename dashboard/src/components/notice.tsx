import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";

/** One clear line: what is wrong, and the one thing to do about it. */
export function Notice({
  tone,
  action,
  children,
}: {
  readonly tone: "info" | "good" | "warn" | "bad";
  readonly action?: { readonly label: string; readonly run: () => void };
  readonly children: ComponentChildren;
}) {
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={tone === "good" ? "check" : tone === "info" ? "info" : "warning"} />
      <div class="notice-text">{children}</div>
      {action !== undefined && (
        <button type="button" class="button small" onClick={action.run}>
          {action.label}
        </button>
      )}
    </div>
  );
}
