import fc from "fast-check";
import { unpack } from "msgpackr";
import { expect, test } from "vitest";
import type { StockAnswer } from "../../contract/stock-commands.ts";
import { chooseCodec } from "./codec.ts";
import { packExecuted } from "./executed-reply.ts";

const units = fc.oneof(
  fc.integer({ min: -1_000, max: 1_000 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  // Beyond what the template has room for.
  fc.maxSafeInteger(),
);
const applied = fc.record({
  status: fc.constant("applied" as const),
  position: fc.record({
    onHand: units,
    reserved: units,
    allocated: units,
    picked: units,
    unavailable: units,
    safetyStock: units,
    incoming: units,
    fenced: units,
    availableToPromise: units,
  }),
});
const refused = fc.record({
  status: fc.constant("refused" as const),
  code: fc.constantFrom("insufficient_stock" as const, "unknown_sku" as const),
  detail: fc.string({ unit: "grapheme" }),
});
const outcomes: fc.Arbitrary<StockAnswer[]> = fc.array(fc.oneof(applied, refused), {
  minLength: 1,
  maxLength: 40,
});

test("what the general packer would write is what is read", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 64 }), outcomes, (re, answered) => {
      const message = { re, type: "stock.executed", outcomes: answered } as const;
      expect(unpack(packExecuted(message))).toEqual(message);
    }),
  );
});

test("a thousand outcomes go with other replies in a frame", () => {
  const codec = chooseCodec(["holdfast.v1.msgpack"]);
  const [outcome] = fc.sample(applied, { seed: 1, numRuns: 1 });
  if (codec === null || outcome === undefined) throw new Error("no codec");
  const messages = [
    { re: "1", type: "pong" },
    { re: "2", type: "stock.executed", outcomes: Array.from({ length: 1_000 }, () => outcome) },
  ] as const;
  const frames = codec.encode(messages);
  expect(frames).toHaveLength(1);
  expect(unpack(frames[0] as Buffer)).toEqual(messages);
});
