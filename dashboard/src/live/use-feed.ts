import { useEffect, useRef } from "preact/hooks";
import type { DeviceEvent } from "../../../contract/devices.ts";
import type { FeedEvent } from "../../../contract/stream.ts";
import { watchDevices, watchFeed } from "../api/feed.ts";

/**
 * Events come in batches: a page with a thousand events a second still renders only a few times.
 */
const BATCH_MS = 400;
/** The most events kept for one batch. A page that falls further behind reloads instead. */
const LARGEST_BATCH = 2_000;

type Sink<Event> = {
  readonly onEvents: (events: readonly Event[]) => void;
  readonly onGap: () => void;
};

/**
 * Watches the feed of orders as long as the component is shown. Batches wait while the browser tab is hidden.
 *
 * @param order only this order's events; `undefined` for all.
 * @param onBatch called with the events since the last call,
 *   oldest first; `gap` says that more may have happened.
 */
export function useFeed(
  order: string | undefined,
  onBatch: (events: readonly FeedEvent[], gap: boolean) => void,
): void {
  useBatches<FeedEvent>(
    order ?? "",
    (sink) => watchFeed({ ...(order === undefined ? {} : { order }), ...sink }),
    onBatch,
  );
}

/** The same of what happens to devices. */
export function useDeviceFeed(onBatch: (events: readonly DeviceEvent[], gap: boolean) => void): void {
  useBatches<DeviceEvent>("", watchDevices, onBatch);
}

/** @param key a new one begins to watch anew */
function useBatches<Event>(
  key: string,
  watch: (sink: Sink<Event>) => () => void,
  onBatch: (events: readonly Event[], gap: boolean) => void,
): void {
  const latest = useRef({ watch, onBatch });
  latest.current = { watch, onBatch };

  useEffect(() => {
    let waiting: Event[] = [];
    let gap = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      timer = undefined;
      if (document.hidden || (waiting.length === 0 && !gap)) return;
      const events = waiting;
      const missed = gap;
      waiting = [];
      gap = false;
      latest.current.onBatch(events, missed);
    };
    const schedule = (): void => {
      timer ??= setTimeout(flush, BATCH_MS);
    };
    const stop = latest.current.watch({
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
  }, [key]);
}
