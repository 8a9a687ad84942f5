/** What the database says of the whole system: every node serves the same numbers. */
import type { SystemFigures } from "../../store/figures/system-figures.ts";
import type { MetricBook, Sample } from "./metric-book.ts";

/** @param figures as they were read last; null: the database is away, and no number of it is shown */
export function addSystemMetrics(book: MetricBook, figures: () => SystemFigures | null): void {
  book.gauge(
    {
      name: "holdfast_database_figures_up",
      help: "1 where the numbers of the database could be read within two seconds; 0: those of scope system are missing.",
      labels: [],
      scope: "node",
    },
    () => [[{}, figures() === null ? 0 : 1]],
  );
  const add = (
    name: string,
    help: string,
    labels: readonly string[],
    read: (now: SystemFigures) => readonly Sample[],
  ): void =>
    book.gauge({ name, help, labels, scope: "system" }, () => {
      const now = figures();
      return now === null ? [] : read(now);
    });
  add("holdfast_orders", "Orders that are not completed, by status.", ["status"], ({ orders }) =>
    orders.map(({ status, count }): Sample => [{ status }, count]),
  );
  add(
    "holdfast_fulfillment_orders",
    "Fulfillment orders that are open or in progress, by stage.",
    ["stage"],
    ({ stages }) => stages.map(({ stage, count }): Sample => [{ stage }, count]),
  );
  add(
    "holdfast_fulfillment_order_oldest_seconds",
    "For how long nothing has happened to the fulfillment order that has stood still longest, by stage.",
    ["stage"],
    ({ stages }) => stages.map(({ stage, oldestSeconds }): Sample => [{ stage }, oldestSeconds]),
  );
  add(
    "holdfast_order_unreleased_oldest_seconds",
    "Age of the oldest open order that has no fulfillment order yet: its saga has not brought it to the floor.",
    [],
    ({ unreleasedSeconds }) => [[{}, unreleasedSeconds]],
  );
  add(
    "holdfast_outbox_messages",
    "Messages of the outbox that are not carried out, by queue: sagas or mails.",
    ["queue"],
    ({ outbox }) => outbox.map(({ queue, count }): Sample => [{ queue }, count]),
  );
  add(
    "holdfast_outbox_failing_messages",
    "Those of them that have failed before and are tried again.",
    ["queue"],
    ({ outbox }) => outbox.map(({ queue, failing }): Sample => [{ queue }, failing]),
  );
  add(
    "holdfast_outbox_oldest_seconds",
    "Age of the oldest message of the outbox that is not carried out; 0: there is none.",
    ["queue"],
    ({ outbox }) => outbox.map(({ queue, oldestSeconds }): Sample => [{ queue }, oldestSeconds]),
  );
  add(
    "holdfast_webhook_endpoints",
    "Those who are told by webhook, by state: ok, failing (the last message was not taken), paused (nothing was taken for days), off.",
    ["state"],
    ({ webhooks }) => webhooks.endpoints.map(({ state, count }): Sample => [{ state }, count]),
  );
  add(
    "holdfast_webhook_pending_messages",
    "Events that are still to be looked at for webhooks, and messages that wait, over all endpoints; counted up to 10,000 each.",
    [],
    ({ webhooks }) => [[{}, webhooks.pending]],
  );
  add(
    "holdfast_webhook_oldest_seconds",
    "Age of the oldest of them; 0: there is none.",
    [],
    ({ webhooks }) => [[{}, webhooks.oldestSeconds]],
  );
  addShardMetrics(add);
  add(
    "holdfast_loads_adrift",
    "Loads that robots have or had and no order wants, by place; each waits for a person.",
    ["location"],
    ({ adrift }) => adrift.map(({ locationId, loads }): Sample => [{ location: locationId }, loads]),
  );
  add(
    "holdfast_loads_adrift_oldest_seconds",
    "For how long the oldest load that is adrift has been so, by place.",
    ["location"],
    ({ adrift }) =>
      adrift.map(({ locationId, oldestSeconds }): Sample => [{ location: locationId }, oldestSeconds]),
  );
}

function addShardMetrics(
  add: (
    name: string,
    help: string,
    labels: readonly string[],
    read: (now: SystemFigures) => readonly Sample[],
  ) => void,
): void {
  add(
    "holdfast_shard_projection_lag_rows",
    "Journal rows of the shard that the stock pages do not show yet.",
    ["shard"],
    ({ shards }) => shards.map((each): Sample => [{ shard: String(each.shard) }, each.head - each.projected]),
  );
  add(
    "holdfast_shard_unsnapshot_rows",
    "Journal rows of the shard after its last snapshot: what a recovery replays.",
    ["shard"],
    ({ shards }) =>
      shards.map(
        (each): Sample => [{ shard: String(each.shard) }, each.head - (each.snapshot?.sequence ?? 0)],
      ),
  );
  add(
    "holdfast_shard_snapshot_age_seconds",
    "Age of the shard's last snapshot. Old is nothing to worry about where few rows came after it.",
    ["shard"],
    ({ shards }) =>
      shards.flatMap(({ shard, snapshot }): readonly Sample[] =>
        snapshot === null ? [] : [[{ shard: String(shard) }, snapshot.ageSeconds]],
      ),
  );
  add(
    "holdfast_shard_lease_age_seconds",
    "Since when the shard's lease has its epoch.",
    ["shard"],
    ({ shards }) => shards.map((each): Sample => [{ shard: String(each.shard) }, each.leaseAgeSeconds]),
  );
}
