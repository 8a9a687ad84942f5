/** Mail over real TLS: what is encrypted from the first byte, what becomes so, and which server is none. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type Authority,
  createAuthority,
  opensslInstalled,
} from "../../../test-support/servers/certificates.ts";
import { createSmtpMailer } from "./mailer.ts";
import { smtp } from "./vendor.ts";

const MAIL = {
  key: "k",
  to: "ada@shopper.example",
  subject: "Order",
  text: "On its way.",
  html: "<p>On</p>",
};
const PASSWORD = "a-password-of-the-tests";

describe.skipIf(!opensslInstalled)("a mail over TLS", () => {
  let authority: Authority;
  let other: Authority;
  const undone: (() => void)[] = [];

  beforeAll(() => {
    authority = createAuthority();
    other = createAuthority();
  });
  afterEach(() => {
    for (const undo of undone.splice(0).reverse()) undo();
  });
  afterAll(() => {
    for (const each of [authority, other]) each?.remove();
  });

  type Heard = { readonly user: string; readonly secure: boolean };

  /** @returns the port of a mail server, and what it was told once it had taken a mail */
  const serve = async (options: SMTPServerOptions, certified = authority) => {
    const { certFile, keyFile } = certified.issue("mail");
    const heard: Heard[] = [];
    const words: string[] = [];
    const server = new SMTPServer({
      cert: certified.read(certFile),
      key: certified.read(keyFile),
      disableReverseLookup: true,
      onAuth: ({ username, password }, session, done) => {
        words.push(`${username} ${password} ${session.secure}`);
        done(password === PASSWORD ? null : new Error("unknown"), { user: username ?? "" });
      },
      onData: (stream, session, done) => {
        heard.push({ user: session.user ?? "", secure: session.secure });
        stream.resume().once("end", () => done());
      },
      ...options,
    });
    server.on("error", () => {});
    // On every address, so that one can be asked for that the certificate does not have.
    server.listen(0, "0.0.0.0");
    await once(server.server, "listening");
    undone.push(() => server.close());
    return { port: (server.server.address() as AddressInfo).port, heard, words };
  };

  const mailer = (options: Parameters<typeof createSmtpMailer>[0]) => {
    const made = createSmtpMailer(options);
    undone.push(() => made.close());
    return made;
  };
  const from = "Shop <orders@shop.example>";
  const user = `shop:${PASSWORD}@`;

  test.each([
    ["from the first byte (smtps://)", "smtps", { secure: true }],
    ["after STARTTLS (smtp://)", "smtp", {}],
  ] as const)("goes %s to a server of the authority, with its password", async (_name, scheme, options) => {
    const { port, heard } = await serve(options);
    const ca = authority.read(authority.caFile);
    const own = mailer({ url: `${scheme}://${user}127.0.0.1:${port}`, from, requireTls: true, ca });
    await own.verify();
    await own.send(MAIL);
    expect(heard).toEqual([{ user: "shop", secure: true }]);
  });

  test.each([
    ["smtps", { secure: true }],
    ["smtp", {}],
  ] as const)(
    "is not sent by %s where the certificate does not fit, nor is the password said",
    async (scheme, options) => {
      const { port, heard, words } = await serve(options);
      const unknown = /unable to verify|signature failure|self-signed/;
      for (const [ca, host, reason] of [
        [other.read(other.caFile), "127.0.0.1", unknown],
        [null, "127.0.0.1", unknown],
        // Of the right authority, and for another name.
        [authority.read(authority.caFile), "127.0.0.2", /does not match certificate's altnames/],
      ] as const) {
        const url = `${scheme}://${user}${host}:${port}`;
        const own = mailer({ url, from, requireTls: true, ca });
        await expect(own.send(MAIL)).rejects.toMatchObject({
          name: "ServiceFault",
          code: "network_error",
          cause: { message: expect.stringMatching(reason) },
        });
        await expect(own.verify()).rejects.toThrow("The mail server refused the connection");
      }
      expect([heard, words]).toEqual([[], []]);
    },
  );

  test("is not sent in the clear where somebody took the offer of STARTTLS away", async () => {
    const { port, heard, words } = await serve({ hideSTARTTLS: true, allowInsecureAuth: true });
    const own = mailer({ url: `smtp://${user}127.0.0.1:${port}`, from, requireTls: true });
    await expect(own.send(MAIL)).rejects.toMatchObject({ retryable: true });
    expect([heard, words]).toEqual([[], []]);
  });

  test("goes by the settings: the authority's file, and none that cannot be read", async () => {
    const { port, heard } = await serve({ secure: true });
    const values = {
      SMTP_URL: `smtps://${user}127.0.0.1:${port}`,
      SMTP_CA_FILE: authority.caFile,
      HOLDFAST_MAIL_FROM: from,
    };
    const create = (given: typeof values) =>
      smtp.create({ provider: "smtp", account: "default", values: given });
    const own = await create(values);
    undone.push(() => own.close());
    await own.send(MAIL);
    expect(heard).toHaveLength(1);

    const variable = smtp.variables.find(({ name }) => name === "SMTP_CA_FILE");
    expect(variable?.problemOf?.(authority.caFile)).toBeNull();
    for (const path of ["/nowhere", authority.issue("mail").keyFile]) {
      expect(variable?.problemOf?.(path)).toBe("must name a PEM file of certificates");
      await expect(create({ ...values, SMTP_CA_FILE: path })).rejects.toThrow("SMTP_CA_FILE");
    }
  });
});
