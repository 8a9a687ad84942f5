import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

type Scheme = "light" | "dark";

const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");
const SURFACES = ["canvas", "surface", "surface-2"];

/** Text on its ground, as the styles combine them. */
const PAIRS: readonly (readonly [string, string])[] = [
  ...["ink", "ink-2", "ink-3", "accent"].flatMap((ink) => SURFACES.map((ground) => [ink, ground] as const)),
  ["ink", "surface-3"],
  ["ink-2", "surface-3"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
  ["accent-strong", "accent-soft"],
  ["ink", "warn-soft"],
  ...["good", "info", "warn", "bad", "plain"].map((tone) => [tone, `${tone}-soft`] as const),
];

test.each(PAIRS)(
  "text in --%s on --%s has a contrast of at least 4.5 in both schemes (WCAG AA)",
  (ink, ground) => {
    for (const scheme of ["light", "dark"] as const) {
      expect(contrast(colour(ink, scheme), colour(ground, scheme)), scheme).toBeGreaterThanOrEqual(4.5);
    }
  },
);

test.each(SURFACES)(
  "the edge of a field on --%s has a contrast of at least 3 (WCAG AA for controls)",
  (ground) => {
    for (const scheme of ["light", "dark"] as const) {
      expect(contrast(colour("control-line", scheme), colour(ground, scheme)), scheme).toBeGreaterThanOrEqual(
        3,
      );
    }
  },
);

function colour(name: string, scheme: Scheme): string {
  const match = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css);
  const found = scheme === "light" ? match?.[1] : match?.[2];
  if (found === undefined) throw new Error(`tokens.css has no colour --${name}`);
  return found;
}

function contrast(a: string, b: string): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((one, other) => other - one) as [
    number,
    number,
  ];
  return (lighter + 0.05) / (darker + 0.05);
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
