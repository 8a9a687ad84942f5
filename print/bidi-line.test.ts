import { expect, test } from "vitest";
import { type Setting, setLines } from "./bidi-line.ts";

/** Every letter is 1 wide; Latin, Hebrew and digits have a font each, as scripts do. */
const setting: Setting<string> = {
  fontOf: (cluster, before) =>
    /[א-ת]/.test(cluster) ? "hebrew" : /[a-z]/i.test(cluster) ? "latin" : (before ?? "latin"),
  widthOf: ({ text }) => [...text].length,
};
const lines = (text: string, width = 1_000) =>
  setLines(text, width, setting).map(({ pieces }) => pieces.map((piece) => piece.text).join("|"));

test("text from left to right stays as it is, in pieces without spaces", () => {
  expect(lines("one two")).toEqual(["one| |two"]);
  expect(setLines("one", 10, setting)).toEqual([
    { pieces: [{ text: "one", font: "latin" }], isRightToLeft: false },
  ]);
});

test("words from right to left stand in that order, numbers and Latin words among them as they are read", () => {
  expect(setLines("שלום", 10, setting)[0]?.isRightToLeft).toBe(true);
  expect(lines("רחוב הרצל 12")).toEqual(["12| |הרצל| |רחוב"]);
  expect(lines("רחוב main street ירושלים")).toEqual(["ירושלים| |main| |street| |רחוב"]);
  expect(lines("to רחוב הרצל 12 now")).toEqual(["to| |12| |הרצל| |רחוב| |now"]);
});

test("brackets are mirrored with the text around them", () => {
  expect(lines("שלום (עולם)")).toEqual([")עולם(| |שלום"]);
  expect(lines("(a)")).toEqual(["(a)"]);
});

test("lines end between words, without the space there, and within a word that is too long", () => {
  expect(lines("one two three", 7)).toEqual(["one| |two", "three"]);
  expect(lines("abcdefgh ij", 3)).toEqual(["abc", "def", "gh", "ij"].map(String));
  expect(lines("ab (cd) ef", 7)).toEqual(["ab| |(cd)", "ef"]);
  expect(lines("", 7)).toEqual([""]);
});

test("of a text in two directions each line is put in order by itself", () => {
  expect(lines("אאא בבב גגג", 7)).toEqual(["בבב| |אאא", "גגג"]);
});
