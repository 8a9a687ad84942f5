/** `holdfast system`: how the running system is, and whether anybody has to do something about it. */
import type { Command } from "commander";
import type { SystemNode, SystemShard, SystemStatus } from "../../../contract/system.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { momentText, paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";

export function addSystemCommand(program: Command): void {
  const system = program
    .command("system")
    .summary("show the processes, shards and queues of the running system")
    .description(
      "Shows every process of the system as it said itself last, who has which shard of the stock, and what waits to be " +
        "told to sagas and shoppers.",
    );
  withAccess(system.command("show").description("Show all of it")).action(show);
  withAccess(system.command("check").description("Print what is wrong, and nothing where all is well"))
    .addHelpText(
      "after",
      `
Exit status 0 if every process is up, every shard is served, the work of devices and jobs is done and nothing keeps
failing; 1 if not.

Examples:
  $ npx holdfast system check || echo "somebody should look"`,
    )
    .action(check);
}

const read = async (options: AccessOptions): Promise<SystemStatus> =>
  new RestClient(await findAccess(options)).get<SystemStatus>("/v1/system");

async function show(options: AccessOptions): Promise<void> {
  const status = await read(options);
  if (options.json) {
    printJson(status);
    return;
  }
  const { nodes, shards, leases, queues } = status;
  const nameOf = (id: string | null) => nodes.find((node) => node.id === id)?.name ?? "unknown";
  print(
    [
      table([
        ["node", "state", "seen", "version", "roles"].map(dim),
        ...nodes.map(({ name, state, seenAt, version, roles }) => [
          name,
          state,
          momentText(seenAt),
          version,
          roles.join(", "),
        ]),
      ]),
      table(
        [
          ["shard", "node", "state", "epoch", "waiting", "behind"].map(dim),
          ...shards.map(({ shard, node, state, epoch, waiting, behind }) => [
            String(shard),
            nameOf(node),
            state,
            String(epoch),
            String(waiting),
            String(behind),
          ]),
        ],
        [0, 3, 4, 5],
      ),
      ...(leases.length === 0
        ? []
        : [
            table(
              [
                ["work", "node", "state", "epoch"].map(dim),
                ...leases.map(({ role, node, state, epoch }) => [role, nameOf(node), state, String(epoch)]),
              ],
              [3],
            ),
          ]),
      table(
        [
          ["queue", "waiting", "failing", "oldest"].map(dim),
          ...queues.map(({ queue, count, failing, oldestSeconds }) => [
            queue,
            String(count),
            String(failing),
            `${Math.round(oldestSeconds)} s`,
          ]),
        ],
        [1, 2, 3],
      ),
      ...faultsOf(status).map((fault) => paint("red", fault)),
    ].join("\n\n"),
  );
}

async function check(options: AccessOptions): Promise<void> {
  const faults = faultsOf(await read(options));
  if (options.json) printJson({ faults });
  else if (faults.length > 0) print(faults.join("\n"));
  if (faults.length > 0) process.exitCode = 1;
}

const dim = (text: string): string => paint("dim", text);

/** A sentence for each thing that a person should look at. */
function faultsOf({ nodes, shards, leases, queues }: SystemStatus): readonly string[] {
  return [
    ...nodes.flatMap(faultsOfNode),
    ...shards.filter(({ state }) => state !== "served").map(faultOfShard),
    ...leases
      .filter(({ role, state }) => state === "free" && nodes.some((node) => isUpFor(node, role)))
      .map(({ role }) => `Nobody does the work of ${role}.`),
    ...queues
      .filter(({ failing }) => failing > 0)
      .map(({ queue, failing }) => `${failing} messages of the queue ${queue} keep failing.`),
  ];
}

function isUpFor({ state, roles }: SystemNode, role: string): boolean {
  return state === "up" && roles.includes(role);
}

function faultsOfNode(node: SystemNode): readonly string[] {
  const { name, state, seenAt, dependencies, sagas, broker } = node;
  if (state === "stopped") return [];
  if (state === "silent") return [`Node ${name} has said nothing since ${momentText(seenAt)}.`];
  return [
    ...dependencies.filter(({ ready }) => !ready).map((each) => `Node ${name} cannot reach ${each.name}.`),
    ...(sagas === null || sagas.isRunning ? [] : [`The saga worker of node ${name} is down.`]),
    ...(broker === null || broker.connected === broker.sessions
      ? []
      : [`Node ${name} has ${broker.connected} of ${broker.sessions} sessions with the broker.`]),
  ];
}

function faultOfShard({ shard, state }: SystemShard): string {
  return state === "rebuilding" ? `Shard ${shard} is being rebuilt.` : `Nobody serves shard ${shard}.`;
}
