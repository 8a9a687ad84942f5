import { useEffect, useRef } from "preact/hooks";
import type { FeedEvent } from "../../../contract/stream.ts";
import { watchFeed } from "../api/feed.ts";

/**
 * Events come in batches: a page with a thousand events a second still renders only a few times.
 */
const BATCH_MS = 400;
/** The most events kept for one batch. A page that falls further behind reloads instead. */
const LARGEST_BATCH = 2_000;

/**
 * Watches the feed as long as the component is shown. Batches wait while the browser tab is hidden.
 *
 * @param order only this order's events; `undefined` for all.
 * @param onBatch called with the events since the last call,
 *   oldest first; `gap` says that more may have happened.
 */
export function useFeed(
  order: string | undefined,
  onBatch: (events: readonly FeedEvent[], gap: boolean) => void,
): void {
  const latest = useRef(onBatch);
  latest.current = onBatch;

  useEffect(() => {
    let waiting: FeedEvent[] = [];
    let gap = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      timer = undefined;
      if (document.hidden || (waiting.length === 0 && !gap)) return;
      const events = waiting;
      const missed = gap;
      waiting = [];
      gap = false;
      latest.current(events, missed);
    };
    const schedule = (): void => {
      timer ??= setTimeout(flush, BATCH_MS);
    };
    const stop = watchFeed({
      ...(order === undefined ? {} : { order }),
      onEvents: (events) => {
        for (const event of events) waiting.push(event);
        if (waiting.length > LARGEST_BATCH) {
          waiting = waiting.slice(-LARGEST_BATCH);
          gap = true;
        }
        schedule();
      },
      onGap: () => {
        gap = true;
        schedule();
      },
    });
    document.addEventListener("visibilitychange", schedule);
    return () => {
      stop();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", schedule);
    };
  }, [order]);
}
