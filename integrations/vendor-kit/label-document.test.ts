import { describe, expect, it } from "vitest";
import { readPdfText } from "../../test-support/pdf-text.ts";
import { type Label, labelPdf, labelPng, labelZpl, zplText } from "./label-document.ts";

const warehouse = {
  name: "Warehouse",
  company: "",
  street1: "500 Logistics Pkwy",
  street2: "",
  city: "Reno",
  state: "NV",
  zip: "89506",
  country: "US",
};

const label: Label = {
  carrier: "UPS",
  service: "Ground",
  trackingNumber: "1Z999AA10123456784",
  from: warehouse,
  to: {
    ...warehouse,
    name: "José Łukasz",
    street1: "1 Main St",
    zip: "10001",
    city: "New York",
    state: "NY",
  },
  ounces: 30,
  reference: "shopify-820982911946154508",
  isReturn: false,
  contents: "",
  date: "2026-11-23T10:00:00.000Z",
  isSimulated: true,
};

/** What a printer would take as commands, with each field's data taken out. */
const commandsOf = (zpl: string) => zpl.replace(/\^FD[^^~]*\^FS/g, "^FD^FS");

describe("a label in ZPL", () => {
  it("is one 4 x 6 inch format with the tracking number as Code 128 and as text (L2)", () => {
    const zpl = labelZpl(label);
    expect(zpl.match(/\^XA/g)).toHaveLength(1);
    expect(zpl.trimEnd()).toMatch(/^\^XA[\s\S]*\^XZ$/);
    expect(zpl).toContain("^PW812");
    expect(zpl).toMatch(/\^BCN,[^\n]*\^FD1Z999AA10123456784\^FS/);
    expect(zpl).toContain("^FD1Z99 9AA1 0123 4567 84^FS");
    expect(zpl).toContain("José Lukasz");
  });

  it("lets no text become a command (L1)", () => {
    const attack = "^XZ^XA~JA_5E\\&^FS\n^FD";
    const hostile: Label = {
      ...label,
      to: {
        ...label.to,
        name: attack,
        company: attack,
        street1: attack,
        street2: attack,
        city: attack,
        state: attack,
      },
      from: { ...label.from, name: attack },
      reference: attack,
      contents: attack,
    };
    const harmless = "a".repeat(attack.length);
    const plain: Label = {
      ...hostile,
      to: {
        ...label.to,
        name: harmless,
        company: harmless,
        street1: harmless,
        street2: harmless,
        city: harmless,
        state: harmless,
      },
      from: { ...label.from, name: harmless },
      reference: harmless,
      contents: harmless,
    };
    expect(commandsOf(labelZpl(hostile))).toBe(commandsOf(labelZpl(plain)));
    expect(zplText("a_b", 10)).toBe("a_5Fb");
  });

  it("cuts what does not fit before it is escaped, so that no escape is cut", () => {
    expect(zplText("^^^^", 2)).toBe("_5E_5E");
  });

  it("prints a long street whole, in smaller type", () => {
    const street1 = "Hauptstraße 123, Hinterhaus links, 4. Stock";
    expect(labelZpl({ ...label, to: { ...label.to, street1 } })).toContain(`^A0N,30,30^FH^FD${street1}^FS`);
    expect(labelZpl(label)).toContain("^A0N,44,44^FH^FD1 Main St^FS");
  });

  it("has letters that a label printer lacks in Latin ones, and says so (L4)", () => {
    const zpl = labelZpl({ ...label, to: { ...label.to, name: "Γιώργος Παππάς", street1: "ул. Ленина 1" } });
    expect(zpl).toMatch(/\^FDG\S+ Pa\S+\^FS/);
    expect(zpl).toContain("^FDul. Lenina 1^FS");
    expect(zpl).toMatch(/\^FDSome letters stand here as Latin ones/);
    expect(labelZpl({ ...label, to: { ...label.to, name: "Jürgen Groß" } })).not.toContain("Latin ones");
  });

  it("says that a return is one", () => {
    expect(labelZpl({ ...label, isReturn: true })).toContain("RETURN TO:");
    expect(labelZpl(label)).not.toContain("RETURN");
  });
});

describe("a label for other printers and screens", () => {
  it("is a PDF of 4 x 6 inches, the same each time (L3)", async () => {
    const pdf = await labelPdf(label);
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    expect(pdf.subarray(-6).toString()).toContain("%%EOF");
    expect(pdf.toString("latin1")).toMatch(/\/MediaBox \[0 0 288 432\]/);
    expect(pdf.toString("latin1").match(/\/Type \/Page\b/g)).toHaveLength(1);
    expect((await labelPdf(label)).equals(pdf)).toBe(true);
  });

  it.each([
    ["JP", "山田太郎", "東京都千代田区1-1"],
    ["RU", "Анна Ахматова", "Невский проспект 1"],
    ["PL", "Łukasz Żółć", "ul. Święty Marcin 1"],
    ["TH", "สมชาย", "ถนนสุขุมวิท"],
  ])("has every letter of an address in %s (L4)", async (country, name, street1) => {
    const { text, missing } = readPdfText(
      await labelPdf({ ...label, to: { ...label.to, country, name, street1 } }),
    );
    expect(missing).toBe(0);
    // Letters of several fonts are drawn piece by piece.
    const drawn = text.replaceAll(" ", "");
    expect(drawn).toContain(name.replaceAll(" ", ""));
    expect(drawn).toContain(street1.replaceAll(" ", ""));
  });

  it("takes long lines and other alphabets", async () => {
    const name = "株式会社ホールドファスト ".repeat(20);
    const pdf = await labelPdf({ ...label, to: { ...label.to, name, company: name, street1: name } });
    expect(pdf.toString("latin1").match(/\/Type \/Page\b/g)).toHaveLength(1);
  });

  it("is a PNG", async () => {
    const png = await labelPng(label);
    expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
  });
});
