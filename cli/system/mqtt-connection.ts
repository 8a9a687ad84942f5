/** How the broker is spoken to, from the settings. */
import type { Settings } from "../../config/settings.ts";
import type { MqttConnection } from "../../devices/mqtt/mqtt-session.ts";
import { readPem } from "./pem-file.ts";

const UNREADABLE = "mqtt_file_unreadable";

/** @throws UserProblem `mqtt_file_unreadable` with the setting's name */
export async function mqttConnection(settings: Settings["mqtt"]): Promise<Omit<MqttConnection, "url">> {
  const { protocolVersion, topicPrefix, caFile, certFile, keyFile } = settings;
  const ca = await readPem("MQTT_CA_FILE", caFile, "CERTIFICATE", UNREADABLE);
  const cert = await readPem("MQTT_CERT_FILE", certFile, "CERTIFICATE", UNREADABLE);
  const key = await readPem("MQTT_KEY_FILE", keyFile, "PRIVATE KEY", UNREADABLE);
  return {
    protocolVersion,
    ...(topicPrefix === null ? {} : { topicPrefix }),
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { certificate: { cert, key } }),
  };
}
