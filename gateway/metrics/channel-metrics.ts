/** Connected channels: what the database says of each, and what this node asks of them. */
import type { ChannelCallFigures } from "../../config/channel-calls.ts";
import type { ChannelFigures } from "../../store/figures/channel-figures.ts";
import type { MetricBook, Sample } from "./metric-book.ts";

/** @param figures as they were read last; null: the database is away, and no number of it is shown */
export function addChannelMetrics(
  book: MetricBook,
  figures: () => readonly ChannelFigures[] | null,
  calls: () => readonly (ChannelCallFigures & { readonly channel: string })[],
): void {
  const add = (name: string, help: string, read: (one: ChannelFigures) => number): void =>
    book.gauge({ name, help, labels: ["channel"], scope: "system" }, () =>
      (figures() ?? []).map((one): Sample => [{ channel: one.channel }, read(one)]),
    );
  add(
    "holdfast_channel_up",
    "1 where the connected channel can be worked with, 0 where its last call says that it cannot.",
    ({ isWorking }) => (isWorking ? 1 : 0),
  );
  add(
    "holdfast_channel_read_age_seconds",
    "Since when the channel's orders were last read to the end; where they never were, since it was connected.",
    ({ readAgeSeconds }) => readAgeSeconds,
  );
  add(
    "holdfast_channel_poll_interval_seconds",
    "How often the channel is looked at.",
    (one) => one.pollSeconds,
  );
  add(
    "holdfast_channel_named_orders",
    "Orders that the channel's webhooks have named and that are still to be read there.",
    ({ named }) => named,
  );
  book.gauge(
    {
      name: "holdfast_channel_tellings",
      help: "What the channel is to be told of orders, by state: waiting, or dead (put aside for a person).",
      labels: ["channel", "state"],
      scope: "system",
    },
    () =>
      (figures() ?? []).flatMap(({ channel, waiting, dead }): readonly Sample[] => [
        [{ channel, state: "waiting" }, waiting],
        [{ channel, state: "dead" }, dead],
      ]),
  );
  add(
    "holdfast_channel_telling_oldest_seconds",
    "Age of the oldest of those that wait; 0: there is none.",
    ({ waitingSeconds }) => waitingSeconds,
  );
  book.gauge(
    {
      name: "holdfast_channel_stock_figures",
      help: "Listings whose figure of stock the channel has not got, by state: waiting, or refused.",
      labels: ["channel", "state"],
      scope: "system",
    },
    () =>
      (figures() ?? []).flatMap(({ channel, stockWaiting, stockRefused }): readonly Sample[] => [
        [{ channel, state: "waiting" }, stockWaiting],
        [{ channel, state: "refused" }, stockRefused],
      ]),
  );
  add(
    "holdfast_channel_stock_oldest_seconds",
    "Age of the oldest of those that wait; 0: none does. What the channel shows meanwhile is wrong. Of a partner that takes a report only so often: since the last pause ended.",
    ({ stockWaitingSeconds }) => stockWaitingSeconds,
  );
  add(
    "holdfast_channel_differences",
    "Differences between the channel's books and ours that a person has to look at.",
    ({ differences }) => differences,
  );
  book.gauge(
    {
      name: "holdfast_channel_calls_waiting",
      help: "Calls that wait for their turn, within what the channel may be asked.",
      labels: ["channel"],
      scope: "node",
    },
    () => calls().map(({ channel, waiting }): Sample => [{ channel }, waiting]),
  );
  book.counter(
    {
      name: "holdfast_channel_calls_total",
      help: "Calls to the channel, by outcome: answered, failed, put_off (it was asked too often).",
      labels: ["channel", "outcome"],
      scope: "node",
    },
    () =>
      calls().flatMap(({ channel, answered, failed, putOff }): readonly Sample[] => [
        [{ channel, outcome: "answered" }, answered],
        [{ channel, outcome: "failed" }, failed],
        [{ channel, outcome: "put_off" }, putOff],
      ]),
  );
}
