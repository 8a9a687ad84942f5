/**
 * A figure with its bar, and how both are said: what every bench reports. The median of the measurements is
 * the figure; the smallest and the largest are beside it.
 */

export type Bar =
  | { readonly kind: "at-least"; readonly value: number }
  | { readonly kind: "at-most"; readonly value: number };

export type Figure = {
  readonly key: string;
  readonly title: string;
  /** Null where a measurement that it needs is missing. */
  readonly median: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly bar: Bar | null;
  /** What we would like to reach beyond the bar. */
  readonly aim: number | null;
  readonly met: boolean | null;
};

export function figure(
  key: string,
  title: string,
  options: { readonly values: readonly number[]; readonly bar?: Bar; readonly aim?: number },
): Figure {
  const { values, bar = null, aim = null } = options;
  const value = median(values);
  return {
    key,
    title,
    median: value,
    min: values.length === 0 ? null : Math.min(...values),
    max: values.length === 0 ? null : Math.max(...values),
    bar,
    aim,
    met: value === null || bar === null ? null : meets(value, bar),
  };
}

function meets(value: number, bar: Bar): boolean {
  switch (bar.kind) {
    case "at-least":
      return value >= bar.value;
    case "at-most":
      return value <= bar.value;
    default: {
      const unreachable: never = bar;
      return unreachable;
    }
  }
}

export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted.length % 2 === 0 ? sorted[middle - 1] : upper;
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}

/** @returns null where one of them is missing, or where nothing is divided by */
export function quotient(a: number | null, b: number | null): number | null {
  return a === null || b === null || b === 0 ? null : a / b;
}

export function describeBar(bar: Bar | null): string {
  if (bar === null) return "";
  switch (bar.kind) {
    case "at-least":
      return `≥ ${amount(bar.value)}`;
    case "at-most":
      return `≤ ${amount(bar.value)}`;
    default: {
      const unreachable: never = bar;
      return unreachable;
    }
  }
}

export function amount(value: number | null): string {
  if (value === null) return "—";
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en");
  return Math.abs(value) >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}

export function verdictOf(figure: Figure): string {
  if (figure.median === null) return "not measured";
  return figure.met === null ? "" : figure.met ? "met" : "MISSED";
}

export function figuresTable(figures: readonly Figure[]): readonly string[] {
  return table(
    ["figure", "median", "min … max", "bar", "", "aim"],
    figures.map((figure) => [
      `${figure.title} (\`${figure.key}\`)`,
      amount(figure.median),
      figure.median === null ? "" : `${amount(figure.min)} … ${amount(figure.max)}`,
      describeBar(figure.bar),
      verdictOf(figure),
      figure.aim === null ? "" : amount(figure.aim),
    ]),
    [1, 2],
  );
}

export function spread(values: readonly number[]): string {
  if (values.length === 0) return "";
  const middle = amount(median(values));
  return values.length === 1
    ? middle
    : `${middle} (${amount(Math.min(...values))} … ${amount(Math.max(...values))})`;
}

export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[],
): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(head),
    line(head.map((_, index) => (right.includes(index) ? "---:" : "---"))),
    ...rows.map(line),
  ];
}
