/**
 * A small chart of one or two series over equal steps, with its numbers in words for those who cannot see it.
 */
type Series = {
  readonly name: string;
  readonly look: "first" | "second";
  readonly values: readonly number[];
};

const WIDTH = 600;
const HEIGHT = 120;
const TOP = 8;

export function Sparkline({ series, label }: { readonly series: readonly Series[]; readonly label: string }) {
  const highest = Math.max(1, ...series.flatMap((one) => one.values));
  const described = series
    .map(
      (one) =>
        `${one.name}: ${one.values.reduce((sum, value) => sum + value, 0)} in all, ${one.values.at(-1) ?? 0} now`,
    )
    .join("; ");
  return (
    <figure class="sparkline">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}. ${described}`}
      >
        {[0, 0.5, 1].map((share) => (
          <line key={share} class="grid" x1="0" x2={WIDTH} y1={heightOf(share)} y2={heightOf(share)} />
        ))}
        {series.map((one) => (
          <g key={one.name} class={one.look}>
            <path class="area" d={`${lineOf(one.values, highest)}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`} />
            <path class="line" d={lineOf(one.values, highest)} />
          </g>
        ))}
      </svg>
      <figcaption class="legend">
        {series.map((one) => (
          <span key={one.name} class={one.look}>
            <span class="swatch" />
            {one.name} <b>{one.values.at(-1) ?? 0}</b>
          </span>
        ))}
        <span class="muted push">peak {highest} a minute</span>
      </figcaption>
    </figure>
  );
}

function heightOf(share: number): number {
  return HEIGHT - share * (HEIGHT - TOP);
}

function lineOf(values: readonly number[], highest: number): string {
  const step = WIDTH / Math.max(1, values.length - 1);
  return values
    .map(
      (value, index) =>
        `${index === 0 ? "M" : "L"}${(index * step).toFixed(1)} ${heightOf(value / highest).toFixed(1)}`,
    )
    .join("");
}
