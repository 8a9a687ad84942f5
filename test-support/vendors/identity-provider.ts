/**
 * A real identity provider (`oidc-provider`) on this machine, with a person at its login form, and a hand on
 * its answers, so that a test can have it say what it never would.
 */
import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

export const CLIENT = { id: "holdfast", secret: "a client secret of the tests 7Kq" } as const;

type Account = { readonly email?: string; readonly verified?: boolean };
type Claims = Record<string, unknown>;
/** How an id token is changed before it goes out. */
export type TokenTwist = {
  readonly claims?: (claims: Claims) => Claims;
  readonly sign?: "none" | "client-secret" | "another-key" | "altered";
};

export type TestIdentityProvider = {
  readonly issuer: string;
  /** By the name at the login form. */
  readonly accounts: Map<string, Account>;
  /** Of the next tokens; null: as the provider makes them. */
  twist: TokenTwist | null;
  /** What the next answers of userinfo say instead. */
  userinfo: Claims | null;
  /** Answers 503 to everything. */
  isAway: boolean;
  /** Requests to the token endpoint. */
  readonly tokenRequests: URLSearchParams[];
  /** A person follows the link, and signs in. @returns the query with which the browser is sent back */
  signIn(url: string, login: string): Promise<string>;
  stop(): Promise<void>;
};

export async function startIdentityProvider(redirectUri: string): Promise<TestIdentityProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const others = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kid = "the-key";
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [new URL("/", redirectUri).href],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    cookies: { keys: ["a cookie key of the tests"] },
    jwks: { keys: [{ ...keys.privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" }] },
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    pkce: { required: () => true },
    findAccount: (_context, accountId) => {
      const account = self.accounts.get(accountId);
      if (account === undefined) return undefined;
      const { email, verified } = account;
      return {
        accountId,
        claims: () => ({
          sub: accountId,
          ...(email === undefined ? {} : { email }),
          ...(verified === undefined ? {} : { email_verified: verified }),
        }),
      };
    },
    // Nobody is asked whether we may have their address.
    loadExistingGrant: async (context) => {
      const { client, session } = context.oidc;
      const grant = new context.oidc.provider.Grant({
        clientId: client?.clientId ?? "",
        accountId: session?.accountId ?? "",
      });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
  });
  const serve = provider.callback();
  server.on("request", (request, response) => {
    const path = request.url ?? "";
    if (self.isAway) {
      response.writeHead(503).end();
      return;
    }
    if (path.startsWith("/token")) {
      request.on("data", (chunk: Buffer) => self.tokenRequests.push(new URLSearchParams(String(chunk))));
      rewrite(response, (body) =>
        self.twist !== null && typeof body["id_token"] === "string"
          ? { ...body, id_token: twisted(body["id_token"], self.twist) }
          : body,
      );
    }
    if (path.startsWith("/me")) rewrite(response, (body) => self.userinfo ?? body);
    void serve(request, response);
  });

  function twisted(token: string, { claims = (all) => all, sign }: TokenTwist): string {
    const [, payload = ""] = token.split(".");
    const alg = sign === "none" ? "none" : sign === "client-secret" ? "HS256" : "RS256";
    const head = encoded({ alg, kid, typ: "JWT" });
    const text = `${head}.${encoded(claims(JSON.parse(Buffer.from(payload, "base64url").toString())))}`;
    if (sign === "none") return `${text}.`;
    if (sign === "client-secret")
      return `${text}.${createHmac("sha256", CLIENT.secret).update(text).digest("base64url")}`;
    const key = sign === "another-key" ? others.privateKey : keys.privateKey;
    const signature = createSign("RSA-SHA256").update(text).sign(key);
    if (sign === "altered") signature.writeUInt8(signature.readUInt8(9) ^ 1, 9);
    return `${text}.${signature.toString("base64url")}`;
  }

  const self: TestIdentityProvider = {
    issuer,
    accounts: new Map(),
    twist: null,
    userinfo: null,
    isAway: false,
    tokenRequests: [],
    signIn: (url, login) => atLoginForm(url, login, redirectUri),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return self;
}

/** What a browser does between the two addresses of ours. */
async function atLoginForm(start: string, login: string, redirectUri: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  let form: URLSearchParams | null = null;
  for (let step = 0; step < 12; step += 1) {
    const response: Response = await fetch(url, {
      redirect: "manual",
      method: form === null ? "GET" : "POST",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form === null ? {} : { body: form }),
    });
    for (const set of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (set.split(";", 1)[0] ?? "").split("=");
      cookies.set(name, value);
    }
    form = null;
    const location = response.headers.get("location");
    if (location !== null) {
      url = new URL(location, url).href;
      if (url.startsWith(`${redirectUri}?`)) return new URL(url).search.slice(1);
      continue;
    }
    const page = await response.text();
    if (!page.includes('name="login"')) throw new Error(`the provider says ${response.status}: ${page}`);
    form = new URLSearchParams({ prompt: "login", login, password: "any" });
  }
  throw new Error("the provider sends the browser round in circles");
}

/** Has the body of an answer changed before it leaves. */
function rewrite(response: ServerResponse, change: (body: Claims) => Claims): void {
  const end = response.end.bind(response) as (chunk: string) => ServerResponse;
  response.end = ((chunk: unknown) => {
    const text = JSON.stringify(change(JSON.parse(String(chunk ?? "{}")) as Claims));
    response.setHeader("content-length", Buffer.byteLength(text));
    return end(text);
  }) as typeof response.end;
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
