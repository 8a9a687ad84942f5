/** Which rows of a list are ticked. Rows that are shown no more are not. */
import { useState } from "preact/hooks";

export type Selection = {
  readonly ids: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  /** Ticks all that are shown, or none where all are. */
  readonly toggleAll: () => void;
  readonly clear: () => void;
};

export function useSelection(shown: readonly string[]): Selection {
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const ids = new Set(shown.filter((id) => ticked.has(id)));
  return {
    ids,
    toggle: (id) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      setTicked(next);
    },
    toggleAll: () => setTicked(ids.size === shown.length ? new Set() : new Set(shown)),
    clear: () => setTicked(new Set()),
  };
}
