import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import { expect, test } from "vitest";
import { parseDocument } from "yaml";
import { projectRoot } from "../../config/project-root.ts";
import { everySource } from "../../test-support/metric-sources.ts";
import { createMetrics } from "./metrics.ts";

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
};

const source = parseDocument(readFileSync(join(projectRoot, "deploy/prometheus-rules.yml"), "utf8"), {
  strict: true,
  uniqueKeys: true,
});
const { groups } = source.toJS() as {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const runbooks = readFileSync(join(projectRoot, "docs/runbooks.md"), "utf8");

type Selector = {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly how: string; readonly value: string }[];
};

/** What a PromQL expression selects, and by which labels it groups. */
function readExpression(expression: string): {
  selectors: Selector[];
  groupedBy: string[];
  faults: string[];
} {
  const found = { selectors: [] as Selector[], groupedBy: [] as string[], faults: [] as string[] };
  const textOf = (node: SyntaxNode | null): string =>
    node === null ? "" : expression.slice(node.from, node.to);
  parser.parse(expression).iterate({
    enter: ({ type, node }) => {
      if (type.isError) found.faults.push(expression.slice(node.from - 10, node.to + 10));
      if (type.name === "VectorSelector") {
        const matchers = node
          .getChild("LabelMatchers")
          ?.getChildren("UnquotedLabelMatcher")
          .map((matcher) => ({
            label: textOf(matcher.getChild("LabelName")),
            how: textOf(matcher.getChild("MatchOp")),
            value: textOf(matcher.getChild("StringLiteral")).slice(1, -1),
          }));
        found.selectors.push({ metric: textOf(node.getChild("Identifier")), matchers: matchers ?? [] });
      }
      if (type.name === "GroupingLabels")
        found.groupedBy.push(...node.getChildren("LabelName").map((label) => textOf(label)));
    },
  });
  return found;
}

test("the rules are a file that Prometheus takes: no fault in YAML or PromQL, each with all that it needs", () => {
  expect([...source.errors, ...source.warnings]).toEqual([]);
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const rule of rules) {
    expect(Object.keys(rule).sort(), rule.alert).toEqual(["alert", "annotations", "expr", "for", "labels"]);
    expect(rule.alert).toMatch(/^Holdfast[A-Z][A-Za-z]+$/);
    expect(rule.for).toMatch(/^\d+[smh]$/);
    expect(["page", "ticket"]).toContain(rule.labels.severity);
    expect(rule.annotations.summary).toMatch(/^[A-Z].+\.$/);
    expect(readExpression(rule.expr).faults, rule.alert).toEqual([]);
  }
});

test("a fault in an expression is found", () => {
  expect(readExpression("sum by (node (holdfast_engine_up)) > 1").faults).not.toEqual([]);
  expect(readExpression('max(up{a="b"}) == 0').selectors).toEqual([
    { metric: "up", matchers: [{ label: "a", how: "=", value: "b" }] },
  ]);
});

test("alerts use only metrics, labels and values that /metrics serves, those of the system by their maximum", async () => {
  const metrics = createMetrics(everySource());
  const served = await metrics.text();
  const known = new Map(metrics.definitions().map((definition) => [definition.name, definition]));
  for (const { alert, expr, annotations } of rules) {
    const { selectors, groupedBy } = readExpression(expr);
    expect(selectors.length, alert).toBeGreaterThan(0);
    const labels = new Set(["node"]);
    for (const { metric, matchers } of selectors) {
      const definition = known.get(metric) ?? known.get(metric.replace(/_(bucket|sum|count)$/, ""));
      expect(definition, `${alert}: ${metric}`).toBeDefined();
      if (definition === undefined) continue;
      if (definition.name !== metric) expect(definition.type, metric).toBe("histogram");
      for (const label of definition.labels) labels.add(label);
      if (definition.type === "histogram") labels.add("le");
      for (const { label, how, value } of matchers) {
        expect(definition.labels, `${alert}: ${metric}`).toContain(label);
        if (how === "=" && label !== "status") expect(served, alert).toMatch(`${label}="${value}"`);
      }
      if (definition.scope === "system") expect(expr, alert).toMatch(/^max(?: by \([a-z_, ]+\))? ?\(/);
    }
    for (const label of groupedBy) expect([...labels], alert).toContain(label);
    // What the summary names must be left by the grouping.
    for (const [, label = ""] of annotations.summary.matchAll(/\$labels\.([a-z_]+)/g))
      expect(groupedBy, `${alert}: ${label}`).toContain(label);
  }
});

test("every alert has a section of the runbooks, and every section its alert", () => {
  const sections = runbooks.split(/^## /m).slice(1);
  expect(sections.map((section) => section.split("\n")[0])).toEqual(rules.map(({ alert }) => alert));
  for (const section of sections) {
    for (const part of ["**Means:** ", "**Look:** ", "**Do:** ", "**Over:** "])
      expect(section.split(part), section.slice(0, 40)).toHaveLength(2);
  }
  for (const { alert, annotations } of rules)
    expect(annotations.runbook_url).toBe(`docs/runbooks.md#${alert.toLowerCase()}`);
});

test("runbooks name only metrics that are served, and lead only to sections that exist", () => {
  const names = new Set(
    createMetrics(everySource())
      .definitions()
      .map(({ name }) => name),
  );
  for (const [metric] of runbooks.matchAll(/\b(?:holdfast|nodejs|process)_[a-z_0-9]+/g)) {
    expect(names.has(metric) || names.has(metric.replace(/_(bucket|sum|count)$/, "")), metric).toBe(true);
  }
  for (const [, anchor = ""] of runbooks.matchAll(/\]\(#([a-z]+)\)/g))
    expect(rules.map(({ alert }) => alert.toLowerCase())).toContain(anchor);
  for (const [, file = "", anchor = ""] of runbooks.matchAll(/\]\(([a-z]+\.md)#([a-z-]+)\)/g)) {
    const headings = readFileSync(join(projectRoot, "docs", file), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("#"))
      .map((line) =>
        line
          .replace(/^#+ /, "")
          .toLowerCase()
          .replace(/[^a-z ]/g, "")
          .replaceAll(" ", "-"),
      );
    expect(headings, `${file}#${anchor}`).toContain(anchor);
  }
});
