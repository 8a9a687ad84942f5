/**
 * What a process does of the whole: by default all of it. Processes of one system may each have a part; then
 * they reach the one that has the engine over Redis.
 */
export const ROLES = ["gateway", "engine", "worker", "devices", "jobs"] as const;
export type Role = (typeof ROLES)[number];

export const ROLE_MEANINGS: Readonly<Record<Role, string>> = {
  gateway: "REST, webhooks, the WebSocket stream and the dashboard; any number",
  engine: "the stock: shards, commits, snapshots; one at a time, the last one started",
  worker: "the sagas, their steps, and what they are told; any number",
  devices: "the devices' bridge; one at a time, others stand by",
  jobs: "the standing jobs; one process at a time, others stand by",
};

/** @returns in the order of `ROLES`, each once; or what is wrong with the text, as the end of a sentence */
export function readRoles(
  text: string,
):
  | { readonly status: "ok"; readonly roles: readonly Role[] }
  | { readonly status: "invalid"; readonly problem: string } {
  const named = text.split(",").map((name) => name.trim());
  const unknown = named.find((name) => !(ROLES as readonly string[]).includes(name));
  if (unknown !== undefined)
    return {
      status: "invalid",
      problem: `must name roles of ${ROLES.join(", ")}, with commas between them, and "${unknown}" is none`,
    };
  const twice = named.find((name, index) => named.indexOf(name) !== index);
  if (twice !== undefined) return { status: "invalid", problem: `names ${twice} twice` };
  return { status: "ok", roles: ROLES.filter((role) => named.includes(role)) };
}
