import type { SystemNode, SystemShard } from "../../../../contract/system.ts";
import { Badge } from "../../components/badge.tsx";
import { Time } from "../../components/time.tsx";
import { counted } from "../../format/words.ts";

const STATES = { served: "Served", rebuilding: "Being rebuilt", unserved: "Not served" } as const;
const TONES = { served: "good", rebuilding: "warn", unserved: "bad" } as const;

/** Who has which part of the stock, and how far behind the journal its pages and snapshots are. */
export function ShardTable({
  shards,
  nodes,
}: {
  readonly shards: readonly SystemShard[];
  readonly nodes: readonly SystemNode[];
}) {
  const nameOf = (id: string | null): string => nodes.find((node) => node.id === id)?.name ?? "Unknown";
  return (
    <table class="table stack">
      <thead>
        <tr>
          <th scope="col">Shard</th>
          <th scope="col">Node</th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Epoch
          </th>
          <th scope="col">Since</th>
          <th scope="col" class="number">
            Queue
          </th>
          <th scope="col" class="number">
            Behind
          </th>
          <th scope="col">Snapshot</th>
        </tr>
      </thead>
      <tbody>
        {shards.map(({ shard, node, state, ...figures }) => (
          <tr key={shard}>
            <td class="full">
              <div class="cell-title">Shard {shard}</div>
            </td>
            <td data-label="Node">{nameOf(node)}</td>
            <td data-label="State">
              <Badge status={state} label={STATES[state]} tone={TONES[state]} />
            </td>
            <td class="number" data-label="Epoch">
              {figures.epoch.toLocaleString()}
            </td>
            <td data-label="Since">
              <Time at={figures.leasedAt} />
            </td>
            <td class="number" data-label="Queue">
              {figures.waiting.toLocaleString()}
            </td>
            <td class="number" data-label="Behind">
              {figures.behind.toLocaleString()}
            </td>
            <td data-label="Snapshot">
              <span>
                {figures.snapshotAt === null ? "None yet" : <Time at={figures.snapshotAt} />}
                <span class="muted">, {counted(figures.sinceSnapshot, "row")} since</span>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
