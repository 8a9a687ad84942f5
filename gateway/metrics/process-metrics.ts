/** This node itself: what it is, what it depends on, its connections to the database, its jobs. */
import type { MetricBook, Sample } from "./metric-book.ts";
import type { MetricSources } from "./sources.ts";

/** @param dependencies as they were seen last */
export function addProcessMetrics(
  book: MetricBook,
  sources: Pick<MetricSources, "version" | "roles" | "pools" | "jobs">,
  dependencies: () => readonly { readonly name: string; readonly ready: boolean }[],
): void {
  const scope = "node" as const;
  const { version, roles } = sources;
  book.gauge(
    {
      name: "holdfast_node_info",
      help: "Always 1; its labels are Holdfast's version, that of Node.js, and what the node does.",
      labels: ["version", "node_version", "roles"],
      scope,
    },
    () => [[{ version, node_version: process.versions.node, roles: roles.join(",") }, 1]],
  );
  book.gauge(
    {
      name: "holdfast_dependency_up",
      help: "1 where what the node depends on answers, 0 where it does not; as /readyz says, a second old at most.",
      labels: ["dependency"],
      scope,
    },
    () => dependencies().map(({ name, ready }): Sample => [{ dependency: name }, ready ? 1 : 0]),
  );
  const pools = () => Object.entries(sources.pools());
  book.gauge(
    {
      name: "holdfast_database_connections",
      help: "Connections to PostgreSQL by pool (main, engine, jobs) and state (in_use, idle).",
      labels: ["pool", "state"],
      scope,
    },
    () =>
      pools().flatMap(([pool, { inUse, idle }]): readonly Sample[] => [
        [{ pool, state: "in_use" }, inUse],
        [{ pool, state: "idle" }, idle],
      ]),
  );
  book.gauge(
    {
      name: "holdfast_database_connections_limit",
      help: "Connections to PostgreSQL that the pool opens at most.",
      labels: ["pool"],
      scope,
    },
    () => pools().map(([pool, { size }]): Sample => [{ pool }, size]),
  );
  book.gauge(
    {
      name: "holdfast_database_waiting_callers",
      help: "Callers that wait for a connection of the pool.",
      labels: ["pool"],
      scope,
    },
    () => pools().map(([pool, { waiting }]): Sample => [{ pool }, waiting]),
  );
  book.gauge(
    {
      name: "holdfast_job_last_success_timestamp_seconds",
      help: "When the job was last done on this node, or since when it is to be. Where one node does it for all, the newest counts.",
      labels: ["job"],
      scope,
    },
    () => sources.jobs().map(({ job, lastDoneAt }): Sample => [{ job }, lastDoneAt]),
  );
  book.gauge(
    {
      name: "holdfast_job_interval_seconds",
      help: "How often the job is done where nothing calls for it sooner.",
      labels: ["job"],
      scope,
    },
    () => sources.jobs().map(({ job, everySeconds }): Sample => [{ job }, everySeconds]),
  );
  book.counter(
    {
      name: "holdfast_job_failures_total",
      help: "How often the job could not be done.",
      labels: ["job"],
      scope,
    },
    () => sources.jobs().map(({ job, failures }): Sample => [{ job }, failures]),
  );
}
