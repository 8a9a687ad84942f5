#!/usr/bin/env node
// Plain JavaScript that any Node can parse, so that an old one is told so in one line instead of by a syntax error.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`holdfast needs Node 20.19 or newer (22 works too); this is Node ${process.versions.node}.`);
  process.exit(1);
}
await import("../dist/cli/main.js");
