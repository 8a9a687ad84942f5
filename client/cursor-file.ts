/** A file that keeps a feed's place: written beside and renamed, so that a crash leaves the old one or the new. */
import { readFile, rename, writeFile } from "node:fs/promises";
import type { CursorStore } from "./feed.ts";

/** @param path of one feed of one reader */
export function cursorFile(path: string): CursorStore {
  return {
    load: async () => {
      try {
        const text = (await readFile(path, "utf8")).trim();
        return text === "" ? null : text;
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
        throw error;
      }
    },
    save: async (cursor) => {
      const beside = `${path}.new`;
      await writeFile(beside, `${cursor}\n`, { flush: true });
      await rename(beside, path);
    },
  };
}
