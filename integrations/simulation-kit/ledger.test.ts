import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LedgerPosition, openLedger } from "./ledger.ts";

type Entry = { readonly id: number; readonly text: string };

describe("a ledger", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-ledger-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = () => {
    const entries: Entry[] = [];
    const positions: LedgerPosition[] = [];
    const ledger = openLedger<Entry>(join(folder, "deep", "ledger.jsonl"), (entry, position) => {
      entries.push(entry);
      positions.push(position);
    });
    return { ledger, entries, positions };
  };

  it("gives back what was appended, in order, after it was opened again", () => {
    const first = open();
    const written = Array.from({ length: 500 }, (_, id) => ({ id, text: "ä\n".repeat(id) }));
    for (const entry of written) first.ledger.append(entry);
    first.ledger.close();
    const second = open();
    expect(second.entries).toEqual(written);
    expect(second.positions.map((position) => second.ledger.read(position))).toEqual(written);
    second.ledger.close();
  });

  it("reads an entry larger than what it reads at once", () => {
    const large = { id: 1, text: "x".repeat(3_000_000) };
    const first = open();
    const position = first.ledger.append(large);
    expect(first.ledger.read(position)).toEqual(large);
    first.ledger.close();
    const second = open();
    expect(second.entries).toEqual([large]);
    second.ledger.close();
  });

  it("drops a line that was cut in the middle, and goes on behind the last whole one", () => {
    const first = open();
    first.ledger.append({ id: 1, text: "whole" });
    first.ledger.close();
    appendFileSync(join(folder, "deep", "ledger.jsonl"), '{"id":2,"te');
    const second = open();
    expect(second.entries).toEqual([{ id: 1, text: "whole" }]);
    const position = second.ledger.append({ id: 3, text: "next" });
    expect(second.ledger.read(position)).toEqual({ id: 3, text: "next" });
    second.ledger.close();
    expect(readFileSync(join(folder, "deep", "ledger.jsonl"), "utf8").split("\n")).toHaveLength(3);
    const third = open();
    expect(third.entries.map(({ id }) => id)).toEqual([1, 3]);
    third.ledger.close();
  });
});
