/**
 * The plots of a result, as plain SVG: horizontal bars on a logarithmic axis, and latency over percentiles.
 * Both show their numbers as text, so that nobody has to read an axis. Colours work on light and dark pages.
 */

const WIDTH = 860;
const LABELS = 330;
const RIGHT = 120;
const ROW = 30;
const INK = "#57606a";
const OURS = "#0969da";
const THEIRS = "#8c959f";
const LINES = ["#0969da", "#bc4c00", "#1a7f37", "#8250df", "#cf222e", "#57606a"];

type BarRow = {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly own: boolean;
};

/** @param unit after each number, e.g. `/s` */
export function barChart(title: string, unit: string, rows: readonly BarRow[]): string {
  const sorted = [...rows].sort((a, b) => b.value - a.value);
  const low = 10 ** Math.floor(Math.log10(Math.max(1, Math.min(...sorted.map((row) => row.min)))));
  const high = Math.max(...sorted.map((row) => row.max));
  const x = logScale(low, high, LABELS, WIDTH - RIGHT);
  const height = 60 + sorted.length * ROW;
  const ticks = decades(low, high).map(
    (value) =>
      `<line x1="${x(value)}" x2="${x(value)}" y1="40" y2="${height - 14}" stroke="${INK}" stroke-opacity="0.25"/>` +
      text(x(value), height - 2, short(value), "middle", 11),
  );
  const bars = sorted.map((row, index) => {
    const y = 44 + index * ROW;
    const end = x(row.value);
    return [
      text(LABELS - 10, y + 15, row.label, "end", 13),
      `<rect x="${LABELS}" y="${y}" width="${Math.max(1, end - LABELS)}" height="${ROW - 10}" rx="2" fill="${row.own ? OURS : THEIRS}"/>`,
      `<line x1="${x(row.min)}" x2="${x(row.max)}" y1="${y + 10}" y2="${y + 10}" stroke="${INK}" stroke-width="2"/>`,
      text(Math.max(end, x(row.max)) + 8, y + 15, `${grouped(row.value)}${unit}`, "start", 13),
    ].join("");
  });
  return svg(height, title, [...ticks, ...bars]);
}

type Curve = { readonly label: string; readonly points: readonly (readonly [number, number])[] };

/** Latency in milliseconds (logarithmic) over percentiles, the tail stretched as usual for such plots. */
export function latencyChart(title: string, curves: readonly Curve[]): string {
  const values = curves
    .flatMap((curve) => curve.points.map(([, value]) => value))
    .filter((value) => value > 0);
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values)));
  const bottom = 330;
  const top = 44;
  const y = logScale(low, high, bottom, top);
  const percentiles = curves[0]?.points.map(([percentile]) => percentile) ?? [];
  const tail = (percentile: number): number => 1 / (1 - percentile / 100);
  const x = logScale(tail(percentiles[0] ?? 50), tail(percentiles.at(-1) ?? 99.99), 70, WIDTH - 30);
  const grid = [
    ...decades(low, high).map(
      (value) =>
        `<line x1="70" x2="${WIDTH - 30}" y1="${y(value)}" y2="${y(value)}" stroke="${INK}" stroke-opacity="0.25"/>` +
        text(62, y(value) + 4, `${short(value)} ms`, "end", 11),
    ),
    ...percentiles
      .filter((percentile) => TICKS.has(percentile))
      .map((percentile) => text(x(tail(percentile)), bottom + 18, `${percentile} %`, "middle", 11)),
  ];
  const lines = curves.map((curve, index) => {
    const colour = LINES[index % LINES.length] ?? INK;
    const path = curve.points
      .map(
        ([percentile, value], at) =>
          `${at === 0 ? "M" : "L"}${x(tail(percentile))} ${y(Math.max(low, value))}`,
      )
      .join("");
    const legend = bottom + 44 + index * 20;
    return (
      `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      `<line x1="70" x2="95" y1="${legend - 4}" y2="${legend - 4}" stroke="${colour}" stroke-width="3"/>` +
      text(103, legend, curve.label, "start", 13)
    );
  });
  return svg(bottom + 40 + curves.length * 20, title, [...grid, ...lines]);
}

const TICKS = new Set([50, 90, 99, 99.9, 99.99]);

function svg(height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(title)}" font-family="system-ui, sans-serif">`,
    text(16, 24, title, "start", 15, "600"),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function text(
  x: number,
  y: number,
  content: string,
  anchor: "start" | "middle" | "end",
  size: number,
  weight = "400",
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}" font-weight="${weight}" fill="${INK}">${escapeXml(content)}</text>`;
}

function logScale(low: number, high: number, from: number, to: number): (value: number) => number {
  const span = Math.log(high / low) || 1;
  return (value) => round(from + (Math.log(Math.max(value, low) / low) / span) * (to - from));
}

function decades(low: number, high: number): readonly number[] {
  const values: number[] = [];
  for (let value = low; value <= high * 1.0001; value *= 10) values.push(value);
  return values;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1e3 ? `${value / 1e3} k` : String(Number(value.toPrecision(3)));
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
