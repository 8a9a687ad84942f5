import { signal } from "@preact/signals";

/**
 * The time that relative times are counted from. It moves every ten seconds, so that all of them change
 * together.
 */
export const clock = signal(Date.now());

setInterval(() => {
  if (!document.hidden) clock.value = Date.now();
}, 10_000);
