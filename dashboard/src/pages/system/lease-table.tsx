import type { SystemLease, SystemNode } from "../../../../contract/system.ts";
import { Badge } from "../../components/badge.tsx";
import { Time } from "../../components/time.tsx";

const STATES = { held: "Done", free: "Done by nobody" } as const;
const WORK: Readonly<Record<string, string>> = { devices: "Devices", jobs: "Standing jobs" };

/** Who does the work that one process at a time does, and since which epoch. */
export function LeaseTable({
  leases,
  nodes,
}: {
  readonly leases: readonly SystemLease[];
  readonly nodes: readonly SystemNode[];
}) {
  const nameOf = (id: string | null): string => nodes.find((node) => node.id === id)?.name ?? "Unknown";
  const isWanted = (role: string): boolean =>
    nodes.some(({ state, roles }) => state === "up" && roles.includes(role));
  return (
    <table class="table stack">
      <thead>
        <tr>
          <th scope="col">Work</th>
          <th scope="col">Node</th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Epoch
          </th>
          <th scope="col">Last sign</th>
        </tr>
      </thead>
      <tbody>
        {leases.map(({ role, node, state, epoch, renewedAt }) => (
          <tr key={role}>
            <td class="full">
              <div class="cell-title">{WORK[role] ?? role}</div>
            </td>
            <td data-label="Node">{state === "held" ? nameOf(node) : `Nobody, last ${nameOf(node)}`}</td>
            <td data-label="State">
              <Badge
                status={state}
                label={STATES[state]}
                tone={state === "held" ? "good" : isWanted(role) ? "bad" : "plain"}
              />
            </td>
            <td class="number" data-label="Epoch">
              {epoch.toLocaleString()}
            </td>
            <td data-label="Last sign">{renewedAt === null ? "Given up" : <Time at={renewedAt} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
