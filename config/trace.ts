/**
 * Traces, as every floor writes them. Spans go through OpenTelemetry's API; who collects them is the
 * composition root's business (`cli/system/traces.ts`). Where nobody does, nothing here costs more than a
 * look at a variable.
 *
 * T1 The trace of an order is worked out from its id: whoever knows the order knows its trace, on any node,
 *    after any restart, without anything being stored or passed on. So a saga's code knows nothing of it.
 * T2 A request or message has a trace of its own, or its caller's. Where it captures or changes an order, the
 *    two are linked, both ways.
 * T3 No span holds personal data, a secret, or a text that somebody wrote: names, ids of orders, codes and
 *    numbers only. Of an error its kind is kept and not its words.
 */
import { createHash } from "node:crypto";
import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";

export type Collector = {
  readonly tracer: Tracer;
  /** Tells the orders of companies apart that share a store of traces. */
  readonly company: string;
  isSampled(traceId: string): boolean;
  /** The next span that is started has these ids. */
  nextIds(ids: { readonly traceId: string; readonly spanId: string }): void;
};

let collector: Collector | null = null;
let teller: ((work: OrderWork) => void) | null = null;

/** @param next null: nobody collects any more */
export function collectTraces(next: Collector | null): void {
  collector = next;
}

/** A finished piece of an order's work, as plain data. */
export type OrderWork = {
  readonly orderId: string;
  readonly name: string;
  readonly attributes: Attributes;
  /** Milliseconds since 1970, with fractions. */
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  /** What kind of error it ended with. */
  readonly errorType?: string;
};

/**
 * In a thread that has no collector of its own: what it does for orders is told to the thread that has one,
 * which makes the spans (`traceOrderWork`).
 *
 * @param next null: nobody is told any more
 */
export function tellOrderWork(next: ((work: OrderWork) => void) | null): void {
  teller = next;
}

export function isTracing(): boolean {
  return collector !== null || teller !== null;
}

/** The order's first span, of which all others of the order are children. Without its flags. */
export function orderSpanIds(company: string, orderId: string): Pick<SpanContext, "traceId" | "spanId"> {
  const hash = createHash("sha256").update(`holdfast order\n${company}\n${orderId}`).digest("hex");
  return { traceId: hash.slice(0, 32), spanId: hash.slice(32, 48) };
}

function orderSpan({ company, isSampled }: Collector, orderId: string): SpanContext {
  const ids = orderSpanIds(company, orderId);
  return {
    ...ids,
    traceFlags: isSampled(ids.traceId) ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  };
}

const ORDER_ID = "holdfast.order_id";

/** Milliseconds since 1970, with fractions. */
export type EngineTimes = {
  /** The engine was asked. */
  readonly askedAtMs: number;
  /** Its shards have decided: the round waited for its threads, was planned and placed. Null: none was asked. */
  readonly decidedAtMs: number | null;
  /** It was on the disk. */
  readonly committedAtMs: number;
};

/** An order was captured: begins its trace, and links it with that of the request. Does nothing else. */
export function traceCapturedOrder(
  orderId: string,
  facts: {
    readonly channel: string;
    readonly outcome: string;
    /** Milliseconds since 1970. */
    readonly beganAtMs: number;
    readonly engine: EngineTimes;
  },
): void {
  if (collector === null) return;
  const { tracer } = collector;
  const order = orderSpan(collector, orderId);
  const request = trace.getActiveSpan();
  collector.nextIds(order);
  const root = tracer.startSpan(
    "order",
    {
      root: true,
      startTime: facts.beganAtMs,
      attributes: {
        [ORDER_ID]: orderId,
        "holdfast.channel": facts.channel,
        "holdfast.outcome": facts.outcome,
      },
      links: request === undefined ? [] : [{ context: request.spanContext() }],
    },
    ROOT_CONTEXT,
  );
  const { askedAtMs, decidedAtMs, committedAtMs } = facts.engine;
  const part = { orderId, attributes: {} };
  if (decidedAtMs !== null)
    traceOrderWork({ ...part, name: "engine round", beganAtMs: askedAtMs, endedAtMs: decidedAtMs });
  const beganAtMs = decidedAtMs ?? askedAtMs;
  traceOrderWork({ ...part, name: "engine commit", beganAtMs, endedAtMs: committedAtMs });
  root.end();
  traceOrderInRequest(orderId);
}

/** What was done for an order becomes a span of its trace, or is told to whoever makes those. */
export function traceOrderWork(work: OrderWork): void {
  if (collector === null) {
    teller?.(work);
    return;
  }
  const { orderId, name, attributes, beganAtMs, endedAtMs, errorType } = work;
  const span = collector.tracer.startSpan(
    name,
    { startTime: beganAtMs, attributes: { [ORDER_ID]: orderId, ...attributes } },
    trace.setSpanContext(ROOT_CONTEXT, orderSpan(collector, orderId)),
  );
  if (errorType !== undefined)
    span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", errorType);
  span.end(endedAtMs);
}

/** Milliseconds since 1970, with fractions, by the clock that does not jump. */
export function traceClock(): number {
  return performance.timeOrigin + performance.now();
}

/** What is done now, is done to this order: its trace is found from that of the request. */
export function traceOrderInRequest(orderId: string): void {
  if (collector === null) return;
  trace
    .getActiveSpan()
    ?.setAttribute(ORDER_ID, orderId)
    .addLink({ context: orderSpan(collector, orderId), attributes: { [ORDER_ID]: orderId } });
}

/**
 * Runs `work` as a part of the order's trace.
 *
 * @param orderId null: it is about no order that is known here, and is not traced
 */
export function inOrderSpan<T>(
  orderId: string | null,
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
): Promise<T> {
  if (orderId === null) return work();
  if (collector === null) return teller === null ? work() : told({ orderId, name, attributes }, work);
  const order = orderSpan(collector, orderId);
  // A step that is done within another one of the same order hangs below it.
  const outer = context.active();
  const isWithin = trace.getSpanContext(outer)?.traceId === order.traceId;
  const parent = isWithin ? outer : trace.setSpanContext(ROOT_CONTEXT, order);
  const span = collector.tracer.startSpan(
    name,
    { kind: SpanKind.INTERNAL, attributes: { [ORDER_ID]: orderId, ...attributes } },
    parent,
  );
  return within(span, parent, work);
}

/**
 * Runs `work` as a request's or message's own span, in its caller's trace where it names one.
 *
 * @param headers of the caller, by lower-case name; `traceparent` and `tracestate` count
 * @param work may say more of the span when it knows it
 */
export function inCallersSpan<T>(
  name: string,
  headers: Readonly<Record<string, string | undefined>>,
  attributes: Attributes,
  work: (span: Span | null) => Promise<T>,
): Promise<T> {
  if (collector === null) return work(null);
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  const span = collector.tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  return within(span, parent, () => work(span));
}

/**
 * Runs `work` as a call to another system, within what is going on.
 *
 * @param work gets the headers by which the other system goes on with the trace
 */
export function inOutgoingSpan<T>(
  name: string,
  attributes: Attributes,
  work: (headers: Readonly<Record<string, string>>, span: Span | null) => Promise<T>,
): Promise<T> {
  if (collector === null) return work({}, null);
  const parent = context.active();
  const span = collector.tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
  const headers: Record<string, string> = {};
  propagation.inject(trace.setSpan(parent, span), headers);
  return within(span, parent, () => work(headers, span));
}

/**
 * Runs `work` as a request to another process of ours, within what is going on. Where that is not traced,
 * neither is this.
 *
 * @param work gets the `traceparent` under which the other process goes on; null: it is not traced
 */
export function inPartSpan<T>(name: string, work: (traceparent: string | null) => Promise<T>): Promise<T> {
  if (collector === null) return work(null);
  const parent = context.active();
  if (trace.getSpan(parent) === undefined) return work(null);
  const span = collector.tracer.startSpan(name, { kind: SpanKind.CLIENT }, parent);
  return within(span, parent, () => work(traceparentOf(span)));
}

/** `traceparent` of the W3C, of what is going on; null: it is not traced. */
export function traceparentOf(span: Span | null): string | null {
  if (span === null) return null;
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

async function within<T>(
  span: Span,
  parent: ReturnType<typeof context.active>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", kindOf(error));
    throw error;
  } finally {
    span.end();
  }
}

async function told<T>(
  of: Pick<OrderWork, "orderId" | "name" | "attributes">,
  work: () => Promise<T>,
): Promise<T> {
  const beganAtMs = traceClock();
  try {
    const result = await work();
    traceOrderWork({ ...of, beganAtMs, endedAtMs: traceClock() });
    return result;
  } catch (error) {
    traceOrderWork({ ...of, beganAtMs, endedAtMs: traceClock(), errorType: kindOf(error) });
    throw error;
  }
}

/** Its code where it has one, else its class: never its message, which may quote what somebody wrote. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && /^\w{1,64}$/.test(code) ? code : error.name;
}
