import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LogPosition, openExchangeLog } from "./exchange-log.ts";

type Entry = { readonly id: number; readonly text: string };

describe("an exchange log", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-exchange-log-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = () => {
    const entries: Entry[] = [];
    const positions: LogPosition[] = [];
    const log = openExchangeLog<Entry>(join(folder, "deep", "exchange.jsonl"), (entry, position) => {
      entries.push(entry);
      positions.push(position);
    });
    return { log, entries, positions };
  };

  it("gives back what was appended, in order, after it was opened again", () => {
    const first = open();
    const written = Array.from({ length: 500 }, (_, id) => ({ id, text: "ä\n".repeat(id) }));
    for (const entry of written) first.log.append(entry);
    first.log.close();
    const second = open();
    expect(second.entries).toEqual(written);
    expect(second.positions.map((position) => second.log.read(position))).toEqual(written);
    second.log.close();
  });

  it("reads an entry larger than what it reads at once", () => {
    const large = { id: 1, text: "x".repeat(3_000_000) };
    const first = open();
    const position = first.log.append(large);
    expect(first.log.read(position)).toEqual(large);
    first.log.close();
    const second = open();
    expect(second.entries).toEqual([large]);
    second.log.close();
  });

  it("drops a line that was cut in the middle, and goes on behind the last whole one", () => {
    const first = open();
    first.log.append({ id: 1, text: "whole" });
    first.log.close();
    appendFileSync(join(folder, "deep", "exchange.jsonl"), '{"id":2,"te');
    const second = open();
    expect(second.entries).toEqual([{ id: 1, text: "whole" }]);
    const position = second.log.append({ id: 3, text: "next" });
    expect(second.log.read(position)).toEqual({ id: 3, text: "next" });
    second.log.close();
    expect(readFileSync(join(folder, "deep", "exchange.jsonl"), "utf8").split("\n")).toHaveLength(3);
    const third = open();
    expect(third.entries.map(({ id }) => id)).toEqual([1, 3]);
    third.log.close();
  });
});
