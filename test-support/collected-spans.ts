/** Traces collected in memory: what this process, and what is told to it, has done while a test runs. */
import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { collectTraces } from "../config/trace.ts";

export const TRACED_COMPANY = "company-of-the-test";

/** Every order is collected. */
export function collectSpans(): { all(): readonly ReadableSpan[]; stop(): void } {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  collectTraces({
    tracer: provider.getTracer("test"),
    company: TRACED_COMPANY,
    isSampled: () => true,
    nextIds: () => {},
  });
  return {
    all: () => exporter.getFinishedSpans(),
    stop: () => {
      collectTraces(null);
      context.disable();
      propagation.disable();
    },
  };
}
