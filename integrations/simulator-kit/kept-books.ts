/**
 * A simulated shop's books in a file, so that the shop of a sandbox is the same after a restart: written soon
 * after a change, by a new file in the place of the old one.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";

const SOON_MS = 100;

export type KeptBooks = {
  /** Something has changed. */
  changed(): void;
  /** Writes what is not written yet, and no more after that. */
  close(): void;
};

/**
 * @param file null: nothing is kept
 * @param load is given what the file has; not called where there is none
 * @param state as JSON takes it; a map as the list of its entries
 */
export function keepBooks(
  file: string | null,
  load: (state: unknown) => void,
  state: () => unknown,
): KeptBooks {
  if (file === null) return { changed: () => {}, close: () => {} };
  let text: string | null = null;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  if (text !== null) load(JSON.parse(text));
  let timer: NodeJS.Timeout | null = null;
  const write = () => {
    timer = null;
    writeFileSync(`${file}.new`, JSON.stringify(state()), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  return {
    changed: () => {
      timer ??= setTimeout(write, SOON_MS);
    },
    close: () => {
      if (timer === null) return;
      clearTimeout(timer);
      write();
    },
  };
}
