/** The mosquitto of the campaign with devices, for tests. */
export {
  type Mosquitto,
  mosquittoInstalled,
  startMosquitto,
} from "../../load-tests/faults/devices/mosquitto.ts";
