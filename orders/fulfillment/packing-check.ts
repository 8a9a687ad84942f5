/**
 * How units without RFID tags are verified before they are packed, where their product asks for it: whoever
 * packs scans each, counts them, or weighs what goes into the parcel. Pure.
 *
 * What the packer says is held against what was picked, not against what the page showed.
 */
import { readScannedCode, type ScannedCode } from "../returns/scanned-code.ts";

export const PACKING_CHECKS = ["scan", "weigh", "count"] as const;
export type PackingCheck = (typeof PACKING_CHECKS)[number];

export type CheckedLine = {
  readonly sku: string;
  /** GTIN-14. */
  readonly gtin: string;
  readonly unitGrams: number;
  readonly picked: number;
  /** `null`: it has a tag, or is taken as picked. */
  readonly check: PackingCheck | null;
};

/** What the packer found. */
export type PackingFindings = {
  /** One code a unit, as the scanner gives it. */
  readonly scans?: readonly string[];
  readonly counts?: readonly { readonly sku: string; readonly quantity: number }[];
  /** All that goes into the parcel, without its carton. */
  readonly grams?: number;
};

/** Scales and products differ by so much: of the weight, and at least so many grams. */
const WEIGHT_TOLERANCE = { share: 0.03, grams: 20 };

export type PackingVerdict =
  | { readonly status: "right" }
  /** The packer has not done so yet: which SKUs are to be scanned, weighed or counted. */
  | { readonly status: "to_do"; readonly detail: string }
  | { readonly status: "wrong"; readonly detail: string };

export function checkPacking(lines: readonly CheckedLine[], found: PackingFindings): PackingVerdict {
  const asked = (check: PackingCheck) => lines.filter((line) => line.check === check && line.picked > 0);
  const [toScan, toWeigh, toCount] = [asked("scan"), asked("weigh"), asked("count")];
  const toDo = [
    ...(found.scans === undefined ? named("scan", toScan) : []),
    ...(found.grams === undefined ? named("weigh", toWeigh) : []),
    ...(found.counts === undefined ? named("count", toCount) : []),
  ];
  if (toDo.length > 0) return { status: "to_do", detail: toDo.join(", ") };
  const wrong = [
    ...(toScan.length === 0 ? [] : differences(toScan, scanned(lines, found.scans ?? []))),
    ...(toCount.length === 0 ? [] : differences(toCount, counted(toCount, found.counts ?? []))),
    ...(toWeigh.length === 0 ? [] : weighed(lines, found.grams ?? 0)),
  ];
  return wrong.length === 0 ? { status: "right" } : { status: "wrong", detail: wrong.join(", ") };
}

function named(check: PackingCheck, lines: readonly CheckedLine[]): readonly string[] {
  return lines.length === 0 ? [] : [`${check} ${[...new Set(lines.map(({ sku }) => sku))].join(" and ")}`];
}

/** `serial` only beside a GTIN: by itself a text may be one, or something else. */
function readUnit(scan: string): Pick<ScannedCode, "text" | "gtin" | "serial"> {
  const { text, gtin, serial } = readScannedCode(scan);
  return { text, gtin, serial: gtin === null || serial === text ? null : serial };
}

/** Units that bear a serial number, each once however often it was scanned. */
export function scannedSerials(
  lines: readonly CheckedLine[],
  { scans = [] }: PackingFindings,
): readonly { readonly sku: string; readonly serial: string }[] {
  const units = new Map<string, { readonly sku: string; readonly serial: string }>();
  for (const scan of scans) {
    const { gtin, serial } = readUnit(scan);
    const sku = gtin === null ? undefined : lines.find((line) => line.gtin === gtin)?.sku;
    if (sku !== undefined && serial !== null) units.set(`${sku} ${serial}`, { sku, serial });
  }
  return [...units.values()];
}

/**
 * Units by SKU; a serial number counts once. A code of a product that is not asked to be scanned says
 * nothing; an unknown one is named.
 */
function scanned(lines: readonly CheckedLine[], scans: readonly string[]): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  const serials = new Set<string>();
  for (const scan of scans) {
    const { gtin, serial, text } = readUnit(scan);
    const line = lines.find((each) => (gtin === null ? each.sku === text : each.gtin === gtin));
    if (line !== undefined && line.check !== "scan") continue;
    const what = line?.sku ?? (gtin === null ? text : `GTIN ${gtin}`);
    const unit = serial === null ? null : `${what} ${serial}`;
    if (unit !== null && serials.has(unit)) continue;
    if (unit !== null) serials.add(unit);
    units.set(what, (units.get(what) ?? 0) + 1);
  }
  return units;
}

function counted(
  lines: readonly CheckedLine[],
  counts: NonNullable<PackingFindings["counts"]>,
): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  for (const { sku, quantity } of counts) {
    if (quantity > 0 && lines.some((line) => line.sku === sku))
      units.set(sku, (units.get(sku) ?? 0) + quantity);
  }
  return units;
}

function differences(lines: readonly CheckedLine[], found: ReadonlyMap<string, number>): readonly string[] {
  const balance = new Map(found);
  for (const { sku, picked } of lines) balance.set(sku, (balance.get(sku) ?? 0) - picked);
  return [...balance]
    .filter(([, surplus]) => surplus !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([sku, surplus]) => (surplus < 0 ? `missing ${-surplus} × ${sku}` : `extra ${surplus} × ${sku}`));
}

function weighed(lines: readonly CheckedLine[], grams: number): readonly string[] {
  const right = lines.reduce((sum, { picked, unitGrams }) => sum + picked * unitGrams, 0);
  const tolerance = Math.max(WEIGHT_TOLERANCE.grams, right * WEIGHT_TOLERANCE.share);
  return Math.abs(grams - right) <= tolerance ? [] : [`${grams} g instead of ${right} g`];
}
