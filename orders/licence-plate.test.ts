import { expect, test } from "vitest";
import { isBesideTheProject, readBesideTheProject } from "../test-support/beside-the-project.ts";
import { decodeEpc, encodeEpc } from "./epc/epc.ts";
import { plateInScan, plateInTag } from "./licence-plate.ts";

const PLATE = "095212340000000006";

test.each([
  PLATE,
  `${PLATE} `,
  `${PLATE}\r\n`,
  `]C0${PLATE}`,
  `00${PLATE}`,
  `]C100${PLATE}`,
  `]C100${PLATE}\r`,
  `]d200${PLATE}`,
  `\u001d00${PLATE}`,
  `]C1\u001d00${PLATE}\u001d`,
  `(00)${PLATE}`,
  `(00) ${PLATE}`,
  `(00) ${PLATE} (10) LOT7`,
  `]C100${PLATE}10LOT7`,
  `]C110LOT7\u001d00${PLATE}`,
  `]C100${PLATE}0209521234770119`,
  `]C102095212347701193712\u001d00${PLATE}`,
  `https://id.gs1.org/00/${PLATE}`,
  `HTTPS://id.gs1.org/00/${PLATE}/?10=LOT7#x`,
  `https://shop.example/a/b/00/${PLATE}`,
])("the plate is read from %j", (scan) => {
  expect(plateInScan(scan)).toBe(PLATE);
});

test.each([
  ["a trade item", "]C10109521234770119"],
  ["a wrong check digit", "]C100095212340000000007"],
  ["a wrong check digit in brackets", "(00)095212340000000007"],
  ["a plate with something that is no AI behind it", `]C100${PLATE}LOT7`],
  ["two plates", `]C100${PLATE}00106141412345678908`],
  ["an EAN", "]E04006381333931"],
  ["nothing", ""],
])("%s is no plate", (_, scan) => {
  expect(plateInScan(scan)).toBeUndefined();
});

test("a tote that comes back has its asset number for a plate, on barcode and tag alike", () => {
  const grai = {
    encoding: "grai-96",
    filter: 0,
    companyPrefix: "0614141",
    grai: "006141411234525678",
  } as const;
  const giai = { encoding: "giai-96", filter: 0, companyPrefix: "0614141", giai: "06141415678" } as const;
  for (const [asset, scan, plate] of [
    [grai, "]C18003006141411234525678", "(8003)006141411234525678"],
    [giai, "(8004) 06141415678", "(8004)06141415678"],
  ] as const) {
    const tag = decodeEpc(encodeEpc(asset));
    expect(tag && plateInTag(tag)).toBe(plate);
    expect(plateInScan(scan)).toBe(plate);
  }
});

test("a unit's tag is no plate", () => {
  const tag = decodeEpc("3074257BF7194E4000001A85");
  expect(tag && plateInTag(tag)).toBeUndefined();
});

const RECORDED = "cases/devices/c2-barcodes.json";

test.skipIf(!isBesideTheProject(RECORDED))("scans that went astray once are all read", () => {
  const { plate, cases } = JSON.parse(readBesideTheProject(RECORDED)) as {
    readonly plate: string;
    readonly cases: readonly (readonly [string, string])[];
  };
  for (const [scan] of cases) expect(plateInScan(scan), JSON.stringify(scan)).toBe(plate);
});
