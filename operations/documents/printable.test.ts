import { expect, test } from "vitest";
import { printable } from "./printable.ts";

test.each([
  ["Zoë Müller, 12 € – “Ünter”", "Zoë Müller, 12 € – “Ünter”"],
  ["Łukasz Żółć", "Lukasz Zólc"],
  ["Đặng Nguyễn", "Dang Nguyen"],
  ["Zoe\u0308", "Zoë"],
  ["ﬁne №1", "fine No1"],
  ["one\r\ntwo\tthree\u200d", "one\ntwo three"],
])("%j is printed as %j", (text, expected) => {
  expect(printable(text)).toEqual({ text: expected, isWhole: true });
});

test("letters without a Latin form are question marks, and that is told", () => {
  expect(printable("山田 Taro")).toEqual({ text: "?? Taro", isWhole: false });
  expect(printable("Иван")).toEqual({ text: "????", isWhole: false });
  expect(printable("🎁")).toEqual({ text: "?", isWhole: false });
});
