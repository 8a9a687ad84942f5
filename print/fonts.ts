/**
 * The fonts of what we print: Noto, embedded, for every script that we have one for. Owns which font a letter
 * is set in; leaves lines and directions to `bidi-line.ts`.
 *
 * F1 A letter is set in a font that has it, or in none: what stands in for it is `latin.ts`'s.
 * F2 A letter may stay in the font of the one before it where that has it, so that words are shaped whole.
 * F3 Han letters are written otherwise in Japan, Korea and China: the country of the address decides.
 *
 * A font is opened when it is first needed and stays open for as long as its thread.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { create, type Font } from "fontkit";
import { unwrapWoff } from "./woff.ts";

export type FontFile = {
  readonly path: string;
  /** First and last code points of its ranges; null: whatever is in it. */
  readonly ranges: readonly (readonly [number, number])[] | null;
};

const require = createRequire(import.meta.url);

/** In the order in which they are asked, before and after those of Han letters. */
const FIRST = [
  "noto-sans",
  "noto-sans-arabic",
  "noto-sans-hebrew",
  "noto-sans-thai",
  "noto-sans-devanagari",
  "noto-sans-bengali",
  "noto-sans-tamil",
  "noto-sans-georgian",
  "noto-sans-armenian",
] as const;
/** A file each. */
const HAN = {
  jp: "@embedpdf/fonts-jp/fonts/NotoSansJP-Regular.otf",
  kr: "@embedpdf/fonts-kr/fonts/NotoSansKR-Regular.otf",
  sc: "@embedpdf/fonts-sc/fonts/NotoSansHans-Regular.otf",
  tc: "@embedpdf/fonts-tc/fonts/NotoSansHant-Regular.otf",
} as const;
const LAST = ["noto-sans-symbols-2", "noto-emoji"] as const;
/** F3; by ISO 3166-1 alpha-2. Absent: Japan's. */
const HAN_OF_COUNTRY: ReadonlyMap<string, keyof typeof HAN> = new Map([
  ["JP", "jp"],
  ["KR", "kr"],
  ["CN", "sc"],
  ["SG", "sc"],
  ["TW", "tc"],
  ["HK", "tc"],
  ["MO", "tc"],
]);
const WEIGHTS = { regular: 400, bold: 700 } as const;

export type Weight = keyof typeof WEIGHTS;

const families = new Map<string, readonly FontFile[]>();
const opened = new Map<string, Font>();

export function openFont(file: FontFile): Font {
  const known = opened.get(file.path);
  if (known !== undefined) return known;
  const bytes = readFileSync(file.path);
  const font = create(file.path.endsWith(".woff") ? unwrapWoff(bytes) : bytes);
  if (!("layout" in font)) throw new Error(`${file.path} is a collection of fonts`);
  opened.set(file.path, font);
  return font;
}

/**
 * The font of a letter with its marks.
 *
 * @param country by which Han letters are chosen; null: unknown
 * @returns null where no font has all of it
 */
export function fontFor(cluster: string, country: string | null, weight: Weight): FontFile | null {
  const han = HAN_OF_COUNTRY.get(country ?? "") ?? "jp";
  const hans = [han, ...(["jp", "kr", "sc", "tc"] as const).filter((other) => other !== han)];
  const files = [
    // Latin, Greek and Cyrillic letters alone are there in bold.
    ...FIRST.flatMap((name) => filesOf(name, name === "noto-sans" ? weight : "regular")),
    ...hans.map(hanFile),
    ...LAST.flatMap((name) => filesOf(name, "regular")),
  ];
  return files.find((file) => hasLetters(file, cluster)) ?? null;
}

/** What shows nothing of itself: joiners, selectors of variants, marks of direction. */
const UNSEEN = /^[\p{Cf}\p{Variation_Selector}]$/u;

/** For F2. */
export function hasLetters(file: FontFile, cluster: string): boolean {
  return Array.from(cluster).every((letter) => {
    if (UNSEEN.test(letter)) return true;
    const code = letter.codePointAt(0) ?? 0;
    const isInRange =
      file.ranges === null || file.ranges.some(([first, last]) => code >= first && code <= last);
    return isInRange && openFont(file).hasGlyphForCodePoint(code);
  });
}

function hanFile(name: keyof typeof HAN): FontFile {
  const [scope = "", packageName = "", ...rest] = HAN[name].split("/");
  // The package names its program only; its fonts lie beside that.
  const folder = dirname(dirname(require.resolve(`${scope}/${packageName}`)));
  const known = families.get(name) ?? [{ path: join(folder, ...rest), ranges: null }];
  families.set(name, known);
  const [file] = known;
  if (file === undefined) throw new Error(`there is no font ${name}`);
  return file;
}

/** @param name as `@fontsource/<name>` has it: a file for each alphabet */
function filesOf(name: string, weight: Weight): readonly FontFile[] {
  const key = `${name} ${weight}`;
  const known = families.get(key);
  if (known !== undefined) return known;
  const folder = dirname(require.resolve(`@fontsource/${name}/package.json`));
  const subsets: Readonly<Record<string, string>> = JSON.parse(
    readFileSync(join(folder, "unicode.json"), "utf8"),
  );
  const files = Object.entries(subsets).map(([subset, ranges]) => ({
    path: join(folder, "files", `${name}-${subset.replace(/[[\]]/g, "")}-${WEIGHTS[weight]}-normal.woff`),
    ranges: ranges.split(",").map(rangeOf),
  }));
  families.set(key, files);
  return files;
}

/** `U+4e00-4eff` or `U+20`. */
function rangeOf(text: string): readonly [number, number] {
  const [first = "", last = first] = text.trim().replace(/^U\+/i, "").split("-");
  return [Number.parseInt(first, 16), Number.parseInt(last, 16)];
}
