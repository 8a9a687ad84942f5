import { useState } from "preact/hooks";
import type { DeviceEvent } from "../../../../contract/devices.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { Badge } from "../../components/badge.tsx";
import { Chips } from "../../components/chips.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { Time } from "../../components/time.tsx";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { useDeviceFeed } from "../../live/use-feed.ts";

const SHOWN = 20;
const KINDS = [
  { value: "", label: "All" },
  { value: "broken", label: "Lost connections" },
  { value: "offline", label: "Offline" },
  { value: "silent", label: "Silent" },
  { value: "error", label: "Errors" },
  { value: "dispatch_refused", label: "Refused work" },
  { value: "changed", label: "Changed" },
];

/** The newest of what happened to devices, of one kind where that is chosen. */
export function EventList() {
  const [kind, setKind] = useState("");
  return (
    <section class="page">
      <h2>What happened</h2>
      <Chips label="Shown are" options={KINDS} value={kind} onChange={setKind} />
      <Panel flush>
        <Events key={kind} kind={kind} />
      </Panel>
    </section>
  );
}

function Events({ kind }: { readonly kind: string }) {
  const events = useResource<Page<DeviceEvent>>(`device events ${kind}`, (signal) =>
    get("/devices/events", { kind, limit: SHOWN }, signal),
  );
  useDeviceFeed((arrived, gap) => {
    if (gap || kind === "" || arrived.some((event) => event.kind === kind)) events.reload();
  });
  return (
    <Loaded resource={events} skeleton={<SkeletonRows rows={4} />}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty icon="clock" title="Nothing of it has happened" />
        ) : (
          <table class="table stack">
            <thead>
              <tr>
                <th scope="col">Device</th>
                <th scope="col">What</th>
                <th scope="col" class="number">
                  When
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((event) => (
                <tr key={event.id}>
                  <td class="full break">
                    {event.deviceId === null ? nobody(event) : <code>{event.deviceId}</code>}
                  </td>
                  <td class="full">
                    <Badge status={event.kind} />
                    <div class="cell-sub break">
                      {event.kind === "dead_letter" ? words(event.detail) : event.detail}
                      {event.count > 1 && ` (${event.count} times)`}
                    </div>
                  </td>
                  <td class="number muted" data-label="When">
                    <Time at={event.at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )
      }
    </Loaded>
  );
}

function nobody({ kind }: DeviceEvent): string {
  return kind === "dead_letter" ? "none that is registered" : "the bridge";
}
