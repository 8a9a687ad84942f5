// Prints what licences the installed packages have, by the lock file, and fails where one is not known to be
// compatible with ours. `node test-support/licenses.mjs [--all]`; `--all` lists every package.
import { readFileSync } from "node:fs";

/** Permissive ones, that of fonts, and two whose packages are only used to build and test, unchanged. */
const ALLOWED = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "CC-BY-4.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "MPL-2.0",
  "OFL-1.1",
  "PostgreSQL",
  "Python-2.0",
  "Unlicense",
  "WTFPL",
  "Zlib",
]);

/** Read in their own files: their manifests do not say it, or in other words. */
const READ = {
  decko: "MIT",
  nub: "MIT",
  "png-js": "MIT",
  stickyfill: "MIT",
  unionfs: "Unlicense",
  "url-template": "BSD-3-Clause",
};

/** An SPDX expression is allowed where one side of each `OR`, and both of each `AND`, are. */
export function isAllowed(expression) {
  const text = expression.replace(/^\(|\)$/g, "");
  if (/ AND /i.test(text)) return text.split(/ AND /i).every(isAllowed);
  if (/ OR /i.test(text)) return text.split(/ OR /i).some(isAllowed);
  return ALLOWED.has(text.trim());
}

/** @returns name, version and licence of every package of a lock file */
export function packagesOf(lock) {
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== "" && entry.link !== true)
    .map(([path, entry]) => {
      const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      return { name, version: entry.version, license: READ[name] ?? entry.license ?? "unknown" };
    });
}

function main() {
  const packages = packagesOf(JSON.parse(readFileSync("package-lock.json", "utf8")));
  if (process.argv.includes("--all"))
    for (const { name, version, license } of packages)
      process.stdout.write(`${license}\t${name}@${version}\n`);
  const counts = new Map();
  for (const { license } of packages) counts.set(license, (counts.get(license) ?? 0) + 1);
  for (const [license, count] of [...counts].sort((a, b) => b[1] - a[1]))
    process.stdout.write(`${count}\t${license}\n`);
  const refused = packages.filter(({ license }) => !isAllowed(license));
  for (const { name, version, license } of refused)
    process.stderr.write(`not allowed: ${name}@${version}, ${license}\n`);
  process.exitCode = refused.length > 0 ? 1 : 0;
}

if (process.argv[1]?.endsWith("licenses.mjs")) main();
