import { expect, onTestFinished, test } from "vitest";
import { createTestDatabase } from "../../test-support/servers/postgres.ts";
import { numberArray, textArray } from "./array-literal.ts";

test("PostgreSQL reads the very elements out of a literal", async () => {
  const { database, close } = await createTestDatabase();
  onTestFinished(close);
  const rows = [
    { text: "", number: 0 },
    { text: "null", number: -1 },
    { text: null, number: 7 },
    { text: 'a "quoted", {braced} one', number: 2 ** 31 - 1 },
    { text: "back\\slash\\", number: 1.5 },
    { text: "  spaces, and ünïcode  ", number: 1_780_000_000_123 },
  ];
  for (const some of [[], rows.slice(0, 1), rows]) {
    const { rows: read } = await database.query(
      "select $1::double precision[] as numbers, $2::text[] as texts",
      [numberArray(some, ({ number }) => number), textArray(some, ({ text }) => text)],
    );
    expect(read).toEqual([
      { numbers: some.map(({ number }) => number), texts: some.map(({ text }) => text) },
    ]);
  }
});
