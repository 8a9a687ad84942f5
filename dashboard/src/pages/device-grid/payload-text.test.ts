import { expect, test } from "vitest";
import { asHex, asText, bytesOf } from "./payload-text.ts";

test("bytes are shown as text, and what cannot be read is marked", () => {
  const base64 = Buffer.from([0x7b, 0x00, 0x0a, 0xff, 0x7d]).toString("base64");
  expect(asText(bytesOf(base64))).toBe("{\uFFFD\n\uFFFD}");
  expect(asText(bytesOf(""))).toBe("");
});

test("bytes are shown as rows of 16 in hexadecimal", () => {
  expect(asHex(Uint8Array.from({ length: 17 }, (_, at) => at))).toBe(
    "0000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f\n0010  10",
  );
});
