/** PostgreSQL over TLS, as `DATABASE_URL` asks for it: a server of the authority, and no other. */
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../cli/embedded/free-port.ts";
import { type EmbeddedPostgres, startPostgres } from "../../cli/embedded/postgres.ts";
import { ProcessBook } from "../../cli/embedded/processes.ts";
import {
  type Authority,
  createAuthority,
  opensslInstalled,
} from "../../test-support/servers/certificates.ts";
import { openDatabase } from "./database.ts";

describe.skipIf(!opensslInstalled)("PostgreSQL over TLS", () => {
  let authority: Authority;
  let other: Authority;
  let server: EmbeddedPostgres;
  let folder: string;

  beforeAll(async () => {
    authority = createAuthority();
    other = createAuthority();
    folder = mkdtempSync(join(tmpdir(), "holdfast-postgres-tls-"));
    const { certFile, keyFile } = authority.issue("postgres");
    forServer(authority.folder, certFile, keyFile);
    server = await startPostgres({
      dataFolder: folder,
      port: await freePort(),
      password: "a-password-of-the-tests",
      book: new ProcessBook(folder),
      settings: { ssl: "on", ssl_cert_file: certFile, ssl_key_file: keyFile },
      onCrash: () => {},
      progress: () => {},
    });
  });
  afterAll(async () => {
    await server?.stop();
    for (const each of [authority, other]) each?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The server takes a key only where it is its user's alone; as root it runs as `postgres`. */
  function forServer(...paths: readonly string[]): void {
    const user = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
    for (const path of paths) {
      chmodSync(path, path === authority.folder ? 0o755 : 0o600);
      if (process.getuid?.() === 0 && user !== null && path !== authority.folder)
        chownSync(path, Number(user[1]), Number(user[2]));
    }
  }

  const at = (query: string) => openDatabase(`${server.url}?${query}`, { maxConnections: 1 });

  test("is spoken to in TLS, and known by its authority", async () => {
    const database = at(`sslmode=verify-full&sslrootcert=${authority.caFile}`);
    const { rows } = await database.query(
      "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()",
    );
    await database.end();
    expect(rows).toEqual([{ ssl: true, version: expect.stringMatching(/^TLSv1\.[23]$/) }]);
  });

  test("is not spoken to where its authority is another", async () => {
    const database = at(`sslmode=verify-full&sslrootcert=${other.caFile}`);
    await expect(database.query("select 1")).rejects.toMatchObject({
      code: expect.stringMatching(/UNABLE_TO_VERIFY|SELF_SIGNED|CERT_SIGNATURE_FAILURE/),
    });
    await database.end();
  });
});
