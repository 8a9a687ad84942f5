/** The command line of `npm run faults -- --devices`. */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { workingDevices } from "./wild-floor.ts";

export const HELP = `Usage: npm run faults -- --devices [options]

Starts a real broker (mosquitto where it is installed) and the whole system, lets a day of orders go over its
floors, and has devices of every kind misbehave meanwhile: messages lost, repeated, reordered and garbled,
counters that wrap, boot ids that come again, clocks that jump, one device that floods; the broker and the system
are killed with kill -9. In the end every order must have ended or be held by name, every unit be accounted
for, and every acknowledgement have its effect.

  --messages <n>       messages of the misbehaving devices (500000; some 4 minutes for each 500,000)
  --devices-count <n>  devices in all, those of the sandbox included (200)
  --orders <n>         orders that go over the floors meanwhile, evenly spread (200)
  --rate <n>           messages a second (2000)
  --kills <n>          how often each of broker and system is killed (one for each 250,000 messages)
  --seed <text>        decides what goes wrong and when (default: by chance; it is printed)
  --out <file>         writes the report there as JSON
  --json               ends with the report as one line of JSON
  --help               this text

Exit status 0: no order lost, no unit unaccounted for, no acknowledgement without effect.
`;

export type DeviceCampaignOptions = {
  readonly messages: number;
  readonly devices: number;
  readonly orders: number;
  readonly ratePerSecond: number;
  readonly kills: number;
  readonly seed: string;
};

export type CommandLine =
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly problem: string }
  | {
      readonly kind: "run";
      readonly options: DeviceCampaignOptions;
      readonly json: boolean;
      readonly out: string | undefined;
    };

const LEAST_WILD = 20;

export function readCommandLine(args: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...args],
    options: {
      devices: { type: "boolean" },
      messages: { type: "string", default: "500000" },
      "devices-count": { type: "string", default: "200" },
      orders: { type: "string", default: "200" },
      rate: { type: "string", default: "2000" },
      kills: { type: "string" },
      seed: { type: "string" },
      out: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return { kind: "help" };
  const messages = whole(values.messages, 1_000, 100_000_000);
  const devices = whole(values["devices-count"], workingDevices() + LEAST_WILD, 2_000);
  const orders = whole(values.orders, 1, 10_000);
  const ratePerSecond = whole(values.rate, 10, 100_000);
  const kills = values.kills === undefined ? undefined : whole(values.kills, 0, 100);
  if (messages === null) return wrong("--messages takes a whole number from 1,000");
  if (devices === null)
    return wrong(`--devices-count takes a whole number from ${workingDevices() + LEAST_WILD}`);
  if (orders === null) return wrong("--orders takes a whole number from 1 to 10,000");
  if (ratePerSecond === null) return wrong("--rate takes a whole number from 10 to 100,000");
  if (kills === null) return wrong("--kills takes a whole number from 0 to 100");
  const options = {
    messages,
    devices,
    orders,
    ratePerSecond,
    kills: kills ?? Math.max(1, Math.round(messages / 250_000)),
    seed: values.seed ?? randomBytes(4).toString("hex"),
  };
  return { kind: "run", options, json: values.json, out: values.out };
}

function wrong(problem: string): CommandLine {
  return { kind: "wrong", problem };
}

function whole(text: string, least: number, most: number): number | null {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= least && value <= most ? value : null;
}
