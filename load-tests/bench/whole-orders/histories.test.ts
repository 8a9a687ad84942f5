import { readFile } from "node:fs/promises";
import { join } from "node:path";
import protocol from "@temporalio/proto";
import { expect, test } from "vitest";
import { projectRoot } from "../../../config/project-root.ts";
import { costOf } from "./histories.ts";

const { History } = protocol.temporal.api.history.v1;

test("an order costs the events of its own saga and of those that it starts", async () => {
  const file = join(projectRoot, "workflows", "histories", "order-charged-by-the-store.json");
  const history = History.fromObject(JSON.parse(await readFile(file, "utf8")));
  const events = history.events?.length ?? 0;
  expect(events).toBeGreaterThan(10);
  const alone = costOf([[history]]);
  expect(alone.events).toBe(events);
  expect(alone.byType.reduce((sum, one) => sum + one.events, 0)).toBe(events);
  expect(alone.workflowTasks).toBe(
    alone.byType.find(({ type }) => type === "workflow_task_completed")?.events,
  );
  expect(alone.workflowTasks).toBeGreaterThan(0);
  expect(alone.bytes).toBeGreaterThan(events);
  const mixed = costOf([[history, history], [history]]);
  expect(mixed).toMatchObject({ orders: 2, events: events * 1.5, workflowTasks: alone.workflowTasks * 1.5 });
});

test("without orders nothing is divided", () => {
  expect(costOf([])).toEqual({
    orders: 0,
    events: 0,
    workflowTasks: 0,
    activities: 0,
    steps: 0,
    bytes: 0,
    byType: [],
  });
});
