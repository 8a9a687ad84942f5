import { signal } from "@preact/signals";
import { Icon } from "./icon.tsx";

type Toast = { readonly id: number; readonly tone: "good" | "bad"; readonly text: string };

const SHOWN_MS = 6_000;
const toasts = signal<readonly Toast[]>([]);
let nextId = 1;

/** Says that something has just been done, or could not be done. */
export function toast(tone: Toast["tone"], text: string): void {
  const id = nextId++;
  toasts.value = [...toasts.value, { id, tone, text }];
  setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((shown) => shown.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" aria-live="polite">
      {toasts.value.map(({ id, tone, text }) => (
        <div key={id} class={`toast ${tone}`}>
          <Icon name={tone === "good" ? "check" : "warning"} />
          <span>{text}</span>
          <button type="button" class="button quiet icon-only" onClick={() => dismiss(id)}>
            <Icon name="close" label="Dismiss" />
          </button>
        </div>
      ))}
    </div>
  );
}
