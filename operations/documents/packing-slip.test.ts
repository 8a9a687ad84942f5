import { expect, test } from "vitest";
import { readPdfText } from "../../test-support/pdf-text.ts";
import { drawPackingSlips, type PackingSlip } from "./packing-slip.ts";

const slip: PackingSlip = {
  shopName: "Northwind Outfitters",
  orderId: "web-1",
  externalNumber: "#1",
  fulfillmentOrderId: "web-1-F1",
  handlingUnit: null,
  placedOn: "2026-11-29",
  country: null,
  from: ["Reno fulfillment center", "1 Depot Way", "Reno NV 89502", "US"],
  to: ["Ada Lovelace"],
  lines: [{ sku: "TEE-1", title: "T-shirt", insteadOf: null, quantity: 1 }],
};

const NOT_WHOLE = "Some letters are written in Latin ones";

/**
 * Letters of a text, without order: what runs from right to left, or is shaped, is drawn in another order.
 */
const letters = (text: string) =>
  [
    ...new Set(Array.from(text.normalize("NFC")).filter((letter) => /[\p{L}\p{N}\p{S}]/u.test(letter))),
  ].sort();

test.each([
  ["Western Europe", "GB", "Zoë Müller, 12 € – “Ünter” ﬁne №1"],
  ["Poland", "PL", "Łukasz Żółć, Łódź"],
  ["Vietnam", "VN", "Nguyễn Thị Ánh Đặng"],
  ["Greece", "GR", "Αλέξανδρος Παπαδόπουλος, Οδός Ερμού 3"],
  ["Bulgaria", "BG", "Иван Щърков, ул. Витоша 1"],
  ["Israel", "IL", "שלום כהן, רחוב הרצל 12 (קומה 3)"],
  ["Thailand", "TH", "สมชาย ใจดี ถนนสุขุมวิท กรุงเทพ"],
  ["India", "IN", "अमित शर्मा, महात्मा गांधी मार्ग"],
  ["Bangladesh", "BD", "রহিম উদ্দিন, ঢাকা"],
  ["Georgia", "GE", "ნინო ბერიძე, თბილისი"],
  ["Armenia", "AM", "Արամ Պետրոսյան, Երևան"],
  ["Japan", "JP", "山田太郎 東京都千代田区 ヤマダ たろう"],
  ["Korea", "KR", "김민준 서울특별시 강남구"],
  ["China", "CN", "王小明 北京市朝阳区"],
  ["Taiwan", "TW", "陳大文 臺北市信義區"],
])("a name and address of %s are printed in their own letters", async (_name, country, text) => {
  const drawn = readPdfText(await drawPackingSlips([{ ...slip, country, to: [text] }]));
  expect(drawn.missing).toBe(0);
  expect(drawn.text).not.toContain(NOT_WHOLE);
  expect(letters(drawn.text)).toEqual(expect.arrayContaining(letters(text)));
});

test("Arabic letters are joined, words stand from right to left and numbers from left to right", async () => {
  const text = "شارع الملك 12";
  const drawn = readPdfText(await drawPackingSlips([{ ...slip, country: "SA", to: [text] }]));
  expect(drawn.missing).toBe(0);
  // Letters with marks are drawn as several pieces.
  const letters = drawn.text.replaceAll(/\s/g, "");
  const at = ["12", "كلملا", "عرا"].map((word) => letters.indexOf(word, letters.indexOf("SHIPSTO")));
  expect(Math.min(...at)).toBeGreaterThanOrEqual(0);
  expect(at).toEqual([...at].sort((a, b) => a - b));
});

test("emoji are printed, and in a title that mixes scripts each letter has a font", async () => {
  const title = "Gift 🎁 for 山田 & Иван (שלום)";
  const drawn = readPdfText(
    await drawPackingSlips([{ ...slip, lines: [{ sku: "TEE-1", title, insteadOf: null, quantity: 1 }] }]),
  );
  expect(drawn.missing).toBe(0);
  expect(drawn.text).not.toContain(NOT_WHOLE);
  expect(letters(drawn.text)).toEqual(expect.arrayContaining(letters(title)));
});

test("letters that no font has are written in Latin ones, or a question mark, and the page says so", async () => {
  const drawn = readPdfText(await drawPackingSlips([{ ...slip, to: ["ᚠᚢᚦᚬᚱ", "\u{E000}"] }]));
  expect(drawn.missing).toBe(0);
  expect(drawn.text).toContain(NOT_WHOLE.split(" ").join("   ").split("   ")[0] ?? "");
  expect(drawn.text).toContain("?");
});

test("an address of many lines and a long title keep clear of what follows", async () => {
  const drawn = readPdfText(
    await drawPackingSlips([
      {
        ...slip,
        to: Array.from({ length: 14 }, (_, at) => `Line ${at} of a long address in a narrow column`),
        lines: Array.from({ length: 40 }, (_, at) => ({
          sku: `SKU-${at}`,
          title: "A title ".repeat(30),
          insteadOf: null,
          quantity: 1,
        })),
      },
    ]),
  );
  expect(drawn.missing).toBe(0);
  expect(drawn.pages).toBeGreaterThan(1);
});

test("several follow each other, each on a page of its own, and each says its own letters", async () => {
  const drawn = readPdfText(
    await drawPackingSlips([
      { ...slip, fulfillmentOrderId: "web-1-F1", to: ["Bo Beck"] },
      { ...slip, fulfillmentOrderId: "web-2-F1", country: "JP", to: ["山田太郎"] },
    ]),
  );
  expect([drawn.pages, drawn.missing]).toEqual([2, 0]);
  expect(drawn.text).toMatch(/Bo Beck[\s\S]*山田太郎/);
});
