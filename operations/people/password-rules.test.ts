import { expect, test } from "vitest";
import { problemOfPassword } from "./password-rules.ts";

const ada = { email: "ada.lovelace@acme.example", name: "Ada Lovelace" };

test.each([
  ["eleven-char", "12 characters or more; this one has 11"],
  ["aaaaaaaaaaaaaaaa", "repeats a few characters"],
  ["121212121212", "repeats a few characters"],
  ["1q2w3e4r5t6y", "everybody tries first"],
  ["UNBELIEVABLE", "everybody tries first"],
  ["ada.lovelace1815", "little more than the name"],
  ["AdaLovelaceAcme", "little more than the name"],
  ["holdfast2026!", "little more than the name"],
])("%s is refused: %s", async (password, reason) => {
  expect(await problemOfPassword(password, ada)).toMatchObject({
    code: "password_refused",
    detail: expect.stringContaining(reason),
  });
});

test.each([
  "twelve small frogs",
  "correct horse battery staple",
  "ひらがなだけのながいぱすわーど",
  "lovelace wrote this long ago",
])("%s is taken", async (password) => {
  expect(await problemOfPassword(password, ada)).toBeNull();
});

test("characters are counted as people see them, however they were typed", async () => {
  // Each accented letter in two parts: eleven letters, not seventeen.
  expect(
    await problemOfPassword("e\u0301a\u0300u\u0302o\u0308i\u0308 abcdef".slice(0, 16), ada),
  ).toMatchObject({
    detail: expect.stringContaining("this one has 11"),
  });
});
