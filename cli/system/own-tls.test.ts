import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Authority,
  createAuthority,
  opensslInstalled,
} from "../../test-support/servers/certificates.ts";
import { requireOwnCertificate } from "./own-tls.ts";

const DAY_MS = 24 * 60 * 60_000;

describe.skipIf(!opensslInstalled)("the gateway's own certificate", () => {
  let authority: Authority;
  let own: { readonly certFile: string; readonly keyFile: string };
  let other: typeof own;

  beforeAll(() => {
    authority = createAuthority();
    own = authority.issue("own");
    other = authority.issue("other");
    writeFileSync(join(authority.folder, "text"), "no PEM at all\n");
    writeFileSync(
      join(authority.folder, "damaged"),
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
  });
  afterAll(() => authority?.remove());

  test("is taken with its key, and none is asked for where none is set", async () => {
    await requireOwnCertificate(own, Date.now());
    await requireOwnCertificate(null, Date.now());
  });

  test.each<readonly [string, () => typeof own, number, string]>([
    ["of another key", () => ({ ...own, keyFile: other.keyFile }), 0, "tls_files_differ"],
    ["that is not there", () => ({ ...own, certFile: "/nowhere" }), 0, "tls_file_unreadable"],
    [
      "that is no PEM",
      () => ({ ...own, certFile: join(authority.folder, "text") }),
      0,
      "tls_file_unreadable",
    ],
    [
      "that is damaged",
      () => ({ ...own, certFile: join(authority.folder, "damaged") }),
      0,
      "tls_file_unreadable",
    ],
    ["whose key is a certificate", () => ({ ...own, keyFile: own.certFile }), 0, "tls_file_unreadable"],
    ["that is over", () => own, 3 * DAY_MS, "tls_certificate_expired"],
  ])("is refused before anything listens: one %s", async (_name, files, laterMs, code) => {
    await expect(requireOwnCertificate(files(), Date.now() + laterMs)).rejects.toMatchObject({ code });
  });
});
