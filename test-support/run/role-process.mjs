/**
 * A process with some roles of a sandbox, for tests: what `holdfast serve --role` composes, with the sandbox's
 * simulated vendors. Run from what was built, as the product is. Prints `ready <port>` once it works.
 *
 * HOLDFAST_TEST_ROLES: its roles. HOLDFAST_TEST_API_KEY_FILE: where the one that has the engine writes the key of
 * an empty database that it has filled. Everything else are the settings of `holdfast start`.
 */
import { writeFileSync } from "node:fs";
import { pino } from "pino";
import { SANDBOX_PASSWORD } from "../../dist/cli/sandbox/company.js";
import { sandboxDevices } from "../../dist/cli/sandbox/devices.js";
import { seedSandbox } from "../../dist/cli/sandbox/seed.js";
import { startSystem } from "../../dist/cli/system/compose.js";
import { readSettings } from "../../dist/config/load.js";
import { readRoles } from "../../dist/config/roles.js";
import { SecretBox } from "../../dist/config/secret-box.js";
import { withMadeUpSecrets } from "../../dist/config/vendor-settings.js";
import { vendorKinds } from "../../dist/integrations/vendor-kinds.js";
import { companyId } from "../../dist/store/catalog/companies.js";
import { giveMissingSettings } from "../../dist/store/floor/devices.js";

const { HOLDFAST_TEST_ROLES: roles, HOLDFAST_TEST_API_KEY_FILE: keyFile, ...environment } = process.env;
const reading = readSettings(environment, "start", process.cwd(), vendorKinds);
if (reading.status !== "ok") throw new Error(JSON.stringify(reading.problems));
const { settings } = reading;
const secretBox = new SecretBox([{ id: "tests", key: Buffer.alloc(32, 7) }]);
const system = await startSystem(
  {
    ...settings,
    roles: readRoles(roles).roles,
    node: roles,
    secretBox,
    vendors: withMadeUpSecrets(vendorKinds, settings.vendors, "carrier-webhook-secret-of-tests"),
  },
  pino({ level: settings.log.level }),
  { run: async (_name, work) => (await work(() => {})).value },
  {
    prepare: async (database, allocator) => {
      if ((await companyId(database)) !== undefined) return;
      const { apiKey } = await seedSandbox(database, allocator, secretBox, SANDBOX_PASSWORD);
      await giveMissingSettings(database, sandboxDevices());
      writeFileSync(keyFile, apiKey);
    },
  },
);
process.stdout.write(`ready ${system.port}\n`);
const reason = await Promise.race([
  new Promise((resolve) => process.once("SIGTERM", () => resolve("asked to"))),
  system.takenOver,
]);
process.stdout.write(`ends: ${reason}\n`);
await system.stop();
process.exit(0);
