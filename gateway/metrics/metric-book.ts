/**
 * Metrics that are read where they are kept, at the moment at which they are asked for: their owners know
 * nothing of Prometheus, count in plain numbers, and pay nothing while nobody asks.
 *
 * Every metric says whether it is of this node or of the whole system. Of the latter every node serves the
 * same number, so that rules take its maximum and never its sum.
 */
import type { Metric, Registry } from "prom-client";
import type { DistributionFigures } from "../../config/distribution.ts";

export type MetricScope = "node" | "system";

export type Definition = {
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly labels: readonly string[];
  readonly scope: MetricScope;
};

export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [labels: Labels, value: number];

type Value = { readonly labels: Labels; readonly value: number; readonly metricName: string };

export class MetricBook {
  readonly registry: Registry;
  private readonly scopes = new Map<string, MetricScope>();

  constructor(registry: Registry) {
    this.registry = registry;
  }

  /** @param read what it is now; no sample where it is not known */
  gauge(definition: Omit<Definition, "type">, read: () => readonly Sample[]): void {
    this.add({ ...definition, type: "gauge" }, () => valuesOf(definition.name, read()));
  }

  /** @param read how much it was since the process started */
  counter(definition: Omit<Definition, "type">, read: () => readonly Sample[]): void {
    this.add({ ...definition, type: "counter" }, () => valuesOf(definition.name, read()));
  }

  histogram(
    definition: Omit<Definition, "type">,
    read: () => readonly (readonly [Labels, DistributionFigures])[],
  ): void {
    this.add({ ...definition, type: "histogram" }, () =>
      read().flatMap(([labels, figures]) => bucketsOf(definition.name, labels, figures)),
    );
  }

  /** Everything that is served, as docs/metrics.md lists it. */
  definitions(): readonly Definition[] {
    return this.registry.getMetricsAsArray().map((metric) => {
      const { name, help, type, labelNames } = metric as unknown as {
        readonly name: string;
        readonly help: string;
        readonly type: Definition["type"] | undefined;
        readonly labelNames: readonly string[];
      };
      return {
        name,
        help,
        type: type ?? typeNameOf(metric),
        labels: labelNames,
        scope: this.scopes.get(name) ?? "node",
      };
    });
  }

  private add(definition: Definition, values: () => readonly Value[]): void {
    const { name, help, type, labels, scope } = definition;
    this.scopes.set(name, scope);
    // Everything that the registry asks of a metric; prom-client's own can only be counted up one by one.
    const metric = {
      name,
      help,
      type,
      labelNames: labels,
      aggregator: "sum",
      get: async () => ({ name, help, type, aggregator: "sum", values: values() }),
      reset: () => {},
    };
    this.registry.registerMetric(metric as unknown as Metric);
  }
}

function typeNameOf(metric: unknown): Definition["type"] {
  return (metric as object).constructor.name.toLowerCase() as Definition["type"];
}

function valuesOf(metricName: string, samples: readonly Sample[]): readonly Value[] {
  return samples.map(([labels, value]) => ({ labels, value, metricName }));
}

/** Prometheus' buckets are cumulative. */
function bucketsOf(name: string, labels: Labels, figures: DistributionFigures): readonly Value[] {
  let below = 0;
  const buckets = figures.bounds.map((bound, place) => {
    below += figures.counts[place] ?? 0;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: String(bound) }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: "+Inf" }, value: figures.count },
    { metricName: `${name}_sum`, labels, value: figures.sum },
    { metricName: `${name}_count`, labels, value: figures.count },
  ];
}
