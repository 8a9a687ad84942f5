/**
 * One endpoint's own way: everything that one webhook is told goes through its lane, which has slots and a
 * pace of its own. An endpoint that hangs or refuses fills its own slots, and costs the others nothing.
 *
 * E1 A message is written down as delivered after it was taken. A process that dies in between sends it once
 *    more, under the same id: a receiver recognises it by that. What was written down is not sent again from
 *    the feed.
 * E2 A message that is not taken is tried again with growing pauses for three days, and then put aside, where
 *    a person sees it. With the ordering `key` it holds up the later ones of its subject meanwhile, and no
 *    others.
 * E3 An endpoint that takes nothing rests: after some tries one message at a time tries it, ever less often.
 *    After three days it is paused, or at once where it answers 410; nothing is put aside for that. What
 *    happens meanwhile stays in the feed, and is told when somebody ends the pause.
 * E4 What a message says is read from where it happened, for each try: it is kept nowhere else.
 * E5 What was set of a webhook is looked at before each message: one that was switched off, removed or
 *    changed, or that another process has moved on, is sent nothing by what it was before.
 * E6 What is slow to be answered gives way: it is written down as under way until a moment after its time is
 *    up, so that the place of the webhook moves on; what became of it is written down when it is known.
 */
import { setTimeout as delay } from "node:timers/promises";
import { inOrderSpan, inOutgoingSpan } from "../../config/trace.ts";
import type { WebhookSource } from "../../contract/settings/webhook-events.ts";
import type { WebhookAnswer } from "../../ports/webhook-sender.ts";
import {
  MOST_OPEN_COUNTED,
  pauseWebhook,
  readWebhook,
  type WebhookSubscription,
} from "../../store/settings/webhook-subscriptions.ts";
import { compareFeedCursors, type FeedCursor, type FeedPage } from "../../store/sql/feed-cursor.ts";
import { writeDomainEvents } from "../../store/webhooks/domain-events.ts";
import {
  hastenDeliveries,
  heldUpSubjects,
  knownMessages,
  type Outcome,
  openDeliveries,
  type Places,
  type Progress,
  recordOutcomes,
} from "../../store/webhooks/webhook-deliveries.ts";
import type { WebhookEvent } from "../../store/webhooks/webhook-events.ts";
import type { EventTail } from "./event-tail.ts";
import { bodyOf, messageIdOf, signedMessage } from "./message.ts";
import { GIVE_UP_MS, pauseMs, REST_AFTER, restMs } from "./pauses.ts";
import { goOnWithReplay } from "./replay.ts";
import { isWanted } from "./wanted.ts";
import type { WebhookContext } from "./webhook-context.ts";

const SLOTS = 32;
const BATCH = 200;
/** Settings are read again after it, told or not. */
const FRESH_MS = 1_000;
/** A message gives way to those behind it after so long (E6). */
const GIVE_WAY_MS = 250;
/** Longer than any answer is waited for. */
const UNDER_WAY_MS = 20_000;
/** What ends within it is written down together. */
const GATHER_MS = 20;
/** A place in the feed before which there was nothing to tell is written down now and then. */
const PASS_OVER_MS = 2_000;

const SOURCES: readonly WebhookSource[] = ["orders", "system"];

/** A message that is to be sent. */
type Job = {
  readonly messageId: string;
  readonly event: WebhookEvent | null;
  readonly of: Outcome["event"];
  readonly state: "waiting" | "again";
  /** Tries before. */
  readonly attempts: number;
  /** Null: it is new, and nothing is written down of it. */
  readonly firstTriedAt: Date | null;
};

/** What became of a batch. */
type Sent = {
  readonly outcomes: Outcome[];
  /** New ones that were not sent: the webhook's place stays before them. */
  readonly unsent: Set<Job>;
  readonly tally: Tally;
};

type Finished = { readonly outcomes: Outcome[]; readonly tally: Tally; readonly written: Promise<void> };

type Tally = { taken: number; refused: number; isGone: boolean; retryAfterMs: number };

type Pages = { readonly [Source in WebhookSource]: FeedPage<WebhookEvent> | null };

export class EndpointLane {
  readonly id: string;
  private readonly context: WebhookContext;
  private readonly tail: EventTail;
  private readonly giveWayMs: number;
  private readonly isTold: boolean;
  private webhook: WebhookSubscription | null = null;
  /** How far the feeds were read, beyond what is written down. */
  private reach: Places | null = null;
  private readAt = -Infinity;
  private isStale = true;
  private passedAt = performance.now();
  /**
   * Whether there was something in the feeds since. Their end moves on by itself, which is not written down.
   */
  private hasPassed = false;
  /**
   * After a start, or after a batch that was broken off, some behind the webhook's place may have been sent.
   */
  private isUncertain = true;
  /** Messages that gave way, by their ids. */
  private readonly underWay = new Map<string, Promise<void>>();
  /** What became of those that are written down together next. */
  private finished: Finished | null = null;
  private writing: Promise<void> = Promise.resolve();

  /**
   * @param options.giveWayMs Infinity: each batch is waited for to its end
   * @param options.isTold whether somebody calls `settingsChanged`; else settings are read before each message
   */
  constructor(
    context: WebhookContext,
    tail: EventTail,
    id: string,
    options: { readonly giveWayMs?: number; readonly isTold?: boolean } = {},
  ) {
    this.context = context;
    this.tail = tail;
    this.id = id;
    this.giveWayMs = options.giveWayMs ?? GIVE_WAY_MS;
    this.isTold = options.isTold ?? true;
  }

  /** What is set may have changed. */
  settingsChanged(): void {
    this.isStale = true;
  }

  /** Delivers what is due. @returns whether there may be more at once */
  async step(): Promise<boolean> {
    const { now, slots = SLOTS } = this.context;
    const webhook = await this.current();
    if (webhook === null || (webhook.dueAt !== null && webhook.dueAt.getTime() > now())) return false;
    const isTrying = webhook.attempts >= REST_AFTER;
    const room = (isTrying ? 1 : slots) - this.underWay.size;
    if (room <= 0) {
      await Promise.race(this.underWay.values());
      return true;
    }
    const isReplaying = !isTrying && webhook.isReplaying && (await goOnWithReplay(this.context, webhook));
    if (isReplaying) this.readAnew();
    const repeats =
      webhook.open === 0 && !isReplaying ? [] : await this.dueJobs(webhook, isTrying ? 1 : BATCH);
    const isFull = webhook.open >= MOST_OPEN_COUNTED;
    const pages = isFull || (isTrying && repeats.length > 0) ? NO_PAGES : await this.readOn();
    const fresh = await this.freshJobs(webhook, pages);
    const held = await this.heldUp(webhook, fresh);
    const jobs = [...repeats, ...fresh.filter((job) => !held.has(job))];
    const chosen = isTrying ? jobs.slice(0, 1) : jobs;
    const sent = await this.send(webhook, chosen, room);
    for (const job of jobs.slice(chosen.length)) if (job.firstTriedAt === null) sent.unsent.add(job);
    for (const job of held) sent.outcomes.push(waiting(job, null));
    await this.record(webhook, pages, sent);
    await this.takeConsequences(webhook, sent.tally);
    const isMore =
      SOURCES.some((source) => pages[source]?.more === true) || repeats.length > 0 || isReplaying;
    return isMore && sent.tally.refused === 0;
  }

  /** Waits for what is under way, and writes down how far the feeds were read. */
  async settle(): Promise<void> {
    await Promise.all(this.underWay.values());
    if (this.webhook !== null) await this.passOver(this.webhook);
  }

  /** @returns null where nothing may be sent (E5) */
  private async current(): Promise<WebhookSubscription | null> {
    if (this.context.isEnding?.() === true) return null;
    if (!this.isStale && performance.now() - this.readAt < FRESH_MS) return this.webhook;
    const before = this.webhook;
    this.isStale = false;
    this.readAt = performance.now();
    try {
      this.webhook = await this.readActive();
    } catch (error) {
      this.isStale = true;
      throw error;
    }
    const places = this.webhook?.places ?? null;
    if (before === null || places === null || !isSamePlace(before.places, places)) {
      this.reach = places;
      this.isUncertain = true;
    }
    return this.webhook;
  }

  private async readActive(): Promise<WebhookSubscription | null> {
    const webhook = await readWebhook(this.context.database, this.context.box, this.id);
    return webhook?.active === true && webhook.pausedAt === null ? webhook : null;
  }

  /** Whether the next message may be sent by what the webhook was when its batch began. */
  private async mayGoOn(webhook: WebhookSubscription): Promise<boolean> {
    if (this.context.isEnding?.() === true) return false;
    if (this.isTold && !this.isStale) return true;
    const now = await this.readActive();
    // Left stale: the next step begins with what it is now.
    return now !== null && settingsOf(now) === settingsOf(webhook) && isSamePlace(now.places, webhook.places);
  }

  private async dueJobs(webhook: WebhookSubscription, limit: number): Promise<readonly Job[]> {
    const found = await openDeliveries(this.context.database, this.id, {
      isOrdered: webhook.ordering === "key",
      now: new Date(this.context.now()),
      limit,
    });
    // How many there are is known anew when they have been tried.
    this.readAnew();
    return found.filter(({ messageId }) => !this.underWay.has(messageId));
  }

  private async readOn(): Promise<Pages> {
    const { reach } = this;
    if (reach === null) return NO_PAGES;
    const [orders, system] = await Promise.all(
      SOURCES.map((source) => this.tail.read(source, reach[source])),
    );
    return { orders: orders ?? null, system: system ?? null };
  }

  /** What the pages have for this webhook, and was not sent before. */
  private async freshJobs(webhook: WebhookSubscription, pages: Pages): Promise<readonly Job[]> {
    const jobs = SOURCES.flatMap((source) => pages[source]?.entries ?? [])
      .filter((event) => isWanted(webhook, event))
      .map((event) => ({
        messageId: messageIdOf(event),
        event,
        of: event,
        state: "waiting" as const,
        attempts: 0,
        firstTriedAt: null,
      }));
    if (!this.isUncertain || jobs.length === 0) return jobs;
    const known = await knownMessages(
      this.context.database,
      this.id,
      jobs.map(({ messageId }) => messageId),
    );
    if (known.size === 0) this.isUncertain = false;
    return jobs.filter(({ messageId }) => !known.has(messageId));
  }

  /** Those whose subject has a message before them that was not taken yet. */
  private async heldUp(webhook: WebhookSubscription, jobs: readonly Job[]): Promise<ReadonlySet<Job>> {
    if (webhook.ordering === "none" || webhook.open === 0 || jobs.length === 0) return new Set();
    const subjects = await heldUpSubjects(
      this.context.database,
      this.id,
      jobs.map(({ of }) => of.subject),
    );
    return new Set(jobs.filter(({ of }) => subjects.has(of.subject)));
  }

  /** Sends them side by side, those of a subject one after the other where they are to be in order. */
  private async send(webhook: WebhookSubscription, jobs: readonly Job[], room: number): Promise<Sent> {
    const sent: Sent = {
      outcomes: [],
      unsent: new Set(),
      tally: { taken: 0, refused: 0, isGone: false, retryAfterMs: 0 },
    };
    const chains = chainsOf(jobs, webhook.ordering === "key");
    const workers = new Set<ChainWorker>();
    for (let count = Math.min(room, chains.length); count > 0; count -= 1)
      workers.add(new ChainWorker(this.context, webhook, chains, sent, () => this.mayGoOn(webhook)));
    const isOver = Promise.all([...workers].map((worker) => worker.run()));
    await this.untilOverOrSlow(isOver, workers, chains);
    const until = new Date(this.context.now() + UNDER_WAY_MS);
    for (const worker of workers) {
      const job = worker.giveWay();
      if (job === null) continue;
      sent.outcomes.push(waiting(job, until));
      this.underWay.set(job.messageId, this.finishLater(webhook, worker, job));
    }
    return sent;
  }

  /** A slow message holds up its batch for a moment only, once all others are done (E6). */
  private async untilOverOrSlow(
    isOver: Promise<unknown>,
    workers: ReadonlySet<ChainWorker>,
    chains: readonly unknown[],
  ): Promise<void> {
    if (this.giveWayMs === Infinity) {
      await isOver;
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const isSlow = new Promise<void>((resolve) => {
      timer = setInterval(() => {
        const isOnlySlow = [...workers].every(({ isDone, busyMs }) => isDone || busyMs >= this.giveWayMs);
        if (chains.length === 0 && isOnlySlow) resolve();
      }, this.giveWayMs / 5);
    });
    await Promise.race([isOver, isSlow]).finally(() => clearInterval(timer));
  }

  /**
   * What became of messages that gave way is written down together: an endpoint whose messages all run out of
   * time at once must not take the database from the others.
   */
  private async finishLater(webhook: WebhookSubscription, worker: ChainWorker, job: Job): Promise<void> {
    try {
      const answer = await worker.answer;
      this.finished ??= this.newlyFinished();
      const { outcomes, tally, written } = this.finished;
      outcomes.push(outcomeOf(this.context, webhook, job, answer, tally));
      await written;
    } finally {
      this.underWay.delete(job.messageId);
      this.readAnew();
    }
  }

  private newlyFinished(): Finished {
    const outcomes: Outcome[] = [];
    const tally: Tally = { taken: 0, refused: 0, isGone: false, retryAfterMs: 0 };
    const before = this.writing;
    const written = (async () => {
      // What ends while others are written down, or within a moment, goes with the next ones.
      await before.catch(() => undefined);
      await delay(GATHER_MS);
      this.finished = null;
      const now = this.webhook ?? (await this.readActive());
      const health = now === null ? null : healthAfter(this.context, now, tally);
      const progress = now === null ? null : { from: now.places, to: now.places, health };
      await recordOutcomes(this.context.database, this.id, outcomes, progress);
      if (now === null) return;
      if (health !== null && this.webhook !== null) this.webhook = { ...this.webhook, ...health };
      await this.takeConsequences(now, tally);
    })();
    this.writing = written;
    return { outcomes, tally, written };
  }

  /** An endpoint that takes nothing for days is paused; one that takes messages again gets those that wait. */
  private async takeConsequences(
    before: WebhookSubscription,
    { taken, refused, isGone }: Tally,
  ): Promise<void> {
    if (isGone) await this.pause(before, "gone");
    else if (refused > 0 && taken === 0 && this.isPastHope(before)) await this.pause(before, "failing");
    else if (taken > 0 && before.attempts >= REST_AFTER) {
      await hastenDeliveries(this.context.database, this.id, [...this.underWay.keys()]);
      this.readAnew();
    }
  }

  /** How it is, and how much waits, is read at the next step. */
  private readAnew(): void {
    this.readAt = -Infinity;
  }

  private async record(
    webhook: WebhookSubscription,
    pages: Pages,
    { outcomes, unsent, tally }: Sent,
  ): Promise<void> {
    const { reach } = this;
    if (reach === null) return;
    const to = {
      orders: placeAfter(pages.orders, reach.orders, unsent),
      system: placeAfter(pages.system, reach.system, unsent),
    };
    if (unsent.size > 0) this.isUncertain = true;
    const health = healthAfter(this.context, webhook, tally);
    this.reach = to;
    this.hasPassed ||= SOURCES.some((source) => (pages[source]?.entries.length ?? 0) > 0);
    if (outcomes.length === 0 && health === null) {
      if (performance.now() - this.passedAt > PASS_OVER_MS) await this.passOver(webhook);
      return;
    }
    try {
      await this.write(webhook, outcomes, { from: webhook.places, to, health });
    } catch (error) {
      // What is written down is not known: the next step reads it.
      this.webhook = null;
      this.isStale = true;
      throw error;
    }
    if (outcomes.some(({ state }) => state !== "delivered")) this.readAnew();
  }

  private async passOver(webhook: WebhookSubscription): Promise<void> {
    const { reach } = this;
    if (reach === null || !this.hasPassed) return;
    await this.write(webhook, [], { from: webhook.places, to: reach, health: null });
  }

  private async write(
    webhook: WebhookSubscription,
    outcomes: readonly Outcome[],
    progress: Progress,
  ): Promise<void> {
    await recordOutcomes(this.context.database, this.id, outcomes, progress);
    this.passedAt = performance.now();
    this.hasPassed = false;
    const now = this.webhook ?? webhook;
    this.webhook = { ...now, places: progress.to, ...(progress.health ?? {}) };
  }

  /** Whether it has taken nothing for as long as it is tried. */
  private isPastHope({ failingSince }: WebhookSubscription): boolean {
    return failingSince !== null && this.context.now() - failingSince.getTime() >= GIVE_UP_MS;
  }

  private async pause({ failingSince }: WebhookSubscription, reason: "failing" | "gone"): Promise<void> {
    const { database } = this.context;
    this.readAnew();
    if (!(await pauseWebhook(database, this.id, reason))) return;
    const data = { webhook: this.id, reason, failingSince: failingSince?.toISOString() ?? null };
    const event = { type: "webhook_endpoint.paused", subject: this.id, locationId: null, data };
    await writeDomainEvents(database, [event]);
  }
}

const NO_PAGES: Pages = { orders: null, system: null };

/** Sends the messages of one chain after the other. */
class ChainWorker {
  answer: Promise<WebhookAnswer> = Promise.resolve(NOT_KEPT);
  isDone = false;
  private readonly context: WebhookContext;
  private readonly webhook: WebhookSubscription;
  private readonly chains: Job[][];
  private readonly sent: Sent;
  private readonly mayGoOn: () => Promise<boolean>;
  private chain: Job[] = [];
  /** That it is at. */
  private job: Job | null = null;
  /** Null: it was not sent yet. */
  private begunAt: number | null = null;
  private isLetGo = false;

  constructor(
    context: WebhookContext,
    webhook: WebhookSubscription,
    chains: Job[][],
    sent: Sent,
    mayGoOn: () => Promise<boolean>,
  ) {
    this.context = context;
    this.webhook = webhook;
    this.chains = chains;
    this.sent = sent;
    this.mayGoOn = mayGoOn;
  }

  /** For how long its message is under way; 0: none is. */
  get busyMs(): number {
    return this.begunAt === null ? 0 : performance.now() - this.begunAt;
  }

  async run(): Promise<void> {
    for (;;) {
      this.begunAt = null;
      this.job = this.next();
      if (this.job === null) break;
      if (this.isHopeless() || !(await this.mayGoOn())) {
        // Whoever let it go meanwhile has left them.
        if (this.isLetGo) return;
        this.leave([this.job, ...this.chain, ...this.chains.flat()]);
        this.chains.length = 0;
        break;
      }
      if (this.isLetGo) return;
      const { job } = this;
      this.begunAt = performance.now();
      this.answer = sendJob(this.context, this.webhook, job);
      const answer = await this.answer;
      // Whoever let it go writes down what became of it.
      if (this.isLetGo) return;
      const outcome = outcomeOf(this.context, this.webhook, job, answer, this.sent.tally);
      this.sent.outcomes.push(outcome);
      if (outcome.state === "waiting" || outcome.state === "again") this.holdUp();
    }
    this.job = null;
    this.isDone = true;
  }

  /** @returns the message that is still under way, for somebody else to wait for; null: there is none */
  giveWay(): Job | null {
    if (this.isDone || this.job === null) return null;
    this.isLetGo = true;
    if (this.begunAt !== null) {
      this.holdUp();
      return this.job;
    }
    this.leave([this.job, ...this.chain]);
    return null;
  }

  /** Nothing of this batch was taken, and the endpoint has refused enough. */
  private isHopeless(): boolean {
    const { taken, refused, isGone } = this.sent.tally;
    return isGone || (taken === 0 && refused > 0 && refused + this.webhook.attempts >= REST_AFTER);
  }

  private next(): Job | null {
    if (this.chain.length === 0) this.chain = this.chains.shift() ?? [];
    return this.chain.shift() ?? null;
  }

  /** Those behind a message that was not taken wait for it. */
  private holdUp(): void {
    for (const job of this.chain) if (job.firstTriedAt === null) this.sent.outcomes.push(waiting(job, null));
    this.chain = [];
  }

  private leave(jobs: readonly Job[]): void {
    for (const job of jobs) if (job.firstTriedAt === null) this.sent.unsent.add(job);
    this.chain = [];
  }
}

function chainsOf(jobs: readonly Job[], isOrdered: boolean): Job[][] {
  if (!isOrdered) return jobs.map((job) => [job]);
  const chains = new Map<string, Job[]>();
  for (const job of jobs) {
    // What is told once more is in order among itself.
    const name = `${job.state} ${job.of.source} ${job.of.subject}`;
    const chain = chains.get(name);
    if (chain === undefined) chains.set(name, [job]);
    else chain.push(job);
  }
  return [...chains.values()];
}

function sendJob(context: WebhookContext, webhook: WebhookSubscription, job: Job): Promise<WebhookAnswer> {
  const { event, messageId } = job;
  if (event === null) return Promise.resolve(NOT_KEPT);
  const post = (traceHeaders: Readonly<Record<string, string>> = {}) =>
    context.sender.send(
      signedMessage(webhook, { id: messageId, body: bodyOf(event) }, context.now(), traceHeaders),
    );
  if (event.orderId === null) return post();
  const about = { "holdfast.event": event.type, "holdfast.webhook": webhook.id };
  return inOrderSpan(event.orderId, "webhook", about, () =>
    inOutgoingSpan("POST webhook", { "http.request.method": "POST" }, async (traceHeaders, span) => {
      const answer = await post(traceHeaders);
      if (answer.status !== null) span?.setAttribute("http.response.status_code", answer.status);
      return answer;
    }),
  );
}

const NOT_KEPT: WebhookAnswer = {
  status: null,
  problem: "What it told of is not kept any more.",
  ms: 0,
  answer: null,
  retryAfterMs: null,
};

function outcomeOf(
  { now, chance = Math.random }: WebhookContext,
  webhook: WebhookSubscription,
  job: Job,
  given: WebhookAnswer,
  tally: Tally,
): Outcome {
  const { messageId, of: event } = job;
  const { status, problem, ms, answer, retryAfterMs } = given;
  const at = now();
  const tried = { at: new Date(at).toISOString(), status, ms, answer, problem };
  const isTaken = status !== null && status >= 200 && status < 300;
  if (isTaken) tally.taken += 1;
  if (isTaken) return { messageId, event, state: "delivered", tried, dueAt: null };
  if (given === NOT_KEPT) return { messageId, event, state: "dead", tried, dueAt: null };
  tally.refused += 1;
  tally.isGone ||= status === 410;
  if (status === 429 || status === 503) tally.retryAfterMs = Math.max(tally.retryAfterMs, retryAfterMs ?? 0);
  const firstAt = job.attempts === 0 ? at : (job.firstTriedAt?.getTime() ?? at);
  const { failingSince } = webhook;
  // Where nothing at all is taken, the endpoint is paused, and its messages wait.
  const isEndpoints = failingSince !== null && at - failingSince.getTime() >= GIVE_UP_MS;
  if (at - firstAt >= GIVE_UP_MS && !isEndpoints)
    return { messageId, event, state: "dead", tried, dueAt: null };
  const pause = Math.max(pauseMs(job.attempts + 1, chance), retryAfterMs ?? 0);
  return { messageId, event, state: job.state, tried, dueAt: new Date(at + pause) };
}

/** How the webhook is after a batch; null: as before. */
function healthAfter(
  { now, chance = Math.random }: WebhookContext,
  { attempts, failingSince }: WebhookSubscription,
  { taken, refused, retryAfterMs }: Tally,
): Progress["health"] {
  const at = now();
  const wanted = retryAfterMs > 0 ? new Date(at + retryAfterMs) : null;
  if (taken > 0)
    return attempts === 0 && wanted === null ? null : { attempts: 0, failingSince: null, dueAt: wanted };
  if (refused === 0) return null;
  const since = failingSince ?? new Date(at);
  const tries = attempts + refused;
  const rest = tries < REST_AFTER ? null : new Date(at + restMs(at - since.getTime(), chance));
  const dueAt = wanted !== null && (rest === null || wanted > rest) ? wanted : rest;
  return { attempts: tries, failingSince: since, dueAt };
}

function waiting({ messageId, of: event, state }: Job, dueAt: Date | null): Outcome {
  return { messageId, event, state, tried: null, dueAt };
}

/** The place up to which all of a page was dealt with. */
function placeAfter(
  page: FeedPage<WebhookEvent> | null,
  before: FeedCursor,
  unsent: ReadonlySet<Job>,
): FeedCursor {
  if (page === null) return before;
  const left = new Set([...unsent].map(({ event }) => event));
  const first = page.entries.findIndex((event) => left.has(event));
  if (first < 0) return page.cursor;
  return page.entries[first - 1]?.cursor ?? before;
}

function isSamePlace(a: Places, b: Places): boolean {
  return SOURCES.every((source) => compareFeedCursors(a[source], b[source]) === 0);
}

function settingsOf(webhook: WebhookSubscription): string {
  const { url, events, channelId, locations, ordering, secret, former } = webhook;
  return JSON.stringify([url, events, channelId, locations, ordering, secret, former]);
}
