import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { AUDIT_ACTS } from "./audit.ts";

test("docs/operations.md has every act that is recorded, and whether it is a line of the log", () => {
  const document = readFileSync(join(projectRoot, "docs", "operations.md"), "utf8");
  const rows = [...document.matchAll(/^\| `([a-z-]+\.[a-z-]+)` \| (yes)? ?\| (.+) \|$/gm)].map(
    ([, act, security, meaning]) => ({ act, security: security === "yes", meaning }),
  );
  expect(rows).toEqual(
    Object.entries(AUDIT_ACTS).map(([act, { security, meaning }]) => ({ act, security, meaning })),
  );
});
