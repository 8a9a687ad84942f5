/**
 * Sends traces by OTLP over HTTP, where OpenTelemetry's own environment names a collector. Without one, none
 * of its library does anything.
 *
 * A collector that is away costs nobody anything but its spans: they wait in a queue of bounded length, are
 * dropped beyond it, and the log says so at most once a minute.
 */
import { context, propagation, ROOT_CONTEXT, SpanKind } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { loggingErrorHandler, setGlobalErrorHandler, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { Logger } from "pino";
import type { TraceSettings } from "../../config/settings.ts";
import { collectTraces } from "../../config/trace.ts";

export type Traces = {
  /** Sends what waits. */
  flush(): Promise<void>;
  stop(): Promise<void>;
};

const WARN_EVERY_MS = 60_000;

/** One collection a process: the library's context is the process's. */
export function startTraces(
  settings: TraceSettings,
  of: { readonly node: string; readonly version: string; readonly company: string; readonly logger: Logger },
): Traces {
  const { url, protocol, ratio, serviceName } = settings;
  // By the trace's id alone, so that every node decides the same of an order.
  const sampler: Sampler =
    ratio >= 1
      ? new AlwaysOnSampler()
      : ratio <= 0
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(ratio);
  const ids = new ChosenIds();
  let warnedAt = Number.NEGATIVE_INFINITY;
  const warn = (error: unknown): void => {
    if (performance.now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = performance.now();
    of.logger.warn({ err: error, url }, "traces could not be sent; spans are dropped while this lasts");
  };
  // By itself the library writes to the console.
  setGlobalErrorHandler(warn);
  const exporter = protocol === "http/json" ? new JsonExporter({ url }) : new ProtobufExporter({ url });
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(
        resourceFromAttributes({
          "service.name": serviceName,
          "service.version": of.version,
          "service.instance.id": of.node,
        }),
      ),
    // What the caller has decided about its own trace counts for the request.
    sampler: new ParentBasedSampler({ root: sampler }),
    idGenerator: ids,
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  collectTraces({
    tracer: provider.getTracer("holdfast", of.version),
    company: of.company,
    isSampled: (traceId) =>
      sampler.shouldSample(ROOT_CONTEXT, traceId, "order", SpanKind.INTERNAL, {}, []).decision ===
      SamplingDecision.RECORD_AND_SAMPLED,
    nextIds: (next) => ids.choose(next),
  });
  return {
    flush: () => provider.forceFlush().catch(warn),
    stop: async () => {
      collectTraces(null);
      await provider.shutdown().catch(() => {});
      context.disable();
      propagation.disable();
      setGlobalErrorHandler(loggingErrorHandler());
    },
  };
}

/** Random ids, but for the span that begins the trace of an order. */
class ChosenIds extends RandomIdGenerator {
  private next: { traceId: string | null; spanId: string | null } = { traceId: null, spanId: null };
  private readonly random = new RandomIdGenerator();

  choose({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }): void {
    this.next = { traceId, spanId };
  }

  override generateTraceId = (): string => {
    const { traceId } = this.next;
    this.next = { ...this.next, traceId: null };
    return traceId ?? this.random.generateTraceId();
  };

  override generateSpanId = (): string => {
    const { spanId } = this.next;
    this.next = { ...this.next, spanId: null };
    return spanId ?? this.random.generateSpanId();
  };
}
