/** The device bridge of this node. */
import type { BridgeStatus } from "../../ports/devices.ts";
import type { MetricBook } from "./metric-book.ts";

export function addDeviceMetrics(book: MetricBook, status: () => BridgeStatus): void {
  const scope = "node" as const;
  book.gauge(
    {
      name: "holdfast_mqtt_connected",
      help: "1 where the bridge's session is connected to the broker, 0 where it is not. With a bridge for each site `session` begins with the site.",
      labels: ["session"],
      scope,
    },
    () => status().sessions.map(({ name, connected }) => [{ session: name }, connected ? 1 : 0]),
  );
  book.counter(
    {
      name: "holdfast_mqtt_reconnects_total",
      help: "How often the bridge's session has come back to the broker.",
      labels: ["session"],
      scope,
    },
    () => status().sessions.map(({ name, reconnects }) => [{ session: name }, reconnects]),
  );
  book.gauge(
    {
      name: "holdfast_devices",
      help: "Devices that are switched on, by kind and connection.",
      labels: ["kind", "connection"],
      scope,
    },
    () => status().devices.map(({ kind, connection, count }) => [{ kind, connection }, count]),
  );
  book.histogram(
    {
      name: "holdfast_device_message_duration_seconds",
      help: "Time from a device's message until it may be acknowledged: it has its effect or is put aside.",
      labels: [],
      scope,
    },
    () => [[{}, status().handled]],
  );
  book.counter(
    {
      name: "holdfast_device_dead_letters_total",
      help: "Device messages put aside, by code.",
      labels: ["code"],
      scope,
    },
    () => [...status().deadLetters].map(([code, count]) => [{ code }, count]),
  );
  book.counter(
    {
      name: "holdfast_device_events_total",
      help: "What happened to devices, by kind.",
      labels: ["event"],
      scope,
    },
    () => [...status().events].map(([event, count]) => [{ event }, count]),
  );
}
