/** How the broker is spoken to, from the settings: the files that they name, read once at the start. */
import { readFile } from "node:fs/promises";
import type { Settings } from "../../config/settings.ts";
import type { MqttConnection } from "../../devices/mqtt/mqtt-session.ts";
import { reasonOf, UserProblem } from "../problem.ts";

/** @throws UserProblem `mqtt_file_unreadable` with the setting's name */
export async function mqttConnection(settings: Settings["mqtt"]): Promise<Omit<MqttConnection, "url">> {
  const { protocolVersion, caFile, certFile, keyFile } = settings;
  const ca = caFile === null ? null : await pem("MQTT_CA_FILE", caFile, "CERTIFICATE");
  const cert = certFile === null ? null : await pem("MQTT_CERT_FILE", certFile, "CERTIFICATE");
  const key = keyFile === null ? null : await pem("MQTT_KEY_FILE", keyFile, "PRIVATE KEY");
  return {
    protocolVersion,
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { certificate: { cert, key } }),
  };
}

async function pem(variable: string, path: string, kind: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UserProblem(
      "mqtt_file_unreadable",
      `${variable} names ${path}, which cannot be read: ${reasonOf(error)}.`,
      "Correct the setting, or let the process read the file.",
      { cause: error },
    );
  });
  if (text.includes(`${kind}-----`)) return text;
  throw new UserProblem(
    "mqtt_file_unreadable",
    `${variable} names ${path}, which holds no PEM of a ${kind.toLowerCase()}.`,
    "Give the file in PEM form: it has lines -----BEGIN … -----.",
  );
}
