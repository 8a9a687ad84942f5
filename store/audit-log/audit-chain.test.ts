import { expect, test } from "vitest";
import { CHAIN_START, checkChain, checkEnd, hashOf, type Link, type StoredEntry } from "./audit-chain.ts";

function chainOf(length: number): StoredEntry[] {
  const entries: StoredEntry[] = [];
  let last: Link = CHAIN_START;
  for (let position = 1; position <= length; position += 1) {
    const entry = {
      position,
      at: `2026-11-29T10:00:00.00000${position}Z`,
      companyId: "acme",
      by: "staff:mia",
      address: "192.0.2.1",
      requestId: "r",
      act: "setting.changed",
      subject: "channel:web",
      before: '{"active":true}',
      after: '{"active":false}',
      previousHash: last.hash,
    };
    last = { position, hash: hashOf(entry) };
    entries.push({ ...entry, hash: last.hash });
  }
  return entries;
}

const faultsOf = (entries: readonly StoredEntry[]) =>
  checkChain(CHAIN_START, entries).faults.map(({ kind, position }) => `${kind} ${position}`);

test("a chain as it was written has no fault, as a whole and in parts", () => {
  const chain = chainOf(6);
  expect(faultsOf(chain)).toEqual([]);
  const first = checkChain(CHAIN_START, chain.slice(0, 4));
  const rest = checkChain(first.last, chain.slice(4));
  expect([first.faults, rest.faults, rest.last.position]).toEqual([[], [], 6]);
  expect(checkEnd(rest.last, { position: 6, hash: chain[5]?.hash ?? "" })).toBeNull();
});

test.each<[keyof StoredEntry, unknown]>([
  ["at", "2026-11-29T10:00:00.000000Z"],
  ["companyId", null],
  ["by", "staff:eve"],
  ["address", "192.0.2.9"],
  ["requestId", null],
  ["act", "session.opened"],
  ["subject", "channel:pos"],
  ["before", '{"active": true}'],
  ["after", null],
])("an entry whose %s was altered is found", (field, value) => {
  const chain = chainOf(4);
  const [first, second, ...rest] = chain;
  if (first === undefined || second === undefined) throw new Error("four entries");
  expect(faultsOf([first, { ...second, [field]: value }, ...rest])).toEqual(["altered 2"]);
});

test("an entry that was altered together with its hash is found by the one behind it", () => {
  const chain = chainOf(4);
  const [first, second, ...rest] = chain;
  if (first === undefined || second === undefined) throw new Error("four entries");
  const forged = { ...second, by: "staff:eve" };
  expect(faultsOf([first, { ...forged, hash: hashOf(forged) }, ...rest])).toEqual(["inserted 3"]);
});

test("entries that were removed are named, in the middle and at the end", () => {
  const chain = chainOf(6);
  const gap = checkChain(CHAIN_START, [...chain.slice(0, 1), ...chain.slice(3)]);
  expect(gap.faults).toEqual([{ position: 2, kind: "removed", detail: "Entries 2 to 3 are missing." }]);
  const short = checkChain(CHAIN_START, chain.slice(0, 4));
  expect(checkEnd(short.last, { position: 6, hash: "" })).toMatchObject({ kind: "removed", position: 5 });
});

test("an entry put in at the end, or in another's place there, is found", () => {
  const chain = chainOf(3);
  const all = checkChain(CHAIN_START, chain);
  expect(checkEnd(all.last, { position: 2, hash: chain[1]?.hash ?? "" })).toMatchObject({ kind: "inserted" });
  expect(checkEnd(all.last, { position: 3, hash: "another" })).toMatchObject({
    kind: "altered",
    position: 3,
  });
});
