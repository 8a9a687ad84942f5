/**
 * Writing and moving files so that a crash leaves each of them whole or not there at all.
 *
 * What is written is first written aside, brought to the disk (`fsync`) and then given its name in one step,
 * and the folder of the name is brought to the disk too. All folders of a partner have to be on one file
 * system, or a move is no longer one step; `move` then throws what the system says (EXDEV).
 */
import { randomBytes } from "node:crypto";
import { link, lstat, mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

export type FileFacts = {
  readonly bytes: number;
  /** Of the last write, milliseconds of the Unix epoch. */
  readonly changedMs: number;
};

/** What is done to a partner's files, so that a test can end it between any two steps. */
export interface Disk {
  /** Names of the plain files of a folder, sorted; of a folder that is not there, none. */
  list(folder: string): Promise<readonly string[]>;
  /** Of a plain file, never of what a link points to; null: there is none. */
  facts(path: string): Promise<FileFacts | null>;
  /** Null: there is none. */
  read(path: string): Promise<Buffer | null>;
  /** Makes it, or puts it in the place of what is there. */
  write(path: string, content: string | Buffer): Promise<void>;
  /** Makes it where nothing has the name. @returns false where something has */
  create(path: string, content: string | Buffer): Promise<boolean>;
  /** @returns false where there is nothing to move */
  move(from: string, to: string): Promise<boolean>;
  remove(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
}

export const realDisk: Disk = {
  list: async (folder) => {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  facts: async (path) => {
    try {
      const found = await lstat(path);
      return found.isFile() ? { bytes: found.size, changedMs: found.mtimeMs } : null;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  },
  read: async (path) => {
    try {
      return await readFile(path);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  },
  write: async (path, content) => {
    const aside = await writeAside(path, content);
    await rename(aside, path);
    await settle(dirname(path));
  },
  create: async (path, content) => {
    const aside = await writeAside(path, content);
    try {
      await link(aside, path);
      await settle(dirname(path));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    } finally {
      await unlink(aside).catch(() => {});
    }
  },
  move: async (from, to) => {
    try {
      await rename(from, to);
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
    await settle(dirname(to));
    await settle(dirname(from));
    return true;
  },
  remove: async (path) => {
    await unlink(path).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  },
  makeFolder: async (path) => {
    await mkdir(path, { recursive: true });
  },
};

/** Beside its place, under a name that no reader takes for a document. */
async function writeAside(path: string, content: string | Buffer): Promise<string> {
  const aside = join(dirname(path), `.${randomBytes(8).toString("hex")}.tmp`);
  const file = await open(aside, "wx", 0o640);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  return aside;
}

/** The names in a folder are on the disk as well. */
async function settle(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
