import { expect, test } from "vitest";
import { encodeEpc } from "../epc/epc.ts";
import { readScannedCode } from "./scanned-code.ts";

test("a USPS barcode is read without the ZIP code before it, spaces or not", () => {
  const tracking = "9400111899223197428497";
  expect(readScannedCode(`42089501${tracking}`).tracking).toContain(tracking);
  expect(readScannedCode(`420895011234${tracking}`).tracking).toContain(tracking);
  expect(readScannedCode(`]C142089501\u001d${tracking}`).tracking).toContain(tracking);
  expect(readScannedCode("9400 1118 9922 3197 4284 97").tracking).toEqual([tracking]);
  expect(readScannedCode(" 1z999aa10123456784\r\n").tracking).toEqual(["1Z999AA10123456784"]);
});

test("the end of a FedEx barcode is its tracking number", () => {
  expect(readScannedCode("9622001900000000000000776632517730").tracking).toContain("776632517730");
});

test.each([
  "09521234002819",
  "9521234002819",
  "00009521234002819".slice(3),
  "(01)09521234002819",
  "]C10109521234002819",
])("%s is the GTIN", (code) => {
  expect(readScannedCode(code).gtin).toBe("09521234002819");
});

test.each([
  ["(01)09521234002819(21)A-17", "A-17"],
  ["]d2010952123400281921A-17", "A-17"],
  ["https://id.example.com/01/09521234002819/21/A-17?x=1", "A-17"],
  ["urn:epc:id:sgtin:9521234.000281.A-17", "A-17"],
  [
    encodeEpc({
      encoding: "sgtin-96",
      filter: 1,
      companyPrefix: "9521234",
      gtin: "09521234002819",
      serial: "17",
    }),
    "17",
  ],
])("%s is one unit", (code, serial) => {
  expect(readScannedCode(code)).toMatchObject({ gtin: "09521234002819", serial });
});

test("anything else is a text, and may be a serial number", () => {
  expect(readScannedCode("shop-17-R1")).toMatchObject({
    text: "shop-17-R1",
    gtin: null,
    serial: "shop-17-R1",
  });
  expect(readScannedCode("\u001d\u001d")).toMatchObject({ text: "", tracking: [], gtin: null, serial: null });
  expect(readScannedCode("%E0%A4%A")).toMatchObject({ gtin: null });
  expect(readScannedCode("https://id.example.com/01/09521234002819/21/%E0%A4%A")).toMatchObject({
    gtin: "09521234002819",
    serial: null,
  });
});
