/**
 * Whether another process has taken over what belongs to one process at a time: the stock, and the devices'
 * bridge. Who has lost one of them cannot get it back, and ends, so that nobody is sent to a process that can do
 * nothing for them.
 */

/** How often the leases are looked at. Milliseconds. */
const LOOK_MS = 1_000;

type Watch = {
  /** Resolves with what was taken over, as the end of a sentence. Never rejects. */
  readonly taken: Promise<string>;
  stop(): void;
};

/**
 * @param isStockTaken may reject: while the database is away, nobody takes anything over
 * @param bridgeLost resolves when another process has the bridge
 */
export function watchTakeOver(
  isStockTaken: () => Promise<boolean>,
  bridgeLost: Promise<void>,
  lookMs = LOOK_MS,
): Watch {
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
    taken: Promise.race([stock, bridgeLost.then(() => "the devices' bridge")]),
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
