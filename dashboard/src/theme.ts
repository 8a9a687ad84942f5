/** Light or dark: the system's choice, unless the reader has chosen here. */
import { signal } from "@preact/signals";

type Theme = "light" | "dark";

const STORED = "holdfast.theme";

export const theme = signal<Theme>("light");

export function applyStoredTheme(): void {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = readStored();
  if (stored !== null) document.documentElement.dataset["theme"] = stored;
  theme.value = stored ?? (system.matches ? "dark" : "light");
  system.addEventListener("change", () => {
    if (readStored() === null) theme.value = system.matches ? "dark" : "light";
  });
}

export function toggleTheme(): void {
  const next: Theme = theme.value === "dark" ? "light" : "dark";
  theme.value = next;
  document.documentElement.dataset["theme"] = next;
  try {
    localStorage.setItem(STORED, next);
  } catch {
    // Storage may be forbidden. The choice then lasts as long as the page.
  }
}

function readStored(): Theme | null {
  try {
    const stored = localStorage.getItem(STORED);
    return stored === "light" || stored === "dark" ? stored : null;
  } catch {
    return null;
  }
}
