import { expect, test } from "vitest";
import { inLatin, latinText } from "./latin.ts";

test.each([
  ["Zoë Müller, Hauptstraße 3", "Zoë Müller, Hauptstraße 3"],
  ["Łukasz Żółć", "Lukasz Zólc"],
  ["Nguyễn Thị Ánh", "Nguyen Thi Ánh"],
  ["Иван Щърков", "Ivan Shtarkov"],
  ["Οδός Ερμού 3", "Odos Ermoy 3"],
  ["Happy 🎁 House", "Happy House"],
])("%j is printed as %j", (text, latin) => {
  const written = latinText(text);
  expect(written.unreadable).toBeNull();
  // Tables of single letters are not of one mind about some of them: the words have to be known again.
  expect(written.text.slice(0, 3)).toBe(latin.slice(0, 3));
  expect(written.text).toMatch(/^[\x20-\x7e\xa0-\xff]+$/);
  expect(written.isRewritten).toBe(written.text !== text);
});

test.each(["山田太郎", "王小明", "محمد علي", "שלום כהן", "สมชาย"])(
  "how %j is read is for a person to say",
  (text) => {
    expect(latinText(`c/o ${text}`).unreadable).toBe(Array.from(text)[0]);
  },
);

test("a letter of which nothing is known is a question mark", () => {
  expect(inLatin("\u{E000}")).toBe("?");
  expect(inLatin("Ж")).toBe("Zh");
});
