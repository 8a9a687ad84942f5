/** How Temporal is spoken to, from the settings. */
import type { Settings } from "../../config/settings.ts";
import type { TemporalSecurity } from "../../workflows/runtime/worker.ts";
import { readPem } from "./pem-file.ts";

const UNREADABLE = "temporal_file_unreadable";

/** @throws UserProblem `temporal_file_unreadable` with the setting's name */
export async function temporalSecurity(settings: Settings["temporal"]): Promise<TemporalSecurity> {
  const { tls, apiKey, caFile, certFile, keyFile, serverName } = settings;
  if (!tls) return {};
  const ca = await readPem("TEMPORAL_CA_FILE", caFile, "CERTIFICATE", UNREADABLE);
  const crt = await readPem("TEMPORAL_CERT_FILE", certFile, "CERTIFICATE", UNREADABLE);
  const key = await readPem("TEMPORAL_KEY_FILE", keyFile, "PRIVATE KEY", UNREADABLE);
  return {
    tls: {
      ...(serverName === null ? {} : { serverNameOverride: serverName }),
      ...(ca === null ? {} : { serverRootCACertificate: Buffer.from(ca) }),
      ...(crt === null || key === null
        ? {}
        : { clientCertPair: { crt: Buffer.from(crt), key: Buffer.from(key) } }),
    },
    ...(apiKey === null ? {} : { apiKey }),
  };
}
