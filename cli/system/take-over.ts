/**
 * Whether another process has taken over the stock. Who has lost it cannot get it back, and ends, so that
 * nobody is sent to a process that can do nothing for them. (Who loses other work of one process stands by
 * for it: `role-standby.ts`.)
 */

/** How often the lease is looked at. Milliseconds. */
const LOOK_MS = 1_000;

type Watch = {
  /** Resolves with what was taken over, as the end of a sentence. Never rejects. */
  readonly taken: Promise<string>;
  stop(): void;
};

/**
 * @param isStockTaken may reject: while the database is away, nobody takes anything over
 */
export function watchTakeOver(isStockTaken: () => Promise<boolean>, lookMs = LOOK_MS): Watch {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const stock = new Promise<string>((resolve) => {
    const look = async (): Promise<void> => {
      if (await isStockTaken().catch(() => false)) resolve("the stock");
      else if (!isStopped) timer = setTimeout(look, lookMs);
    };
    timer = setTimeout(look, lookMs);
  });
  return {
    taken: stock,
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
