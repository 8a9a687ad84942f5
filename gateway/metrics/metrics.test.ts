import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Distribution } from "../../config/distribution.ts";
import { JobLog } from "../../config/job-log.ts";
import { projectRoot } from "../../config/project-root.ts";
import { everySource } from "../../test-support/metric-sources.ts";
import { metricsDocument } from "../../test-support/metrics-document.ts";
import { createMetrics } from "./metrics.ts";

/** Name, labels and value of every line. */
function linesOf(text: string) {
  return text.split("\n").flatMap((line) => {
    const [, name = "", labels = "", value = ""] = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    return name === "" ? [] : [{ name, labels, value: Number(value) }];
  });
}

function seriesValue(text: string, series: string): number | undefined {
  const found = text.split("\n").find((line) => line.startsWith(`${series} `));
  return found === undefined ? undefined : Number(found.slice(series.length));
}

test("docs/metrics.md lists exactly what is served, with its meaning", async () => {
  const metrics = createMetrics(everySource());
  const text = await metrics.text();
  const helps = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = "", help = ""]) => [name, help]);
  expect(helps.sort()).toEqual(
    metrics
      .definitions()
      .map(({ name, help }) => [name, help])
      .sort(),
  );
  await expect(metricsDocument(metrics.definitions())).toMatchFileSnapshot(
    join(projectRoot, "docs", "metrics.md"),
  );
});

test("names are as Prometheus wants them", () => {
  for (const { name, type, help } of createMetrics(everySource()).definitions()) {
    expect(help, name).not.toBe("");
    if (!name.startsWith("holdfast_")) continue;
    expect(name).toMatch(/^holdfast_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(name, "seconds are the only unit of time").not.toMatch(/_(ms|millis|minutes|hours)(_|$)/);
    if (type === "histogram") expect(name).toMatch(/_(seconds|commands)$/);
  }
});

test("every series bears its node, no other labels than said, and nothing that names an order or a person", async () => {
  const metrics = createMetrics(everySource());
  const allowed = new Map(metrics.definitions().map(({ name, labels }) => [name, new Set(labels)]));
  const text = await metrics.text();
  for (const { name, labels } of linesOf(text)) {
    const base = allowed.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
    const used = [...labels.matchAll(/([a-z_]+)="/g)].map(([, label = ""]) => label);
    expect(used, name).toContain("node");
    for (const label of used) {
      if (label === "node" || label === "le" || label === "quantile") continue;
      if (base.startsWith("holdfast_")) expect(allowed.get(base), `${name} ${label}`).toContain(label);
      expect(["order", "order_id", "customer", "email", "sku", "device"]).not.toContain(label);
    }
  }
});

test("a distribution is served as a histogram: cumulative, with its sum and count", async () => {
  const commitSeconds = new Distribution([0.01, 0.1, 1]);
  for (const seconds of [0.005, 0.01, 0.05, 3]) commitSeconds.observe(seconds);
  const { engine, ...rest } = everySource();
  const text = await createMetrics({
    ...rest,
    engine: () => ({ ...(engine as NonNullable<typeof engine>)(), commitSeconds: commitSeconds.figures() }),
  }).text();
  const name = "holdfast_engine_commit_duration_seconds";
  const buckets = linesOf(text).filter((line) => line.name === `${name}_bucket`);
  expect(buckets.map(({ labels, value }) => [/le="([^"]+)"/.exec(labels)?.[1], value])).toEqual([
    ["0.01", 2],
    ["0.1", 3],
    ["1", 3],
    ["+Inf", 4],
  ]);
  expect(seriesValue(text, `${name}_sum{node="n1"}`)).toBeCloseTo(3.065);
  expect(seriesValue(text, `${name}_count{node="n1"}`)).toBe(4);
});

test("a database that is away or slow hides no other number, and what it said last is not shown", async () => {
  let system = everySource().readSystem;
  const metrics = createMetrics({ ...everySource(), readSystem: () => system() });
  expect(await metrics.text()).toContain('holdfast_loads_adrift{location="east",node="n1"} 2');
  for (const state of [() => Promise.reject(new Error("away")), () => new Promise<never>(() => {})]) {
    system = state;
    const later = createMetrics({ ...everySource(), readSystem: () => system() }, 20);
    const text = await later.text();
    expect(seriesValue(text, 'holdfast_engine_up{node="n1"}')).toBe(1);
    expect(seriesValue(text, 'holdfast_database_figures_up{node="n1"}')).toBe(0);
    expect(text).not.toContain('location="east"');
  }
});

test("an engine that does not answer is down, and has no shards", async () => {
  const allocator = { status: () => Promise.reject(new Error("stopped")) };
  const text = await createMetrics({ ...everySource(), allocator }).text();
  expect(seriesValue(text, 'holdfast_engine_up{node="n1"}')).toBe(0);
  expect(text).not.toContain("holdfast_engine_shard_live{");
  expect(text).toContain('holdfast_database_figures_up{node="n1"} 1');
});

test("a process without sagas and devices has no numbers of them", async () => {
  const { sagas: _, bridge: __, engine: ___, ...edge } = everySource();
  const text = await createMetrics(edge).text();
  expect(text).not.toMatch(/holdfast_(saga|mqtt|device)/);
});

test("a job counts from its start until it was done once, and its failures are counted", () => {
  let nowMs = 5_000;
  const log = new JobLog(() => nowMs);
  const record = log.of("sweep", 60_000);
  nowMs = 9_000;
  record.failed();
  expect(log.figures()).toEqual([{ job: "sweep", everySeconds: 60, lastDoneAt: 5, failures: 1 }]);
  record.done();
  expect(log.figures()[0]?.lastDoneAt).toBe(9);
});

test("what a caller makes up does not become a label", async () => {
  const metrics = createMetrics(everySource());
  metrics.countCaptured([
    { channel: "made-up", outcome: "refused", code: "unknown_channel", detail: "" } as never,
  ]);
  expect(await metrics.text()).toContain(
    'holdfast_orders_captured_total{channel="-",outcome="refused",node="n1"} 1',
  );
});

test("rules and runbooks are part of the documents that lead to each other", () => {
  const operations = readFileSync(join(projectRoot, "docs/operations.md"), "utf8");
  for (const path of ["metrics.md", "runbooks.md", "../deploy/prometheus-rules.yml"])
    expect(operations).toContain(`(${path})`);
});
