/** An authority of one's own for tests, and certificates from it, made with `openssl`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const opensslInstalled = spawnSync("openssl", ["version"]).error === undefined;

export type Authority = {
  readonly folder: string;
  readonly caFile: string;
  /** @returns the files of a certificate for this common name, which is also good for 127.0.0.1 */
  issue(commonName: string): { readonly certFile: string; readonly keyFile: string };
  read(file: string): string;
  remove(): void;
};

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-ca-"));
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync("openssl", args, { cwd: folder });
    if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-days",
    "2",
    "-subj",
    "/CN=Test CA",
  );
  writeFileSync(join(folder, "extensions"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  return {
    folder,
    caFile: join(folder, "ca.pem"),
    issue: (commonName) => {
      openssl(
        "req",
        ...newKey,
        "-keyout",
        `${commonName}.key`,
        "-out",
        `${commonName}.csr`,
        "-subj",
        `/CN=${commonName}`,
      );
      openssl(
        "x509",
        "-req",
        "-in",
        `${commonName}.csr`,
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "extensions",
        "-out",
        `${commonName}.pem`,
      );
      return { certFile: join(folder, `${commonName}.pem`), keyFile: join(folder, `${commonName}.key`) };
    },
    read: (file) => readFileSync(file, "utf8"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
