import fc from "fast-check";
import { expect, test } from "vitest";
import {
  amount,
  at,
  countAt,
  listAt,
  parseJson,
  textAt,
  UnreadableAmount,
  writeJson,
} from "./vendor-json.ts";

test("ids beyond 2^53 keep every digit, through reading and writing", () => {
  const text = '{"id":820982911946154508,"price":0.1,"list":[9007199254740993]}';
  const document = parseJson(text);
  expect(textAt(document, "id")).toBe("820982911946154508");
  expect(textAt({ first: listAt(document, "list")[0] }, "first")).toBe("9007199254740993");
  expect(writeJson(document)).toBe(text);
});

test.each([
  " 9007199254740993 ",
  "[9007199254740993]",
  "[ 1,\r\n\t9007199254740993 ]",
  '{"9400110200881234567890":"9400110200881234567890","n" : -9007199254740993}',
])("a long number is found wherever a value may stand: %s", (text) => {
  expect(writeJson(parseJson(text))).toBe(text.replaceAll(/\s/g, ""));
});

test("long decimals keep every digit", () => {
  expect(textAt(parseJson('{"amount":12.3456789012345678}'), "amount")).toBe("12.3456789012345678");
});

test("every whole number reads back as its own digits", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (number) => {
      expect(textAt(parseJson(`{"n":${number}}`), "n")).toBe(String(number));
    }),
  );
});

test("where a number is long, every number keeps its own text, and the document its shape", () => {
  const text =
    '{"id":820982911946154508,"price":0.10,"e":-1.5E+3,"zero":-0,"n":[12,"3",{"__proto__":9007199254740993}],"t":"n 1.0"}';
  const document = parseJson(text);
  expect(["price", "e", "zero", "t"].map((key) => textAt(document, key))).toEqual([
    "0.10",
    "-1.5E+3",
    "-0",
    "n 1.0",
  ]);
  expect(writeJson(document)).toBe(text);
  expect(Object.getPrototypeOf(listAt(document, "n")[2])).toBe(Object.prototype);
});

test("any JSON is read as JSON.parse reads it, beside a long number too", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (json) => {
      const document = parseJson(`{"long":9007199254740993,"rest":${json}}`);
      expect(textAt(document, "long")).toBe("9007199254740993");
      expect(JSON.parse(writeJson(at(document, "rest")))).toEqual(JSON.parse(json));
    }),
  );
});

test("what is no number is none, however long, and is told in the text's own words", () => {
  for (const wrong of [
    "01234567890123456",
    "1.2.3.4.5.6.7.8.9.0",
    "--1234567890123456",
    "1-234567890123456789",
    "1e",
  ])
    expect(() => parseJson(`{"long":9007199254740993,"n":${wrong}}`)).toThrow(SyntaxError);
  expect(() => parseJson('{"long":9007199254740993,"n":tru}')).toThrow(/^(?!.*number [0-9a-f]{8}-)/);
});

test("a text that never ends is refused in no time", () => {
  const began = performance.now();
  expect(() => parseJson(`{"long":9007199254740993,"n":"${'\\"'.repeat(2e5)}`)).toThrow(SyntaxError);
  expect(() => parseJson(`{"long":9007199254740993,${'"'.repeat(2e5)}`)).toThrow(SyntaxError);
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("what is not where it should be is empty", () => {
  const document = parseJson('{"a":{"b":[1]},"n":null,"t":true}');
  expect(at(document, "a", "b", "c")).toBeUndefined();
  expect(at(document, "constructor")).toBeUndefined();
  expect(textAt(document, "a")).toBe("");
  expect(textAt(document, "n")).toBe("");
  expect(textAt(document, "t")).toBe("true");
  expect(listAt(document, "a")).toEqual([]);
});

test("text that PostgreSQL cannot store is replaced", () => {
  expect(textAt(parseJson('{"t":" a\\u0000b\\ud800 "}'), "t")).toBe("a\uFFFDb\uFFFD");
});

test("counts are whole numbers however they are written", () => {
  const document = parseJson('{"a":3,"b":"4","c":"5.00","d":1.5,"e":"1e3","f":null}');
  expect(["a", "b", "c", "d", "e", "f"].map((key) => countAt(document, key))).toEqual([
    3,
    4,
    5,
    Number.NaN,
    Number.NaN,
    Number.NaN,
  ]);
});

test("an amount that is none is named", () => {
  expect(amount("25.99", "JPY", "price")).toEqual({ minor: 2599, currency: "JPY", exponent: 2 });
  expect(amount("", "KWD", "price")).toEqual({ minor: 0, currency: "KWD", exponent: 3 });
  expect(() => amount("1,50", "EUR", "price")).toThrow(UnreadableAmount);
  expect(() => amount("sixty", "ABC", "price")).toThrow('price "sixty" ABC');
});

test("an amount in a currency that nobody knows keeps its digits", () => {
  expect(amount("1.50", "IRT", "price")).toEqual({ minor: 15, currency: "IRT", exponent: 1 });
});

test("text that is no JSON is a SyntaxError, however deep it nests", () => {
  expect(() => parseJson("{")).toThrow(SyntaxError);
  expect(() => parseJson(`${"[".repeat(100_000)}1234567890123456789`)).toThrow(SyntaxError);
});
