/**
 * Who may connect to the sandbox's broker: the bridge by a password of this run, and every registered device
 * by its own. What a device may say and hear is what its registration says, as at any other broker.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { BrokerAccess } from "../../devices/mqtt/broker.ts";
import { BRIDGE_NAME } from "../../devices/mqtt/topic-prefix.ts";
import type { DeviceProtocols } from "../../ports/devices.ts";
import { knowsDeviceSecret } from "../../store/floor/device-passwords.ts";
import { readRegisteredDevice } from "../../store/floor/device-views.ts";
import type { Database } from "../../store/sql/database.ts";

/** It hears every device, whatever its topics, and answers each on its own. */
const EVERYTHING = { publish: ["#"], subscribe: ["#"] };

export type SandboxAccess = {
  readonly check: BrokerAccess;
  /** The broker's address with the bridge's name and password in it. */
  bridgeUrl(url: string): string;
  /** Where devices are registered; before it is there only the bridge is let in. */
  database: Database | null;
};

export function brokerAccess(protocols: DeviceProtocols): SandboxAccess {
  const bridgePassword = randomBytes(24).toString("base64url");
  const access: SandboxAccess = {
    database: null,
    bridgeUrl: (url) => {
      const own = new URL(url);
      own.username = BRIDGE_NAME;
      own.password = bridgePassword;
      return own.href;
    },
    check: async (username, password) => {
      if (username === BRIDGE_NAME) return sameText(password, bridgePassword) ? EVERYTHING : null;
      const { database } = access;
      if (database === null || !(await knowsDeviceSecret(database, username, password))) return null;
      const device = await readRegisteredDevice(database, username);
      return device === null ? null : protocols.topicsOf(device);
    },
  };
  return access;
}

/** Compares digests: neither length nor content shows in the time taken. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
