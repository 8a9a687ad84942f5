/**
 * A simulator's exchange log: an append-only file of JSON lines, one for each thing that was answered or
 * reported. It holds what the simulator must still know after it was killed.
 *
 * An entry is with the operating system before `append` returns, so that a kill -9 of the process loses
 * nothing that was answered. (A power cut may; a sandbox does not promise more.) A last line that is cut in
 * the middle was never answered, and is dropped at opening.
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Where an entry lies in the file, to read it again instead of keeping it in memory. */
export type LogPosition = { readonly offset: number; readonly length: number };

type ExchangeLog<Entry> = {
  append(entry: Entry): LogPosition;
  read(position: LogPosition): Entry;
  close(): void;
};

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Opens the file, or creates it, and hands each entry in it to `replay`, oldest first. */
export function openExchangeLog<Entry>(
  path: string,
  replay: (entry: Entry, position: LogPosition) => void,
): ExchangeLog<Entry> {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "a+");
  let end = replayLines(file, replay);
  ftruncateSync(file, end);

  return {
    append(entry) {
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      let written = 0;
      while (written < line.length) written += writeSync(file, line, written);
      const position = { offset: end, length: line.length - 1 };
      end += line.length;
      return position;
    },
    read(position) {
      const bytes = Buffer.alloc(position.length);
      let read = 0;
      while (read < bytes.length) {
        const count = readSync(file, bytes, read, bytes.length - read, position.offset + read);
        if (count === 0) throw new Error(`the exchange log ${path} is shorter than its entries`);
        read += count;
      }
      return JSON.parse(bytes.toString("utf8")) as Entry;
    },
    close: () => closeSync(file),
  };
}

/** @returns where the last whole line ends. */
function replayLines<Entry>(file: number, replay: (entry: Entry, position: LogPosition) => void): number {
  const size = fstatSync(file).size;
  const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size));
  let rest: Buffer = Buffer.alloc(0);
  let lineStart = 0;
  for (let read = 0; read < size; ) {
    const count = readSync(file, chunk, 0, chunk.length, read);
    if (count === 0) break;
    read += count;
    rest = Buffer.concat([rest, chunk.subarray(0, count)]);
    for (let newline = rest.indexOf(NEWLINE); newline >= 0; newline = rest.indexOf(NEWLINE)) {
      const position = { offset: lineStart, length: newline };
      replay(JSON.parse(rest.subarray(0, newline).toString("utf8")) as Entry, position);
      lineStart += newline + 1;
      rest = rest.subarray(newline + 1);
    }
  }
  return lineStart;
}
