import type { SystemLease, SystemNode, SystemShard } from "../../../../contract/system.ts";
import { Badge } from "../../components/badge.tsx";
import { Time } from "../../components/time.tsx";
import { counted } from "../../format/words.ts";

const STATES = { up: "Up", silent: "Silent", stopped: "Stopped" } as const;
const TONES = { up: "good", silent: "bad", stopped: "plain" } as const;
const DEPENDENCIES: Readonly<Record<string, string>> = {
  postgresql: "PostgreSQL",
  engine: "Engine",
  temporal: "Temporal",
  mqtt: "Broker",
};

/** The processes of the system, as each said of itself last, and what each has. */
export function NodeTable({
  nodes,
  shards,
  leases,
}: {
  readonly nodes: readonly SystemNode[];
  readonly shards: readonly SystemShard[];
  readonly leases: readonly SystemLease[];
}) {
  const hasOf = (id: string): string => {
    const own = shards.filter(({ node }) => node === id).length;
    const held = leases.filter(({ node, state }) => node === id && state === "held");
    return [...(own === 0 ? [] : [counted(own, "shard")]), ...held.map(({ role }) => role)].join(", ");
  };
  return (
    <table class="table stack node-table">
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">State</th>
          <th scope="col">Depends on</th>
          <th scope="col">Stock commands</th>
          <th scope="col">Sagas</th>
          <th scope="col">Database</th>
          <th scope="col">Broker</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => (
          <tr key={node.id}>
            <td class="full">
              <div>
                <div class="cell-title">{node.name}</div>
                <div class="cell-sub">
                  Version {node.version}, {node.roles.join(", ")}
                </div>
                <div class="cell-sub">
                  Since <Time at={node.startedAt} />
                </div>
                {hasOf(node.id) !== "" && <div class="cell-sub">Has {hasOf(node.id)}</div>}
              </div>
            </td>
            <td data-label="State">
              <div>
                <Badge status={node.state} label={STATES[node.state]} tone={TONES[node.state]} />
                <div class="cell-sub">
                  Seen <Time at={node.seenAt} />
                </div>
              </div>
            </td>
            {/* What a node that has ended said last is no longer so. */}
            {node.state === "stopped" ? <Nothing /> : <Says node={node} />}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Nothing() {
  return (
    <td class="phone-hidden" colSpan={5}>
      <span class="muted">It ended in order.</span>
    </td>
  );
}

function Says({ node }: { readonly node: SystemNode }) {
  const { engine, sagas, database, broker } = node;
  const away = node.dependencies.filter(({ ready }) => !ready);
  return (
    <>
      <td data-label="Depends on">
        {away.length === 0 ? (
          "All answer"
        ) : (
          <span class="row">
            {away.map(({ name }) => (
              <Badge key={name} status="away" label={`${DEPENDENCIES[name] ?? name} is away`} tone="bad" />
            ))}
          </span>
        )}
      </td>
      <td data-label="Stock commands">
        {engine === null
          ? "No engine"
          : `${engine.waiting.toLocaleString()} waiting, ${engine.uncommitted.toLocaleString()} being written`}
      </td>
      <td data-label="Sagas">
        {sagas === null ? (
          "None here"
        ) : sagas.isRunning ? (
          `${sagas.used} of ${sagas.slots} slots`
        ) : (
          <Badge status="down" label="Worker is down" tone="bad" />
        )}
      </td>
      <td data-label="Database">
        {database.inUse} of {database.size} connections
        {database.waiting > 0 && `, ${database.waiting} waiting`}
      </td>
      <td data-label="Broker">
        {broker === null ? (
          "No devices here"
        ) : broker.connected < broker.sessions ? (
          <Badge status="away" label={`${broker.connected} of ${broker.sessions} connected`} tone="bad" />
        ) : (
          "Connected"
        )}
      </td>
    </>
  );
}
