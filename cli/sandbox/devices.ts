/** The sandbox's devices, and the passwords by which its broker knows them. */
import { createHmac } from "node:crypto";
import { type SimulatedDevice, simulatedDevices } from "../../devices/simulators/fleet.ts";
import { SANDBOX_LOCATIONS } from "./company.ts";

/** The devices of the places that have some. */
export function sandboxDevices(): readonly SimulatedDevice[] {
  return simulatedDevices(
    SANDBOX_LOCATIONS.filter(({ automated }) => automated).map(({ locationId }) => locationId),
  );
}

/** The password of a simulated device: its simulator and its registration make it of the same key. */
export function deviceSecret(deviceKey: string, deviceId: string): string {
  return createHmac("sha256", deviceKey).update(deviceId).digest("base64url");
}
