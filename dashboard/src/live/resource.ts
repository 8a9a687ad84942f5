/**
 * Data of the API as it is shown: loaded when a component appears or its key changes, loaded again on demand.
 * The last good data stays on screen while the next is being loaded.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export type Resource<T> = {
  readonly data: T | undefined;
  readonly error: Error | undefined;
  readonly loading: boolean;
  readonly reload: () => void;
  /** Shows `data` at once, e.g. what a change answered. */
  readonly replace: (change: (data: T) => T) => void;
};

type State<T> = { readonly data?: T; readonly error?: Error; readonly loading: boolean };

/** @param key names what is loaded; a new key drops the data of the old one. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<State<T>>({ loading: true });
  const latestLoad = useRef(load);
  latestLoad.current = load;
  const running = useRef<AbortController | null>(null);
  const again = useRef(false);

  const start = useCallback(() => {
    // One request at a time: all that is asked meanwhile is answered by one more request afterwards.
    if (running.current !== null) {
      again.current = true;
      return;
    }
    const abort = new AbortController();
    running.current = abort;
    const settle = (next: (former: State<T>) => State<T>): void => {
      if (abort.signal.aborted) return;
      running.current = null;
      setState(next);
      if (again.current) {
        again.current = false;
        start();
      }
    };
    setState((former) => ({ ...former, loading: true }));
    latestLoad.current(abort.signal).then(
      (data) => settle(() => ({ data, loading: false })),
      (error: unknown) =>
        settle((former) => ({
          ...former,
          error: error instanceof Error ? error : new Error(String(error)),
          loading: false,
        })),
    );
  }, []);

  useEffect(() => {
    setState({ loading: true });
    start();
    return () => {
      running.current?.abort();
      running.current = null;
      again.current = false;
    };
  }, [key, start]);

  const replace = useCallback((change: (data: T) => T) => {
    setState((former) => (former.data === undefined ? former : { ...former, data: change(former.data) }));
  }, []);

  return { data: state.data, error: state.error, loading: state.loading, reload: start, replace };
}
