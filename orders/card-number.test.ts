import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonWithoutCardNumbers, maskCardNumbers, withoutCardNumbers } from "./card-number.ts";

/** Numbers that the card schemes publish for tests. */
const CARDS = [
  "4111111111111111",
  "4242 4242 4242 4242",
  "5555-5555-5555-4444",
  "2223003122003222",
  "3782 822463 10005",
  "371449635398431",
  "3056 930902 5904",
  "6011.1111.1111.1117",
  "3530 1113 3330 0000",
  "6200000000000005",
  "6304 0000 0000 0000",
];

test.each(CARDS)("%s is masked but for its last four digits, wherever it stands", (card) => {
  const masked = `**** ${card.replace(/\D/g, "").slice(-4)}`;
  expect(maskCardNumbers(card)).toBe(masked);
  expect(maskCardNumbers(`Card ${card}, exp. 12/29`)).toBe(`Card ${masked}, exp. 12/29`);
  expect(maskCardNumbers(`2026-11-28 ${card} 123 ${card}`)).toBe(`2026-11-28 ${masked} 123 ${masked}`);
  expect(maskCardNumbers(`card:${card}\n${card}`)).toBe(`card:${masked}\n${masked}`);
});

test.each([
  ["a number without its check digit", "4111111111111112"],
  ["a GTIN-13", "4006381333931"],
  ["a GTIN-14", "30012345678906"],
  ["a carrier's number", "1Z999AA10123456784"],
  ["a carrier's number of 22 digits", "9400111899223197428490"],
  ["an id of Shopify", "9007199254740993017"],
  ["a number of Amazon", "113-4456712-0093318"],
  ["two phone numbers", "+1 415 555 0100, +1 415 555 0101"],
  ["a moment", "2026-11-28T21:40:28.123456Z"],
  ["a plate", "003400000000000010"],
  ["a marketplace's address of a customer", "write to 4111111111111111@relay.example"],
  ["an address with its groups", "4242-4242-4242-4242@relay.example"],
])("%s stays as it is", (_, text) => {
  expect(maskCardNumbers(text)).toBe(text);
});

test("ids keep their digits even where they look like a card's, other texts of the order do not", () => {
  const card = "4111111111111111";
  const order = {
    externalId: card,
    externalIds: { "customer.id": card, order_number: card },
    note: `pay with ${card}`,
    lines: [
      { channelSku: card, title: card, quantity: 1, attributes: { variant_id: card, engraving: card } },
    ],
    tags: [card],
  };
  expect(withoutCardNumbers(order)).toEqual({
    ...order,
    note: "pay with **** 1111",
    lines: [
      {
        channelSku: card,
        title: "**** 1111",
        quantity: 1,
        attributes: { variant_id: card, engraving: "**** 1111" },
      },
    ],
    tags: ["**** 1111"],
  });
});

test("an order without a card is itself, not a copy", () => {
  const order = {
    externalId: CARDS[0],
    note: "call +1 415 555 0100, 94107-1234",
    lines: [{ title: "4111 1111", quantity: 1 }],
  };
  expect(withoutCardNumbers(order)).toBe(order);
});

test("a payload keeps its layout and its ids, and loses the card numbers in texts, names and numbers", () => {
  const payload = `{ "id":4111111111111111,"order_id" : "4111111111111111", "price":0.4111111111111111,
    "note":"a \\"card\\": 4242 4242 4242 4242", "card":4111111111111111, "4111111111111111":["5555555555554444"] }`;
  expect(jsonWithoutCardNumbers(payload)).toBe(
    `{ "id":4111111111111111,"order_id" : "4111111111111111", "price":0.4111111111111111,
    "note":"a \\"card\\": **** 4242", "card":"**** 1111", "**** 1111":["**** 4444"] }`,
  );
});

test("any JSON stays JSON, and stays itself where it has no card", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(...CARDS), (json, card) => {
      // A whole number so long may happen to be a card's, and is then one.
      fc.pre(!/(?<![\d.])\d{14,19}(?!\d)/.test(json));
      expect(jsonWithoutCardNumbers(json)).toBe(json);
      const noted = JSON.stringify({ note: `x ${card} y`, rest: JSON.parse(json) });
      expect(jsonWithoutCardNumbers(noted)).not.toContain(card);
      expect(JSON.parse(jsonWithoutCardNumbers(noted)).rest).toEqual(JSON.parse(json));
    }),
  );
});

test("a megabyte of digits is read in no time", () => {
  const began = performance.now();
  for (const text of ["1".repeat(1e6), "1 ".repeat(5e5), "4111 ".repeat(2e5)]) maskCardNumbers(text);
  jsonWithoutCardNumbers(JSON.stringify({ note: "\\".repeat(5e5) }));
  expect(performance.now() - began).toBeLessThan(5_000);
});
