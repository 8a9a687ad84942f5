import { useEffect, useRef } from "preact/hooks";

/**
 * Calls `run` every `milliseconds` while the browser tab is visible, and at once when it becomes visible
 * again.
 */
export function useInterval(milliseconds: number, run: () => void): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const tick = (): void => {
      if (!document.hidden) latest.current();
    };
    const timer = setInterval(tick, milliseconds);
    document.addEventListener("visibilitychange", tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", tick);
    };
  }, [milliseconds]);
}
