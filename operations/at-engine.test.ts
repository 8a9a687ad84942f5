import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { atEngine, carryOutHere } from "./at-engine.ts";
import type { OperationContext } from "./context.ts";

const caller = { by: "staff:1", companyId: "c", address: null, requestId: "r" };
const here = { now: () => 1 } as unknown as OperationContext;

const add = atEngine(
  "test-add",
  ({ plus }: { readonly plus: number }) => `order-${plus}`,
  async (context: OperationContext, { plus }) => ({
    sum: context.now() + plus,
    by: context.caller?.by ?? null,
  }),
);

test("where the engine is in this process, an operation runs in its caller's context", async () => {
  expect(await add({ ...here, caller }, { plus: 2 })).toEqual({ sum: 3, by: "staff:1" });
});

test("elsewhere it goes to its order's home by its name, with its caller, and runs in that one's context", async () => {
  const there = { now: () => 40 } as unknown as OperationContext;
  const orders: string[] = [];
  const context: OperationContext = {
    ...here,
    caller,
    engineProcess: {
      carryOut: (name, given, by, orderId) => {
        orders.push(orderId);
        return carryOutHere(there, name, given, by);
      },
    },
  };
  expect(await add(context, { plus: 2 })).toEqual({ sum: 42, by: "staff:1" });
  expect(orders).toEqual(["order-2"]);
  const nobodys = { ...here, engineProcess: context.engineProcess as never };
  expect(await add(nobodys, { plus: 2 })).toEqual({ sum: 42, by: null });
});

test("what is no operation is not carried out, and none has another's name", async () => {
  await expect(carryOutHere(here, "toString", {}, undefined)).rejects.toThrow(
    "there is no operation toString",
  );
  expect(() =>
    atEngine(
      "test-add",
      () => "",
      async () => null,
    ),
  ).toThrow("there are two operations test-add");
});

/**
 * E1 as far as a text can say it: whoever adds a file here has made its operation one of the engine's process, or
 * has seen that only such operations call it.
 */
test("what reserves and writes in one commit is called by operations of the engine's process alone", () => {
  const found = ["operations", "workflows", "gateway", "devices", "integrations"]
    .flatMap((folder) =>
      readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" }).map(
        (path) => `${folder}/${path}`,
      ),
    )
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .filter((path) =>
      /allocator\s*\.(reserveOrder|commit)\b/.test(readFileSync(join(projectRoot, path), "utf8")),
    );
  expect(found.sort()).toEqual([
    "operations/capture/capture-order.ts",
    "operations/change/revise-order.ts",
    "operations/change/substitute-units.ts",
    "operations/holds/release-hold.ts",
    "operations/refunds/replacement-order.ts",
    "operations/settlement/settle-shortages.ts",
  ]);
});
