/**
 * What mosquitto is told of a device, in the lines of its own files. A device's topics hold no blanks and no
 * line breaks: what they are made of is checked when the device is registered.
 */
import type { DeviceAcl } from "../../contract/devices.ts";
import type { DeviceTopics } from "../../ports/devices.ts";

/** @param username by which the broker knows it */
export function deviceAcl(username: string, topics: DeviceTopics, passwordHash: string | null): DeviceAcl {
  const lines = [
    `user ${username}`,
    ...topics.publish.map((topic) => `topic write ${topic}`),
    ...topics.subscribe.map((topic) => `topic read ${topic}`),
  ];
  return {
    username,
    publish: topics.publish,
    subscribe: topics.subscribe,
    mosquitto: {
      acl: `${lines.join("\n")}\n`,
      passwordLine: passwordHash === null ? null : `${username}:${passwordHash}`,
    },
  };
}
