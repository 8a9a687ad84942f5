import { expect, it } from "vitest";
import { declineWords } from "./decline-words.ts";

it.each([
  ["insufficient_funds", "not enough money"],
  ["expired_card", "has expired"],
  ["incorrect_cvc", "security code"],
])("%s is told", (code, words) => {
  expect(declineWords(code)).toContain(words);
});

it.each(["lost_card", "stolen_card", "fraudulent", "generic_decline", "", "constructor", "__proto__"])(
  "%s is only a decline",
  (code) => {
    expect(declineWords(code)).toBe(
      "Your bank has declined the payment. Please use another card, or ask your bank.",
    );
  },
);
