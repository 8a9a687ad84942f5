/**
 * The outside world of the sandbox, in a process of its own: payment provider, carrier and mail inbox over
 * HTTP and SMTP, the fleet over MQTT, and people who pack where no robot does. Takes its configuration from
 * the parent and ends with it.
 */
import pino from "pino";
import type { ConfiguredVendors } from "../../config/vendor-settings.ts";
import type { MqttConnection } from "../../devices/mqtt/mqtt-session.ts";
import { startFleet } from "../../devices/simulators/fleet.ts";
import { startSimulators } from "../../integrations/simulators.ts";
import { reasonOf } from "../problem.ts";
import { shopGoods } from "../sandbox/catalog.ts";
import { SANDBOX_LOCATIONS } from "../sandbox/company.ts";
import { deviceSecret, sandboxDevices } from "../sandbox/devices.ts";
import { startPeople } from "../sandbox/people.ts";

export type SimulatorsConfiguration = {
  readonly host: string;
  readonly httpPort: number;
  readonly smtpPort: number;
  readonly dataFolder: string;
  readonly webhooksUrl: string;
  readonly vendors: ConfiguredVendors;
  readonly mqttUrl: string;
  readonly mqtt: Omit<MqttConnection, "url">;
  /** What the devices' passwords are made from; null: the broker is not ours, and its URL has a password. */
  readonly deviceKey: string | null;
  readonly gatewayUrl: string;
  readonly apiKey: string;
  readonly logLevel: string;
};

export type SimulatorsMessage =
  | { readonly type: "ready"; readonly shopAccount: Readonly<Record<string, string>> | null }
  | { readonly type: "failed"; readonly reason: string };

/** How soon robots and people follow when the pace changes. */
const PACE_POLL_MS = 1_000;

const parts: { stop(): Promise<void> }[] = [];
let ending = false;

async function run(configuration: SimulatorsConfiguration): Promise<Readonly<Record<string, string>> | null> {
  const logger = pino({ name: "simulators", level: configuration.logLevel });
  const simulators = await startSimulators({ ...configuration, goods: shopGoods(), logger });
  parts.push(simulators);
  const { deviceKey } = configuration;
  const fleet = await startFleet({
    mqttUrl: configuration.mqttUrl,
    mqtt: configuration.mqtt,
    ...(deviceKey === null ? {} : { passwordOf: (id: string) => deviceSecret(deviceKey, id) }),
    devices: sandboxDevices(),
    speed: 1,
    logger,
  });
  parts.push(fleet);
  const people = startPeople({
    access: {
      url: configuration.gatewayUrl,
      key: configuration.apiKey,
      simulatorsUrl: null,
      databaseUrl: null,
      temporal: null,
    },
    locationIds: SANDBOX_LOCATIONS.filter((location) => !location.automated).map(
      ({ locationId }) => locationId,
    ),
    logger,
  });
  parts.push(people);
  parts.push(
    followWorld(`http://${configuration.host}:${configuration.httpPort}/simulation`, (world) => {
      fleet.setSpeed(world.speed);
      fleet.setShortPicks(world.shortPicks);
      fleet.setBadNetwork(world.badNetwork);
      people.setSpeed(world.speed);
    }),
  );
  return simulators.shopAccount;
}

type SimulatedWorld = {
  readonly speed: number;
  readonly shortPicks: number;
  readonly badNetwork: number;
};

/** The simulators of vendors own the pace and what goes wrong; robots and people ask them for it. */
function followWorld(url: string, apply: (world: SimulatedWorld) => void): { stop(): Promise<void> } {
  let last = "";
  const timer = setInterval(() => {
    fetch(url)
      .then(async (response) => {
        const { speed, shortPicks, badNetwork }: SimulatedWorld = JSON.parse(await response.text());
        const now = `${speed} ${shortPicks} ${badNetwork}`;
        if (now !== last && speed > 0) {
          last = now;
          apply({ speed, shortPicks, badNetwork });
        }
      })
      .catch(() => {});
  }, PACE_POLL_MS);
  return { stop: async () => clearInterval(timer) };
}

/**
 * All that a simulator must remember is on its disk already, so a part that hangs is not waited for any
 * longer.
 */
const END_PATIENCE_MS = 3_000;

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  setTimeout(() => process.exit(0), END_PATIENCE_MS);
  for (const part of parts.splice(0).reverse()) await part.stop();
  process.exit(0);
}

const tell = (message: SimulatorsMessage): void => {
  process.send?.(message);
};

process.once("message", (configuration: SimulatorsConfiguration) => {
  run(configuration).then(
    (shopAccount) => tell({ type: "ready", shopAccount }),
    (error: unknown) => {
      tell({ type: "failed", reason: reasonOf(error) });
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
const endAndExit = (): void => {
  end().catch(() => process.exit(1));
};
process.once("disconnect", endAndExit);
process.once("SIGTERM", endAndExit);
process.once("SIGINT", endAndExit);
