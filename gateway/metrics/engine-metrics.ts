/** The engine of this node: its commits, what waits, and the shards that it has. */
import type { EngineFigures } from "../../engine/allocator-client.ts";
import type { MetricBook, Sample } from "./metric-book.ts";
import type { MetricSources } from "./sources.ts";

type Shards = Awaited<ReturnType<NonNullable<MetricSources["allocator"]>["status"]>>;

/**
 * @param shards as they were said last; null: the engine did not answer
 * @param figures absent: this process has no engine of its own
 */
export function addEngineMetrics(
  book: MetricBook,
  shards: () => Shards | null,
  figures: (() => EngineFigures) | undefined,
): void {
  const scope = "node" as const;
  book.gauge(
    {
      name: "holdfast_engine_up",
      help: "1 where the engine answers, 0 where it does not.",
      labels: [],
      scope,
    },
    () => [[{}, shards() === null ? 0 : 1]],
  );
  const ofShards = (name: string, help: string, value: (shard: Shards[number]) => number): void =>
    book.gauge({ name, help, labels: ["shard"], scope }, () =>
      (shards() ?? []).map((shard): Sample => [{ shard: String(shard.shard) }, value(shard)]),
    );
  ofShards(
    "holdfast_engine_shard_live",
    "1 where this node owns the shard and serves it; 0 where it is being rebuilt. Other nodes' shards are told there.",
    ({ state }) => (state === "live" ? 1 : 0),
  );
  ofShards(
    "holdfast_engine_epoch",
    "Number of the shard's ownership; it rises with every takeover and rebuilding.",
    ({ epoch }) => epoch,
  );
  ofShards("holdfast_engine_sequence", "Last committed journal row of the shard.", (shard) => shard.sequence);
  ofShards("holdfast_engine_positions", "Stock positions of the shard.", ({ positions }) => positions);
  ofShards("holdfast_engine_holds", "Open holds of the shard.", ({ holds }) => holds);
  if (figures !== undefined) addCommitMetrics(book, figures);
}

function addCommitMetrics(book: MetricBook, figures: () => EngineFigures): void {
  const scope = "node" as const;
  book.histogram(
    {
      name: "holdfast_engine_commit_duration_seconds",
      help: "Time that PostgreSQL took for a commit of the engine, journal and orders together.",
      labels: [],
      scope,
    },
    () => [[{}, figures().commitSeconds]],
  );
  book.histogram(
    {
      name: "holdfast_engine_commit_commands",
      help: "Commands, orders and lane operations of a commit; the sum is how many were committed at all.",
      labels: [],
      scope,
    },
    () => [[{}, figures().commitSize]],
  );
  const add = (
    kind: "gauge" | "counter",
    name: string,
    help: string,
    value: (now: EngineFigures) => number,
  ) => book[kind]({ name, help, labels: [], scope }, () => [[{}, value(figures())]]);
  add(
    "counter",
    "holdfast_engine_commit_faults_total",
    "Commits that were not written, or whose outcome had to be read back.",
    ({ commitFaults }) => commitFaults,
  );
  add(
    "counter",
    "holdfast_engine_refused_commands_total",
    "Commands turned away with engine_overloaded because too much waited.",
    ({ refused }) => refused,
  );
  add(
    "gauge",
    "holdfast_engine_waiting_commands",
    "Commands that wait for their round.",
    ({ waiting }) => waiting,
  );
  add(
    "gauge",
    "holdfast_engine_uncommitted_commands",
    "Commands that are applied and wait for the disk.",
    ({ uncommitted }) => uncommitted,
  );
  book.gauge(
    {
      name: "holdfast_engine_shards",
      help: "Shards that this node has, by state: live, rebuilding, leaving (being given up to another node).",
      labels: ["state"],
      scope,
    },
    () => Object.entries(figures().shards).map(([state, count]): Sample => [{ state }, count]),
  );
  book.counter(
    {
      name: "holdfast_engine_shard_moves_total",
      help: "Shards that came here (adopted), were given up in order (given_up), or were taken by another node (lost).",
      labels: ["move"],
      scope,
    },
    () => {
      const { adopted, givenUp, lost } = figures().moves;
      return [
        [{ move: "adopted" }, adopted],
        [{ move: "given_up" }, givenUp],
        [{ move: "lost" }, lost],
      ];
    },
  );
  book.gauge(
    {
      name: "holdfast_engine_thread_waiting_requests",
      help: "Requests that wait for a shard thread; one that concerns several counts at every thread.",
      labels: ["thread"],
      scope,
    },
    () => figures().waitingOfThread.map((waiting, thread): Sample => [{ thread: String(thread) }, waiting]),
  );
}
