/** Streams that measure what passes through them. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { BackedUpFile } from "./manifest.ts";

/** Compresses rows to a fifth at the pace of the disk. */
const COMPRESSION = { level: 3 };
const LINE_END = 0x0a;

export type Measured = { readonly bytes: number; readonly lines: number; readonly sha256: string };

class Meter extends Transform {
  private bytes = 0;
  private lines = 0;
  private readonly digest = createHash("sha256");

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.bytes += chunk.length;
    for (let at = chunk.indexOf(LINE_END); at !== -1; at = chunk.indexOf(LINE_END, at + 1)) this.lines += 1;
    this.digest.update(chunk);
    done(null, chunk);
  }

  /** Once, at the end. */
  get measured(): Measured {
    return { bytes: this.bytes, lines: this.lines, sha256: this.digest.digest("hex") };
  }
}

/**
 * Writes a stream to a new file, compressed, readable by its owner only, and on the disk when this returns.
 *
 * @param path the file's, as the manifest is to name it
 */
export async function writeCompressed(
  content: Readable,
  target: string,
  path: string,
): Promise<{ readonly content: Measured; readonly file: BackedUpFile }> {
  const inside = new Meter();
  const outside = new Meter();
  const file = createWriteStream(target, { flags: "wx", mode: 0o600, flush: true });
  await pipeline(content, inside, createGzip(COMPRESSION), outside, file);
  const { bytes, sha256 } = outside.measured;
  return { content: inside.measured, file: { path, bytes, sha256 } };
}

/** Reads such a file to its end, and says what it is and what is in it. */
export async function measureCompressed(
  path: string,
): Promise<{ readonly content: Measured; readonly file: Measured }> {
  const outside = new Meter();
  const inside = new Meter();
  await pipeline(createReadStream(path), outside, createGunzip(), inside, async (chunks) => {
    for await (const _chunk of chunks) {
      // Only measured.
    }
  });
  return { content: inside.measured, file: outside.measured };
}

/** What is in such a file. */
export function readCompressed(path: string): Readable {
  const file = createReadStream(path);
  const content = createGunzip();
  file.once("error", (error) => content.destroy(error));
  return file.pipe(content);
}
