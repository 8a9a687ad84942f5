/**
 * docs/metrics.md, made of what is served.
 * `npx vitest run --project unit gateway/metrics -u` writes it anew.
 */
import type { Definition } from "../gateway/metrics/metric-book.ts";

export function metricsDocument(definitions: readonly Definition[]): string {
  const sorted = [...definitions].sort((a, b) => (a.name < b.name ? -1 : 1));
  const own = sorted.filter(({ name }) => name.startsWith("holdfast_"));
  const others = sorted.filter(({ name }) => !name.startsWith("holdfast_"));
  return `# Metrics

What \`GET /metrics\` serves, in Prometheus' format. Names follow its conventions: the unit at the end, \`_total\` on what only grows.
Counters begin at 0 with each start of the process. Every series has the label \`node\` (\`HOLDFAST_NODE\`).

*of*: a metric of a **node** is what that process did or has. One of the **system** is read from the database, and every node
serves the same number: take \`max\` over the nodes, never \`sum\`. Where the database is away, those of the system are missing.

No label has a value that callers choose, so the number of series is bounded by what is set up: routes, channels, shards, places,
steps, codes. Alert rules are in [deploy/prometheus-rules.yml](../deploy/prometheus-rules.yml), what to do about each in
[runbooks.md](runbooks.md).

\`\`\`yaml
scrape_configs:
  - job_name: holdfast
    authorization: { credentials: <key with metrics.read> }   # not needed on the machine itself
    static_configs: [{ targets: ["127.0.0.1:7400"] }]          # every node
rule_files: [prometheus-rules.yml]
\`\`\`

| metric | type | of | labels | meaning |
|---|---|---|---|---|
${own.map(rowOf).join("\n")}

## Of the process
As prom-client counts them for every Node.js process.

| metric | type | of | labels | meaning |
|---|---|---|---|---|
${others.map(rowOf).join("\n")}
`;
}

function rowOf({ name, type, scope, labels, help }: Definition): string {
  return `| \`${name}\` | ${type} | ${scope} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`;
}
