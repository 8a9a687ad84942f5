import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { routeAnswersFile } from "../../test-support/route-answers.ts";
import { answersOf } from "../http/route-answers.ts";
import { ROUTE_ANSWERS } from "./route-answers.ts";
import { routeTable } from "./route-table.ts";
import { WHEREABOUTS } from "./whereabouts.ts";

test("what routes answer is what their source says; `-u` writes it anew", async () => {
  await expect(routeAnswersFile()).toMatchFileSnapshot(join(projectRoot, "gateway/routes/route-answers.ts"));
});

test("every route has its answers, and no other has any", () => {
  const names = routeTable.map(({ method, path }) => `${method} ${path}`).sort();
  expect(Object.keys(ROUTE_ANSWERS).sort()).toEqual(names);
  for (const [name, { statuses, types }] of Object.entries(ROUTE_ANSWERS)) {
    expect(statuses.length, name).toBeGreaterThan(0);
    expect(types.length, name).toBeGreaterThan(0);
  }
});

test("a refusal that is made deep in an operation is its route's, with what follows from the route's kind", () => {
  const answers = (name: string) => {
    const route = routeTable.find(({ method, path }) => `${method} ${path}` === name);
    if (route === undefined) throw new Error(name);
    return answersOf(route, ROUTE_ANSWERS, WHEREABOUTS);
  };
  const refund = answers("POST /v1/orders/{id}/refunds");
  expect(refund.refusals.get(403)).toContain("refund_limit_exceeded");
  expect(refund.refusals.get(403)).toContain("reauthentication_needed");
  expect(refund.refusals.get(400)).toContain("idempotency_key_missing");
  expect(refund.refusals.get(415)).toEqual(["unsupported_media_type"]);
  const order = answers("GET /v1/orders/{id}");
  expect(order.statuses).toEqual([200, 304]);
  expect(order.refusals.get(404)).toEqual(["not_found"]);
  expect(order.refusals.has(415)).toBe(false);
  expect(order.refusals.get(403)).not.toContain("reauthentication_needed");
  expect(answers("GET /v1/keys/{id}").refusals.has(409)).toBe(false);
});
