/**
 * Drives the REST API with autocannon: orders in the canonical format, and reads. autocannon's own
 * percentiles have whole milliseconds only, so latencies are measured again from its responses.
 */
import autocannon from "autocannon";
import { Latencies } from "./histogram.ts";
import type { ScenarioResult, Target } from "./scenario.ts";

type HttpLoad = {
  readonly scenario: string;
  readonly connections: number;
  readonly seconds: number;
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Body and idempotency key of the n-th request; absent for reads. */
  readonly request?: (n: number) => { readonly body: string; readonly key: string };
  /** Status codes that are answers and not errors. */
  readonly expected: readonly number[];
};

export async function driveHttp(target: Target, load: HttpLoad): Promise<ScenarioResult> {
  const latencies = new Latencies();
  const answers: Record<string, number> = {};
  let n = 0;
  let errors = 0;
  const headers = { authorization: `Bearer ${target.key}`, "content-type": "application/json" };
  const request: autocannon.Request = {
    method: load.method,
    path: load.path,
    headers,
    setupRequest: (plain) => {
      const made = load.request?.(n++);
      return made === undefined
        ? plain
        : { ...plain, headers: { ...headers, "idempotency-key": made.key }, body: made.body };
    },
    onResponse: (status) => {
      answers[status] = (answers[status] ?? 0) + 1;
      if (!load.expected.includes(status)) errors += 1;
    },
  };
  const began = performance.now();
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(
      { url: target.url, connections: load.connections, duration: load.seconds, requests: [request] },
      (error: unknown, finished) => (error ? reject(error) : resolve(finished)),
    );
    run.on("response", (_client, _status, _bytes, milliseconds) => latencies.record(milliseconds));
  });
  const seconds = (performance.now() - began) / 1_000;
  const answered = Object.values(answers).reduce((sum, value) => sum + value, 0);
  return {
    scenario: load.scenario,
    seconds,
    answers,
    perSecond: answered / seconds,
    latency: latencies.summary(),
    errors: errors + result.errors + result.timeouts,
  };
}
