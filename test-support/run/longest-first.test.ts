import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { LONGEST } from "./longest-first.ts";

it("the files that begin first are there: one that was renamed would begin last, and nobody would notice", () => {
  expect(LONGEST.filter((name) => !existsSync(join(projectRoot, name)))).toEqual([]);
});
