/** `holdfast return` against a real gateway: from the customer's wish to the inspection. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ReturnSummary, ReturnView } from "../contract/returns.ts";
import { adding } from "../orders/line-ledger.ts";
import { changeOrder, lockOrder } from "../store/orders/order-progress.ts";
import { inTransaction } from "../store/sql/database.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { packingTable } from "../test-support/orders/packing-table.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
let folder: string;
beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-return-"));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const holdfast = (...args: readonly string[]) => runAsAdmin(world, ["return", ...args], folder);

/** Three shirts that the customer has. */
async function delivered(name: string): Promise<string> {
  const { orderId, pick } = await packingTable(world, name);
  await pick("device:robot-1", `pick:${name}`);
  await inTransaction(world.database, async (client) => {
    const locked = (await lockOrder(client, orderId)) ?? expect.fail("there is no order");
    const units = adding([{ lineId: "1", quantity: 3 }], "fulfilled", "shipped", "delivered");
    await changeOrder(client, locked, { ledger: units });
  });
  return orderId;
}

async function asked(name: string): Promise<string> {
  const orderId = await delivered(name);
  const [view] = jsonLines<ReturnView>(
    await holdfast("create", orderId, "--line", "1=2", "--reason", "too_small", "--json"),
  );
  return view?.id ?? expect.fail("no return was made");
}

test("takes a return from the customer's wish to its inspection, and takes the inspection back", async () => {
  const orderId = await delivered("whole");
  const made = await holdfast(
    ...[
      "create",
      orderId,
      "--line",
      "1=2",
      "--reason",
      "too_small",
      "--method",
      "none",
      "--comment",
      "tight",
    ],
  );
  expect([made.status, made.stderr]).toEqual([0, ""]);
  const [summary] = jsonLines<ReturnSummary>(await holdfast("list", orderId, "--json"));
  const id = summary?.id ?? expect.fail("the list is empty");
  expect(summary).toMatchObject({ orderId, reason: "too_small", method: "none", units: 2 });
  expect((await holdfast("approve", id, "--reason", "A good customer")).stdout).toContain("status approved");
  const [received] = jsonLines<ReturnView>(await holdfast("receive", id, "--line", "1=1", "--json"));
  expect(received?.lines).toMatchObject([{ received: 1, awaited: 1, uninspected: 1 }]);
  const inspected = await holdfast(
    "inspect",
    id,
    "--line",
    "1=restocked",
    "--units",
    "1",
    "--note",
    "as new",
  );
  expect([inspected.status, inspected.stderr]).toEqual([0, ""]);
  expect(inspected.stdout).toContain("1 × TEE-1 restocked");
  const [shown] = jsonLines<ReturnView>(await holdfast("show", id, "--json"));
  expect(shown?.inspections).toMatchObject([{ note: "as new", reopenedAt: null }]);
  const inspection = shown?.inspections[0]?.id ?? expect.fail("there is no inspection");
  const [reopened] = jsonLines<ReturnView>(await holdfast("reopen", id, inspection, "--json"));
  expect(reopened?.lines).toMatchObject([{ uninspected: 1 }]);
  expect((await holdfast("close", id, "--reason", "The rest will not come")).status).toBe(0);
});

test("declines with a reason that the customer is told, and cancels", async () => {
  const declined = await holdfast("decline", await asked("declined"), "--reason", "It was worn");
  expect([declined.status, declined.stdout.includes("status declined")]).toEqual([0, true]);
  expect(declined.stdout).toContain("It was worn");
  const cancelled = await holdfast("cancel", await asked("cancelled"));
  expect([cancelled.status, cancelled.stdout.includes("status cancelled")]).toEqual([0, true]);
});

test.each([
  [["show", "web-1-R9"], 1, "the `list` of what it names"],
  [["show", "web-1-R9"], 1, "not_found"],
  [["create", "web-1", "--reason", "too_small"], 2, "--line"],
  [["create", "web-1", "--line", "1", "--reason", "too_small"], 2, '--line must be two things with a "="'],
  [["create", "web-1", "--line", "1=1", "--reason", "bored"], 1, "invalid_request"],
  [["decline", "web-1-R1"], 2, "--reason"],
])("refuses %j with status %d and a reason", async (args, status, reason) => {
  const outcome = await holdfast(...args);
  expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
  expect(outcome.stderr).toContain(reason);
});
