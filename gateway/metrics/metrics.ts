/**
 * What is served at `/metrics`, in Prometheus' format: what the edge itself counts, and what the other parts
 * of the process say of themselves. Each gateway has a registry of its own, so that two in one process do not
 * collide. Every series bears the name of its node.
 *
 * No label has a value that callers choose: the number of series is bounded by what is set up.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { CaptureResult } from "../../contract/orders.ts";
import { addChannelMetrics } from "./channel-metrics.ts";
import { addDeviceMetrics } from "./device-metrics.ts";
import { addEngineMetrics } from "./engine-metrics.ts";
import { keptReading } from "./kept-reading.ts";
import { type Definition, MetricBook } from "./metric-book.ts";
import { addProcessMetrics } from "./process-metrics.ts";
import { addSagaMetrics } from "./saga-metrics.ts";
import type { MetricSources } from "./sources.ts";
import { addSystemMetrics } from "./system-metrics.ts";

export type Metrics = {
  observeRequest(route: string, method: string, status: number, seconds: number): void;
  countCaptured(results: readonly CaptureResult[]): void;
  countMessage(type: string, outcome: string): void;
  countCutOff(reason: string): void;
  connectionOpened(): void;
  connectionClosed(): void;
  readonly contentType: string;
  text(): Promise<string>;
  /** Everything that is served. */
  definitions(): readonly Definition[];
};

/** @param patienceMs after which a source that does not answer is done without */
export function createMetrics(sources: MetricSources, patienceMs = 2_000): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ node: sources.node });
  collectDefaultMetrics({ register: registry });
  const edge = edgeMetrics(registry);
  const book = new MetricBook(registry);
  const { allocator } = sources;
  const shards = allocator === undefined ? null : latest(() => allocator.status(), patienceMs);
  const system = latest(sources.readSystem, patienceMs);
  const dependencies = latest(sources.dependencies, patienceMs);
  addProcessMetrics(book, sources, () => dependencies.value() ?? []);
  if (shards !== null) addEngineMetrics(book, shards.value, sources.engine);
  addSystemMetrics(book, system.value);
  addChannelMetrics(book, () => system.value()?.channels ?? null, sources.channelCalls ?? (() => []));
  if (sources.sagas !== undefined) addSagaMetrics(book, sources.sagas);
  if (sources.bridge !== undefined) addDeviceMetrics(book, sources.bridge);
  return {
    ...edge,
    contentType: registry.contentType,
    text: async () => {
      await Promise.all([shards?.read(), system.read(), dependencies.read()]);
      return registry.metrics();
    },
    definitions: () => book.definitions(),
  };
}

/** What is read before the metrics are written, and is nothing where it cannot be read now. */
function latest<T>(read: () => Promise<T>, patienceMs: number) {
  const kept = keptReading(async () => read(), patienceMs);
  let value: T | null = null;
  return {
    value: () => value,
    read: async () => {
      value = await kept();
    },
  };
}

function edgeMetrics(registry: Registry) {
  const registers = [registry];
  const requests = new Histogram({
    name: "holdfast_http_request_duration_seconds",
    help: "Time from a request's first byte to its reply, by route.",
    labelNames: ["route", "method", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const captured = new Counter({
    name: "holdfast_orders_captured_total",
    help: "Orders taken, by channel and outcome.",
    labelNames: ["channel", "outcome"],
    registers,
  });
  const messages = new Counter({
    name: "holdfast_stream_messages_total",
    help: "WebSocket messages answered, by type and outcome.",
    labelNames: ["type", "outcome"],
    registers,
  });
  const cutOff = new Counter({
    name: "holdfast_stream_cut_off_total",
    help: "WebSocket connections that the server closed, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const connections = new Gauge({
    name: "holdfast_stream_connections",
    help: "Open WebSocket connections.",
    registers,
  });
  return {
    observeRequest: (route: string, method: string, status: number, seconds: number) =>
      requests.observe({ route, method, status: String(status) }, seconds),
    countCaptured: (results: readonly CaptureResult[]) => {
      for (const { channel, outcome } of results) {
        // What was not captured may name any channel at all, which must not become a label.
        captured.inc({ channel: outcome === "refused" || outcome === "ignored" ? "-" : channel, outcome });
      }
    },
    countMessage: (type: string, outcome: string) => messages.inc({ type, outcome }),
    countCutOff: (reason: string) => cutOff.inc({ reason }),
    connectionOpened: () => connections.inc(),
    connectionClosed: () => connections.dec(),
  };
}
