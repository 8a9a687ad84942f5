import type { DeviceView } from "../../../../contract/devices.ts";
import { Badge } from "../../components/badge.tsx";
import { Icon } from "../../components/icon.tsx";
import { Time } from "../../components/time.tsx";
import { batteryPercent } from "./battery.ts";

const LOW_BATTERY = 20;

export function DeviceCard({ device }: { readonly device: DeviceView }) {
  const battery = device.kind === "robot" ? batteryPercent(device.state) : null;
  return (
    <article class={`device ${device.connection}`}>
      <span class="device-icon">
        <Icon name={device.kind} />
      </span>
      <div class="cell-title">{device.name}</div>
      <Badge status={device.connection} />
      <div class="whole break">{device.activity}</div>
      {battery !== null && (
        <div class="whole battery">
          <span class="muted">Battery</span>
          <span class="meter">
            <span
              class={`meter-fill ${battery < LOW_BATTERY ? "low" : ""}`}
              style={{ width: `${battery}%` }}
            />
          </span>
          <span>{battery} %</span>
        </div>
      )}
      <div class="whole device-foot cell-sub">
        <span class="break">
          <code>{device.id}</code>
        </span>
        <span>{device.protocol}</span>
        <span>
          {device.lastSeenAt === null ? (
            "never seen"
          ) : (
            <>
              seen <Time at={device.lastSeenAt} />
            </>
          )}
        </span>
      </div>
    </article>
  );
}
