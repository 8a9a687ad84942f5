/**
 * Data of the API as it is shown: loaded when a component appears or its key changes, loaded again on demand.
 * The last good data stays on screen while the next is being loaded. What could not be reached is tried again
 * by itself: after growing pauses, and at once when the connection is back.
 */
import { effect } from "@preact/signals";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { feedState } from "../api/feed.ts";
import { outcomeUnknown } from "../api/problem.ts";

export type Resource<T> = {
  readonly data: T | undefined;
  readonly error: Error | undefined;
  readonly loading: boolean;
  readonly reload: () => void;
  /** Shows `data` at once, e.g. what a change answered. */
  readonly replace: (change: (data: T) => T) => void;
};

type State<T> = {
  readonly key: string;
  readonly data?: T;
  readonly error?: Error;
  readonly loading: boolean;
};

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

/**
 * @param key names what is loaded; a new key drops the data of the old one.
 * @param before what is shown until the first load is back, where it is known from an earlier visit
 */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  before?: () => T | undefined,
): Resource<T> {
  const begin = (): State<T> => {
    const data = before?.();
    return { key, loading: true, ...(data === undefined ? {} : { data }) };
  };
  const [kept, setState] = useState<State<T>>(begin);
  const state = kept.key === key ? kept : begin();
  const latest = useRef({ key, load });
  latest.current = { key, load };
  const running = useRef<AbortController | null>(null);
  const again = useRef(false);
  const tries = useRef(0);

  const start = useCallback(() => {
    // One request at a time: all that is asked meanwhile is answered by one more request afterwards.
    if (running.current !== null) {
      again.current = true;
      return;
    }
    const abort = new AbortController();
    running.current = abort;
    const { key: asked, load: run } = latest.current;
    const settle = (next: (former: State<T>) => State<T>): void => {
      if (abort.signal.aborted) return;
      running.current = null;
      setState((former) => (former.key === asked ? next(former) : former));
      if (again.current) {
        again.current = false;
        start();
      }
    };
    setState((former) => (former.key === asked ? { ...former, loading: true } : former));
    run(abort.signal).then(
      (data) => {
        tries.current = 0;
        settle(() => ({ key: asked, data, loading: false }));
      },
      (error: unknown) =>
        settle((former) => ({
          ...former,
          error: error instanceof Error ? error : new Error(String(error)),
          loading: false,
        })),
    );
  }, []);

  useEffect(() => {
    setState((former) => (former.key === key ? { ...former, loading: true } : begin()));
    tries.current = 0;
    start();
    return () => {
      running.current?.abort();
      running.current = null;
      again.current = false;
    };
  }, [key, start]);

  const { error, loading } = state;
  useEffect(() => {
    if (loading || error === undefined || !outcomeUnknown(error)) return;
    tries.current += 1;
    const pause = Math.min(FIRST_RETRY_MS * 2 ** (tries.current - 1), LONGEST_RETRY_MS);
    const timer = setTimeout(start, pause);
    window.addEventListener("online", start);
    // Its first call tells what is so already.
    let isFirst = true;
    const unwatch = effect(() => {
      if (feedState.value === "live" && !isFirst) start();
      isFirst = false;
    });
    return () => {
      clearTimeout(timer);
      window.removeEventListener("online", start);
      unwatch();
    };
  }, [error, loading, start]);

  const replace = useCallback((change: (data: T) => T) => {
    setState((former) =>
      former.key !== latest.current.key || former.data === undefined
        ? former
        : { ...former, data: change(former.data) },
    );
  }, []);

  return { data: state.data, error, loading, reload: start, replace };
}
