import { expect, test } from "vitest";
import { clippedText, storableText } from "./storable-text.ts";

test("what cannot be kept is replaced, and nothing else", () => {
  expect(storableText("a\0b")).toBe("a\uFFFDb");
  expect(storableText("\ud83d and \ude00")).toBe("\uFFFD and \uFFFD");
  const plain = "\u0001\n\u001b é 😀 \uFFFF";
  expect(storableText(plain)).toBe(plain);
});

test("a cut through a pair leaves no half of it", () => {
  expect(clippedText("x😀😀", 3)).toBe("x😀");
  expect(clippedText("x😀😀", 4)).toBe("x😀\uFFFD");
  expect(clippedText("x😀😀", 5)).toBe("x😀😀");
});
