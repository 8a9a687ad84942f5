/**
 * What the gateway counts, in Prometheus' format. Each gateway has a registry of its own, so that two in one
 * process do not collide.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { CaptureResult } from "../../contract/orders.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import type { BridgeStatus } from "../../ports/devices.ts";

export type Metrics = {
  observeRequest(route: string, method: string, status: number, seconds: number): void;
  countCaptured(results: readonly CaptureResult[]): void;
  countMessage(type: string, outcome: string): void;
  countCutOff(reason: string): void;
  connectionOpened(): void;
  connectionClosed(): void;
  contentType: string;
  text(): Promise<string>;
};

type AdriftLoads = readonly {
  readonly locationId: string;
  readonly loads: number;
  readonly oldestSeconds: number;
}[];

/**
 * @param bridgeStatus of the device bridge in this process; null: it has none, and no numbers of devices
 * @param readAdriftLoads what robots have and no order wants, by place
 */
export function createMetrics(
  allocator: AllocatorClient,
  bridgeStatus: (() => BridgeStatus) | null,
  readAdriftLoads: () => Promise<AdriftLoads>,
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
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
  const holds = shardGauge("holdfast_engine_holds", "Open holds of each shard.");
  const sequence = shardGauge("holdfast_engine_sequence", "Last committed journal sequence of each shard.");
  const positions = shardGauge("holdfast_engine_positions", "Stock positions of each shard.");
  const up = new Gauge({
    name: "holdfast_engine_up",
    help: "1 where the engine answers, 0 where it does not.",
    registers,
  });

  const adrift = new Gauge({
    name: "holdfast_loads_adrift",
    help: "Loads that robots have or had and no order wants, by place; each waits for a person.",
    labelNames: ["location"],
    registers,
  });
  const adriftFor = new Gauge({
    name: "holdfast_loads_adrift_oldest_seconds",
    help: "For how long the oldest load that is adrift has been so, by place.",
    labelNames: ["location"],
    registers,
  });

  function shardGauge(name: string, help: string): Gauge<"shard"> {
    return new Gauge({ name, help, labelNames: ["shard"], registers });
  }

  /** An engine that does not answer must not hide the other numbers. */
  async function readEngine(): Promise<void> {
    try {
      for (const shard of await allocator.status()) {
        const label = { shard: String(shard.shard) };
        holds.set(label, shard.holds);
        sequence.set(label, shard.sequence);
        positions.set(label, shard.positions);
      }
      up.set(1);
    } catch {
      up.set(0);
    }
  }

  /** Nor must a database that is away; what it said last is not shown as if it were so now. */
  async function readLoads(): Promise<void> {
    const places = await readAdriftLoads().catch(() => []);
    adrift.reset();
    adriftFor.reset();
    for (const { locationId: location, loads, oldestSeconds } of places) {
      adrift.set({ location }, loads);
      adriftFor.set({ location }, oldestSeconds);
    }
  }

  if (bridgeStatus !== null) addDeviceMetrics(registry, bridgeStatus);

  return {
    observeRequest: (route, method, status, seconds) =>
      requests.observe({ route, method, status: String(status) }, seconds),
    countCaptured: (results) => {
      for (const { channel, outcome } of results) {
        // What was not captured may name any channel at all, which must not become a label.
        captured.inc({ channel: outcome === "refused" || outcome === "ignored" ? "-" : channel, outcome });
      }
    },
    countMessage: (type, outcome) => messages.inc({ type, outcome }),
    countCutOff: (reason) => cutOff.inc({ reason }),
    connectionOpened: () => connections.inc(),
    connectionClosed: () => connections.dec(),
    contentType: registry.contentType,
    text: async () => {
      await Promise.all([readEngine(), readLoads()]);
      return registry.metrics();
    },
  };
}

/** Read from the bridge whenever the numbers are asked for. */
function addDeviceMetrics(registry: Registry, status: () => BridgeStatus): void {
  const add = (
    kind: "gauge" | "counter",
    name: string,
    help: string,
    labelNames: readonly string[],
    values: () => readonly (readonly [labels: Record<string, string>, value: number])[],
  ): void => {
    const options = { name, help, labelNames, registers: [registry] };
    const fill = (metric: Gauge | Counter): void => {
      metric.reset();
      for (const [labels, value] of values()) metric.inc(labels, value);
    };
    if (kind === "gauge")
      new Gauge({
        ...options,
        collect: function () {
          fill(this);
        },
      });
    else
      new Counter({
        ...options,
        collect: function () {
          fill(this);
        },
      });
  };
  add(
    "gauge",
    "holdfast_mqtt_connected",
    "1 where the bridge's session is connected to the broker, 0 where it is not.",
    ["session"],
    () => status().sessions.map(({ name, connected }) => [{ session: name }, connected ? 1 : 0]),
  );
  add(
    "counter",
    "holdfast_mqtt_reconnects_total",
    "How often the bridge's session has come back to the broker.",
    ["session"],
    () => status().sessions.map(({ name, reconnects }) => [{ session: name }, reconnects]),
  );
  add(
    "gauge",
    "holdfast_devices",
    "Devices that are switched on, by kind and connection.",
    ["kind", "connection"],
    () => status().devices.map(({ kind, connection, count }) => [{ kind, connection }, count]),
  );
  add("counter", "holdfast_device_dead_letters_total", "Device messages put aside, by code.", ["code"], () =>
    [...status().deadLetters].map(([code, count]) => [{ code }, count]),
  );
  add("counter", "holdfast_device_events_total", "What happened to devices, by kind.", ["event"], () =>
    [...status().events].map(([event, count]) => [{ event }, count]),
  );
}
