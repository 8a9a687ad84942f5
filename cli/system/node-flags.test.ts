import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { NODE_FLAGS } from "./node-flags.ts";

test.each([
  ["bin/holdfast.js", `#!/usr/bin/env -S node ${NODE_FLAGS.join(" ")}\n`],
  ["package.json", `"start": "node ${NODE_FLAGS.join(" ")} bin/holdfast.js start"`],
  [
    "deploy/Dockerfile",
    `CMD ${JSON.stringify(["node", ...NODE_FLAGS, "bin/holdfast.js", "serve"]).replaceAll(",", ", ")}`,
  ],
  ["deploy/holdfast.service", `ExecStart=/usr/bin/node ${NODE_FLAGS.join(" ")} bin/holdfast.js serve`],
  ["deploy/holdfast@.service", `ExecStart=/usr/bin/node ${NODE_FLAGS.join(" ")} bin/holdfast.js serve`],
])("%s starts a server with the flags of a server", (file, line) => {
  expect(readFileSync(join(projectRoot, file), "utf8")).toContain(line);
});
