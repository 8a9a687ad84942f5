import { Dialog } from "../components/dialog.tsx";
import { places } from "./places.ts";
import { SHORTCUTS } from "./shortcuts.ts";

/** Which keys do what. */
export function ShortcutHelp({ onClose }: { readonly onClose: () => void }) {
  const all = [...SHORTCUTS, ...places().map(({ key, label }) => [`g ${key}`, `Go to ${label}`] as const)];
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="shortcuts">
        {all.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
