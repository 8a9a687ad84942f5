// After `npm install`: builds, unless the build tools were left out (`npm ci --omit=dev`); then `dist` comes from a
// build elsewhere. Plain JavaScript, because nothing is built yet.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
if (existsSync(join(root, "node_modules", "typescript"))) {
  const { status } = spawnSync("npm", ["run", "build"], { cwd: root, stdio: "inherit" });
  process.exitCode = status ?? 1;
} else if (!existsSync(join(root, "dist", "cli", "main.js"))) {
  process.stdout.write("Installed without build tools: copy the folder dist of a build here.\n");
}
