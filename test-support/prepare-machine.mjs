// Before the tests: finds what they need beyond npm, installs it where that is possible (Debian packages, as
// root), and otherwise says in one line what to install. Plain JavaScript, because it runs before anything is
// built.
import { execFileSync, spawnSync } from "node:child_process";

const needs = [
  { command: ["chromium", "chromium-browser", "google-chrome"], package: "chromium", tests: "browser tests" },
  {
    command: ["mosquitto", "/usr/sbin/mosquitto"],
    package: "mosquitto",
    tests: "tests against a second MQTT broker",
  },
  { command: ["redis-server"], package: "redis-server", tests: "tests of shared rate limits" },
];

const found = (command) => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
const missing = needs.filter((need) => !need.command.some(found));

if (missing.length > 0) {
  const packages = missing.map((need) => need.package);
  const canInstall = process.getuid?.() === 0 && found("apt-get");
  if (canInstall) {
    process.stdout.write(`Installing for the tests: ${packages.join(", ")}\n`);
    // The tests start their own servers on free ports: the installed service of the same name must not start.
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
    execFileSync("apt-get", ["update", "-qq"], { stdio: ["ignore", "ignore", "inherit"], env });
    execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], {
      stdio: ["ignore", "ignore", "inherit"],
      env,
    });
  } else {
    for (const need of missing)
      process.stdout.write(
        `Not found: ${need.package} (${need.tests} will be skipped). Install it to run them.\n`,
      );
  }
}
