import type { FeedEvent } from "../../../../contract/stream.ts";
import { Empty } from "../../components/empty.tsx";
import { Time } from "../../components/time.tsx";
import { orderPath } from "../order/order-path.ts";

/** The newest events of all orders. */
export function Ticker({ events }: { readonly events: readonly FeedEvent[] }) {
  if (events.length === 0) {
    return (
      <Empty icon="clock" title="Quiet right now">
        Events of all orders appear here the moment they happen.
      </Empty>
    );
  }
  return (
    <ol class="ticker">
      {events.map((event) => (
        <li key={`${event.orderId} ${event.key}`} class="arrived">
          <span class="ticker-text">{event.summary}</span>
          <span class="muted small">
            <Time at={event.at} />
          </span>
          <span class="cell-sub">
            <a href={orderPath(event.orderId)}>{event.orderId}</a> · {event.cause}
          </span>
        </li>
      ))}
    </ol>
  );
}
