import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";

const BUILT = pathToFileURL(join(projectRoot, "dist", "engine", "threads", "collect-garbage.js")).href;

it("collects in several threads at once, though the flag that allows it is one for all of them", async () => {
  const body = `import(${JSON.stringify(BUILT)}).then(({ collectGarbage }) => {
    for (let count = 0; count < 300; count += 1) collectGarbage();
  })`;
  const exits = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const worker = new Worker(body, { eval: true });
      const [status] = await once(worker, "exit");
      return status as number;
    }),
  );
  expect(exits).toEqual([0, 0, 0, 0]);
}, 60_000);
