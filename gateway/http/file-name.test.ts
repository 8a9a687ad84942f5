import { expect, test } from "vitest";
import { contentDisposition } from "./file-name.ts";

test.each([
  ["orders.csv", "orders.csv"],
  ["label-web-1001.pdf", "label-web-1001.pdf"],
  // A header cannot be ended, nor another parameter begun.
  ['a"; filename="b.exe', "a__ filename__b.exe"],
  ["a\r\nSet-Cookie: x=1.csv", "a__Set-Cookie_ x_1.csv"],
  // Nor another folder be named, or a hidden file.
  ["../../etc/passwd", "__.._etc_passwd"],
  ["..\\boot.ini", "__boot.ini"],
  [".bashrc", "_bashrc"],
])("%j is kept under a harmless name", (name, plain) => {
  const given = contentDisposition({ name });
  expect(given).toMatch(/^attachment; filename="[\w.() -]+"(; filename\*=UTF-8''[\w.!~%-]+)?$/);
  expect(given).toContain(`filename="${plain}"`);
});

test("a name in another script is said exactly beside one of plain letters", () => {
  expect(contentDisposition({ name: "label-東京 (2).pdf", shown: true })).toBe(
    `inline; filename="label-__ (2).pdf"; filename*=UTF-8''label-%E6%9D%B1%E4%BA%AC%20%282%29.pdf`,
  );
});

test("half a character is none, and a name that is too long keeps its end", () => {
  expect(contentDisposition({ name: "a\ud800.pdf" })).toBe('attachment; filename="a_.pdf"');
  const long = contentDisposition({ name: `${"x".repeat(900)}.csv` });
  expect(long).toBe(`attachment; filename="${"x".repeat(196)}.csv"`);
});
