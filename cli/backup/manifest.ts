/**
 * What a backup consists of: a folder with one file a table, and `manifest.json`, which says what belongs to it
 * and bears its own checksum. The manifest is written last: a folder without one is no backup.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoadedTable } from "../../store/backup/load.ts";
import type { SequenceValue } from "../../store/backup/read-out.ts";
import { reasonOf, UserProblem } from "../problem.ts";

/** Goes up where an older Holdfast could not read a backup any more. */
export const BACKUP_FORMAT = 1;

export const MANIFEST_FILE = "manifest.json";

export type BackedUpFile = {
  /** Below the backup's folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the file as it lies there, in hexadecimal. */
  readonly sha256: string;
};

export type BackedUpTable = LoadedTable & { readonly file: BackedUpFile };

/** A file of the sandbox's outside world; `path` is compressed, `name` is where it goes in the data folder. */
export type BackedUpExtra = BackedUpFile & { readonly name: string };

export type Manifest = {
  readonly format: number;
  /** Of Holdfast, e.g. `0.1.0`. */
  readonly holdfast: string;
  /** The moment that the database has. ISO 8601. Everything that was acknowledged before is in it. */
  readonly at: string;
  readonly source: "database" | "data-folder";
  readonly schemaVersion: number;
  readonly postgresql: string;
  readonly nextTransaction: string;
  readonly companies: readonly string[];
  readonly tables: readonly BackedUpTable[];
  readonly sequences: readonly SequenceValue[];
  readonly extras: readonly BackedUpExtra[];
};

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify({ sha256: digestOf(manifest), manifest }, null, 1)}\n`;
}

/** @throws UserProblem where it is no manifest, was altered, or is of a later Holdfast */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST_FILE), "utf8").catch((error: unknown) => {
    throw new UserProblem(
      "backup_not_found",
      `${folder} is no backup: its ${MANIFEST_FILE} cannot be read (${reasonOf(error)}).`,
      "Name a folder that `holdfast backup` has made.",
      { cause: error },
    );
  });
  const read = parse(text);
  if (read === null || read.sha256 !== digestOf(read.manifest))
    throw damaged(folder, [`${MANIFEST_FILE} is not as it was written`]);
  if (read.manifest.format !== BACKUP_FORMAT)
    throw new UserProblem(
      "backup_too_new",
      `${folder} has format ${read.manifest.format}; this version reads ${BACKUP_FORMAT}.`,
      "Restore it with the version of Holdfast that made it, or a later one.",
    );
  return read.manifest;
}

export function damaged(folder: string, problems: readonly string[]): UserProblem {
  return new UserProblem(
    "backup_damaged",
    `The backup ${folder} is damaged:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
    "Take another backup, and look at the disk that it lies on.",
  );
}

function digestOf(manifest: Manifest): string {
  return createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
}

function parse(text: string): { readonly sha256: string; readonly manifest: Manifest } | null {
  try {
    const read: { sha256?: unknown; manifest?: unknown } = JSON.parse(text);
    const isOne =
      typeof read.sha256 === "string" && typeof read.manifest === "object" && read.manifest !== null;
    return isOne ? (read as { sha256: string; manifest: Manifest }) : null;
  } catch {
    return null;
  }
}
