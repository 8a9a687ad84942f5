/** Reads a backup to its last byte, and says everything that is not as it was written. */
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { reasonOf } from "../problem.ts";
import { type BackedUpFile, damaged, MANIFEST_FILE, type Manifest, readManifest } from "./manifest.ts";
import { type Measured, measureCompressed } from "./meter.ts";

/** @throws UserProblem `backup_damaged`, `backup_not_found`, `backup_too_new` */
export async function verifyBackup(
  folder: string,
  onProgress: (text: string) => void = () => {},
): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const problems = await strangers(folder, manifest);
  for (const table of manifest.tables) {
    onProgress(`${table.name}, ${table.rows} rows`);
    const content = await check(folder, table.file, problems);
    if (content !== null && (content.lines !== table.rows || content.sha256 !== table.sha256))
      problems.push(`${table.file.path} has not the rows that were written`);
  }
  for (const extra of manifest.extras) await check(folder, extra, problems);
  if (problems.length > 0) throw damaged(folder, problems);
  return manifest;
}

async function check(folder: string, file: BackedUpFile, problems: string[]): Promise<Measured | null> {
  try {
    const measured = await measureCompressed(join(folder, file.path));
    if (measured.file.bytes === file.bytes && measured.file.sha256 === file.sha256) return measured.content;
    problems.push(`${file.path} is not as it was written`);
  } catch (error) {
    problems.push(`${file.path} cannot be read: ${reasonOf(error)}`);
  }
  return null;
}

async function strangers(folder: string, manifest: Manifest): Promise<string[]> {
  const known = new Set([
    MANIFEST_FILE,
    ...manifest.tables.map(({ file }) => file.path),
    ...manifest.extras.map(({ path }) => path),
  ]);
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !known.has(path))
    .map((path) => `${path} does not belong to it`);
}
