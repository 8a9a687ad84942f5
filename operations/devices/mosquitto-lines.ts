/**
 * What mosquitto is told of a device, in the lines of its own files. A device's topics hold no blanks and no
 * line breaks: what they are made of is checked when the device is registered.
 */
import type { DeviceAcl } from "../../contract/devices.ts";
import type { DeviceTopics } from "../../ports/devices.ts";

export function deviceAcl(id: string, topics: DeviceTopics, passwordHash: string | null): DeviceAcl {
  const lines = [
    `user ${id}`,
    ...topics.publish.map((topic) => `topic write ${topic}`),
    ...topics.subscribe.map((topic) => `topic read ${topic}`),
  ];
  return {
    username: id,
    publish: topics.publish,
    subscribe: topics.subscribe,
    mosquitto: {
      acl: `${lines.join("\n")}\n`,
      passwordLine: passwordHash === null ? null : `${id}:${passwordHash}`,
    },
  };
}
