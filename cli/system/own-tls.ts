/** The certificate by which the gateway speaks TLS itself, looked at before anything listens. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Settings } from "../../config/settings.ts";
import { reasonOf, UserProblem } from "../problem.ts";
import { readPem } from "./pem-file.ts";

/**
 * Both files are read again by the server itself, once: a new certificate counts from the next start on.
 *
 * @param nowMs milliseconds since the Unix epoch
 * @throws UserProblem `tls_file_unreadable`, `tls_files_differ` or `tls_certificate_expired`
 */
export async function requireOwnCertificate(tls: Settings["tls"], nowMs: number): Promise<void> {
  if (tls === null) return;
  const { certFile, keyFile } = tls;
  const unreadable = "tls_file_unreadable";
  const certPem = await readPem("HOLDFAST_TLS_CERT_FILE", certFile, "CERTIFICATE", unreadable);
  const keyPem = await readPem("HOLDFAST_TLS_KEY_FILE", keyFile, "PRIVATE KEY", unreadable);
  const certificate = parsed("HOLDFAST_TLS_CERT_FILE", certFile, () => new X509Certificate(certPem ?? ""));
  const key: KeyObject = parsed("HOLDFAST_TLS_KEY_FILE", keyFile, () => createPrivateKey(keyPem ?? ""));
  if (!certificate.checkPrivateKey(key))
    throw new UserProblem(
      "tls_files_differ",
      `The key of HOLDFAST_TLS_KEY_FILE (${keyFile}) is not that of the certificate in ${certFile}.`,
      "Give the two files that belong together; of a chain, the server's own certificate comes first.",
    );
  if (Date.parse(certificate.validTo) < nowMs)
    throw new UserProblem(
      "tls_certificate_expired",
      `The certificate in ${certFile} counted until ${certificate.validTo}: no browser takes it.`,
      "Get a new one, and start again.",
    );
}

function parsed<T>(variable: string, path: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new UserProblem(
      "tls_file_unreadable",
      `${variable} names ${path}, which cannot be read as PEM: ${reasonOf(cause)}.`,
      "Give it in PEM form, the key without a passphrase.",
      { cause },
    );
  }
}
