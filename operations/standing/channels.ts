/**
 * A worker for each channel that is connected, begun and ended as people connect, change and disconnect
 * channels; and the reader of the stock's feed that tells all of them which SKUs have changed.
 */
import type { Logger } from "pino";
import type { ChannelCalls } from "../../config/channel-calls.ts";
import { JobLog } from "../../config/job-log.ts";
import type { SecretBox } from "../../config/secret-box.ts";
import type { ChannelDesk } from "../../ports/channel-desk.ts";
import type { ChannelAdapter } from "../../ports/channels.ts";
import {
  type ChannelAccount,
  readChannelAccounts,
  replaceChannelSecrets,
} from "../../store/channels/accounts.ts";
import { noteChannelProblem } from "../../store/channels/progress.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { type Listener, startListener } from "../../store/sql/listener.ts";
import { readStockFeed, type StockFeedCursor, stockFeedEnd } from "../../store/stock/stock-feed.ts";
import { CALL_MS, CallBudget } from "../channels/call-budget.ts";
import { type ChannelWorker, startChannelWorker } from "../channels/channel-worker.ts";
import type { OperationContext } from "../context.ts";
import { createDocumentPool } from "../documents/document-pool.ts";
import { startProviderWorker } from "../providers/provider-worker.ts";

const LOOK_AGAIN_MS = 10_000;
const STOCK_MS = 200;
const STOCK_BATCH = 1_000;
/** Of calls that are under way when the process ends: they are made once more by whoever comes next. */
const END_MS = 3_000;

export type ChannelsContext = {
  readonly context: OperationContext;
  readonly box: SecretBox;
  readonly desk: ChannelDesk;
  readonly adapters: ReadonlyMap<string, ChannelAdapter>;
  /** Is told of what channels are asked. */
  readonly calls?: ChannelCalls;
};

export function runChannels(
  { context, box, desk, adapters, calls }: ChannelsContext,
  logger: Logger,
  jobs: JobLog = new JobLog(),
): Pick<Listener, "stop"> {
  const record = jobs.of("channels", LOOK_AGAIN_MS);
  const { database } = context;
  const exchanges = new Map<string, Promise<void>>();
  const ending = new Set<ChannelWorker>();
  // Its thread begins with the first document.
  const documents = createDocumentPool();
  let isStopped = false;
  const workers = new Map<string, { readonly print: string; readonly worker: ChannelWorker }>();

  /**
   * The vendor has replaced a secret. It is written down for whoever begins next; who works with it goes on,
   * and is not taken for one whose account somebody has changed.
   */
  const keep = async (channelId: string, replaced: Readonly<Record<string, string>>): Promise<void> => {
    const running = workers.get(channelId);
    if (running !== undefined) {
      const account = JSON.parse(running.print) as ChannelAccount;
      const print = JSON.stringify({ ...account, secrets: { ...account.secrets, ...replaced } });
      workers.set(channelId, { ...running, print });
    }
    await inTransaction(database, (client) => replaceChannelSecrets(client, box, channelId, replaced));
  };

  const begin = async (account: ChannelAccount, print: string): Promise<void> => {
    const { channelId, kind, plain, secrets } = account;
    try {
      const connection = await desk.connect(kind, { ...plain, ...secrets }, (replaced) =>
        keep(channelId, replaced),
      );
      const budget = new CallBudget(connection.limits);
      calls?.follow(channelId, () => budget.figures());
      const worker = startChannelWorker({
        context,
        adapters,
        account,
        connection,
        budget,
        documents,
        logger,
      });
      const { fulfillment: provider } = connection;
      const locationId = account.runsLocation;
      const keeper =
        provider === undefined || locationId === null
          ? null
          : startProviderWorker({ context, channelId, provider, locationId, budget, logger });
      // Their calls are one budget's, which the channel's worker ends for both.
      const stop = async (graceMs: number) => {
        await Promise.all([worker.stop(graceMs), keeper?.stop()]);
      };
      workers.set(channelId, { print, worker: { ...worker, stop } });
    } catch (error) {
      logger.error({ err: error, channel: channelId }, "the channel cannot be connected as it is set");
      const detail = "Its account cannot be used as it is set.";
      await noteChannelProblem(database, channelId, { code: "account_unusable", detail });
    }
  };

  /**
   * One is begun once the one before it has ended, so that nothing late of that arrives after it: that may
   * wait for a channel, and concerns no other.
   */
  const exchange = (channelId: string, account: ChannelAccount | undefined): void => {
    const before = workers.get(channelId)?.worker;
    workers.delete(channelId);
    calls?.forget(channelId);
    if (before !== undefined) ending.add(before);
    const exchanging = Promise.resolve(before?.stop(CALL_MS))
      .then(() => (account === undefined || isStopped ? undefined : begin(account, JSON.stringify(account))))
      .catch((error: unknown) =>
        logger.error({ err: error, channel: channelId }, "a channel's work could not be begun or ended"),
      )
      .finally(() => {
        if (before !== undefined) ending.delete(before);
        exchanges.delete(channelId);
        // It may have been changed once more meanwhile.
        if (!isStopped) listener.wake();
      });
    exchanges.set(channelId, exchanging);
  };

  const follow = async (isTold: boolean): Promise<void> => {
    const accounts = (await readChannelAccounts(database, box)).filter(
      ({ active, channelActive }) => active && channelActive,
    );
    const wanted = new Map(accounts.map((account) => [account.channelId, account]));
    for (const channelId of new Set([...workers.keys(), ...wanted.keys()])) {
      if (exchanges.has(channelId)) continue;
      const account = wanted.get(channelId);
      const running = workers.get(channelId);
      if (running === undefined || account === undefined || JSON.stringify(account) !== running.print)
        exchange(channelId, account);
      else if (isTold) running.worker.wake();
    }
  };

  const listener: Listener = startListener({
    database,
    channel: "settings",
    everyMs: LOOK_AGAIN_MS,
    work: async (isDue) => {
      await follow(!isDue);
      return false;
    },
    onDone: record.done,
    onFault: (error) => {
      record.failed();
      logger.error({ err: error }, "channels could not be looked for");
    },
  });

  let endPause: () => void = () => {};
  let place: StockFeedCursor | null = null;
  const stock = (async () => {
    while (!isStopped) {
      let isMore = false;
      try {
        if (workers.size === 0) place = null;
        else if (place === null) {
          place = await stockFeedEnd(database);
          // What changed before is no entry behind that place.
          for (const { worker } of workers.values()) worker.stockChanged(null);
        } else {
          const page = await readStockFeed(database, place, { skus: null, locations: null }, STOCK_BATCH);
          place = page.cursor;
          isMore = page.more;
          const skus = [...new Set(page.entries.map(({ sku }) => sku))];
          if (skus.length > 0) for (const { worker } of workers.values()) worker.stockChanged(skus);
        }
      } catch (error) {
        logger.error({ err: error }, "the stock's feed could not be read");
      }
      if (!isMore && !isStopped)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, STOCK_MS);
          endPause = () => {
            clearTimeout(timer);
            resolve();
          };
        });
    }
  })();

  return {
    stop: async () => {
      isStopped = true;
      endPause();
      await Promise.all([listener.stop(), stock]);
      await Promise.all([...ending].map((worker) => worker.stop(END_MS)));
      await Promise.all(exchanges.values());
      await Promise.all([...workers.values()].map(({ worker }) => worker.stop(END_MS)));
      await documents.close();
    },
  };
}
