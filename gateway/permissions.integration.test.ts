import { afterAll, beforeAll, expect, test } from "vitest";
import { API_SCOPES } from "../store/access/api-keys.ts";
import { STAFF_ROLES, type StaffRole } from "../store/access/staff.ts";
import { type GatewayWorld, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";
import { PERMISSIONS, ROLE_PERMISSIONS, SCOPE_PERMISSIONS } from "./access/permissions.ts";
import { routeTable } from "./routes/route-table.ts";

let world: GatewayWorld;
const cookies = new Map<StaffRole, string>();

beforeAll(async () => {
  world = await startGatewayWorld();
  for (const role of STAFF_ROLES) {
    const reply = await world.call("POST", "/v1/sessions", {
      anonymous: true,
      json: { email: `${role}@acme.example`, password: STAFF_PASSWORD },
    });
    cookies.set(role, (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "");
  }
});

afterAll(() => world.close());

/**
 * A request that reaches the permission check and changes nothing where it is let through: its body is not
 * valid.
 */
const probe = (method: string, path: string, headers: Readonly<Record<string, string>>) =>
  world.call(method, path.replaceAll(/\{\w+\}/g, "none"), {
    anonymous: true,
    headers: { origin: world.url, ...headers, "idempotency-key": "probe" },
    ...(method === "POST" ? { json: { nonsense: true } } : {}),
  });

const guarded = routeTable.flatMap((route) =>
  route.access.kind === "permission"
    ? [{ name: `${route.method} ${route.path}`, route, permission: route.access.permission }]
    : [],
);

test.each(guarded)(
  "$name is open to whoever has $permission, and to nobody else",
  async ({ route, permission }) => {
    const nobody = await probe(route.method, route.path, {});
    expect([nobody.status, nobody.json.code]).toEqual([401, "unauthenticated"]);
    for (const role of STAFF_ROLES) {
      const reply = await probe(route.method, route.path, { cookie: cookies.get(role) ?? "" });
      expect([role, reply.json?.code === "forbidden"]).toEqual([
        role,
        !ROLE_PERMISSIONS[role].has(permission),
      ]);
      expect(reply.status).not.toBe(401);
      expect(reply.status).toBeLessThan(500);
    }
    for (const scope of API_SCOPES) {
      const authorization = `Bearer ${await world.key([scope])}`;
      const reply = await probe(route.method, route.path, { authorization });
      expect([scope, reply.json?.code === "forbidden"]).toEqual([
        scope,
        !SCOPE_PERMISSIONS[scope].includes(permission),
      ]);
    }
  },
);

test("the routes that need no identity are exactly these", () => {
  const open = routeTable
    .filter((route) => route.access.kind === "public" || route.access.kind === "local-or")
    .map((route) => `${route.method} ${route.path}`);
  expect(open.sort()).toEqual([
    "GET /healthz",
    "GET /metrics",
    "GET /readyz",
    "GET /v1/companies",
    "GET /v1/sign-in-ways",
    "GET /v1/track/{token}",
    "GET /v1/track/{token}/returns/{id}/code.svg",
    "GET /v1/track/{token}/returns/{id}/label.pdf",
    "GET /v1/webhooks/{kind}/{provider}/{account}",
    "POST /v1/passkey-challenges",
    "POST /v1/password-links",
    "POST /v1/password-links/check",
    "POST /v1/password-links/use",
    "POST /v1/sessions",
    "POST /v1/sessions/passkey",
    "POST /v1/sessions/single-sign-on",
    "POST /v1/single-sign-on",
    "POST /v1/track/{token}/address",
    "POST /v1/track/{token}/arrival",
    "POST /v1/track/{token}/cancel",
    "POST /v1/track/{token}/payment-confirmation",
    "POST /v1/track/{token}/payment-method",
    "POST /v1/track/{token}/returns",
    "POST /v1/track/{token}/returns/{id}/cancel",
    "POST /v1/webhooks/carriers/{provider}",
    "POST /v1/webhooks/channels/{channel}",
    "POST /v1/webhooks/{kind}/{provider}/{account}",
  ]);
});

test("every permission is used by a route, and an admin has them all", () => {
  const used = new Set(
    routeTable.flatMap(({ access }) => {
      if (access.kind === "one-of") return access.permissions;
      return "permission" in access ? [access.permission] : [];
    }),
  );
  // It decides what an answer shows, not who gets it.
  used.add("personal-data.read");
  expect(used).toEqual(new Set(PERMISSIONS));
  expect(ROLE_PERMISSIONS.admin).toEqual(new Set(PERMISSIONS));
});
