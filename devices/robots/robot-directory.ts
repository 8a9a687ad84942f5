/**
 * Which registered robot speaks under which topics: those that the standard proposes, and whatever roots are
 * configured. Follows the registrations while the bridge runs.
 */
import type { DeviceRow } from "../../store/floor/devices.ts";
import { coversFilter } from "../mqtt/topic-filter.ts";
import { ROBOT_KINDS, ROBOT_SUBSCRIPTIONS, type Subscriptions } from "../mqtt/topics.ts";
import { robotRoot } from "./robot-settings.ts";

export class RobotDirectory {
  private ids = new Map<string, string>();

  /** What is registered now. */
  update(devices: Iterable<{ readonly row: DeviceRow }>): void {
    const ids = new Map<string, string>();
    for (const { row } of devices) if (row.kind === "robot") ids.set(robotRoot(row), row.id);
    this.ids = ids;
  }

  /** The id of the robot whose topics begin so. */
  robotAt(root: string): string | undefined {
    return this.ids.get(root) ?? this.ids.get(root.replace(/[^/]+(\/[^/]+)$/, "+$1"));
  }

  /**
   * What has to be subscribed to, so that all of them are heard.
   *
   * @param common what is heard of all robots, registered or not
   */
  subscriptions(common: Subscriptions = ROBOT_SUBSCRIPTIONS): Subscriptions {
    const wanted: Record<string, { readonly qos: 0 | 1 }> = { ...common };
    const usual = Object.keys(common);
    for (const root of this.ids.keys()) {
      for (const kind of ROBOT_KINDS) {
        const topic = `${root}/${kind}`;
        // A broker may send what two subscriptions take twice.
        if (usual.some((filter) => coversFilter(filter, topic))) continue;
        wanted[topic] = { qos: kind === "connection" ? 1 : 0 };
      }
    }
    return wanted;
  }
}
