/** Where traces are sent, by the names that OpenTelemetry gives its variables. */
import type { TraceSettings } from "./settings.ts";
import type { VariableReader } from "./vendor-settings.ts";

const SAMPLERS = ["always_on", "always_off", "traceidratio"];

/** @returns null: no traces are made */
export function readTraceSettings({ text, url, complain }: VariableReader): TraceSettings | null {
  const base = url("OTEL_EXPORTER_OTLP_ENDPOINT", ["http:", "https:"]);
  const exact = url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ["http:", "https:"]);
  const protocol = text("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf";
  const sampler = (text("OTEL_TRACES_SAMPLER") ?? "always_on").replace(/^parentbased_/, "");
  const argument = Number(text("OTEL_TRACES_SAMPLER_ARG") ?? "1");
  const serviceName = text("OTEL_SERVICE_NAME") ?? "holdfast";
  const isDisabled = text("OTEL_SDK_DISABLED")?.toLowerCase() === "true";
  // Other programs of the machine may have set the rest for themselves.
  if ((base === null && exact === null) || isDisabled) return null;
  if (protocol !== "http/protobuf" && protocol !== "http/json") {
    complain("OTEL_EXPORTER_OTLP_PROTOCOL", `must be http/protobuf or http/json, not "${protocol}"`);
    return null;
  }
  if (!SAMPLERS.includes(sampler)) {
    complain("OTEL_TRACES_SAMPLER", `must be ${SAMPLERS.join(", ")}, or parentbased_ and one of them`);
    return null;
  }
  if (!(argument >= 0 && argument <= 1)) {
    complain("OTEL_TRACES_SAMPLER_ARG", "must be a number from 0 to 1");
    return null;
  }
  return {
    url: exact ?? `${base}/v1/traces`,
    protocol,
    ratio: sampler === "always_off" ? 0 : sampler === "always_on" ? 1 : argument,
    serviceName,
  };
}
