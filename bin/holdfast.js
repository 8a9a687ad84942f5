#!/usr/bin/env -S node --max-semi-space-size=64
// The flag: cli/system/node-flags.ts.
// Plain JavaScript that any Node can parse, so that an old one is told so in one line instead of by a syntax error.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `holdfast needs Node 20.19 or newer (22 and 24 work too); this is Node ${process.versions.node}.\n`,
  );
  process.exit(1);
}
import("../dist/cli/main.js").catch((error) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
  const notBuilt = /^Cannot find module '[^']*dist.cli.main\.js'/.test(error.message);
  process.stderr.write(
    notBuilt
      ? "holdfast has not been built yet: run `npm run build` in its folder.\n"
      : `holdfast is not completely installed: run \`npm install\` in its folder (${error.message}).\n`,
  );
  process.exit(1);
});
