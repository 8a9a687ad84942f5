/** `holdfast secrets`: the key under which stored secrets are sealed. Asks nobody: it only makes one. */
import type { Command } from "commander";
import { newSecretKeyLine } from "../../../config/secret-box.ts";
import { UserProblem } from "../../problem.ts";
import { print } from "../../terminal.ts";

export function addSecretsCommand(program: Command): void {
  const secrets = program
    .command("secrets")
    .summary("make a key for stored secrets")
    .description(
      "Secrets that must be read back, such as those of channels' webhooks, are stored sealed under a key that is not in " +
        "the database: HOLDFAST_SECRETS_KEY_FILE or HOLDFAST_SECRETS_KEY.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast secrets new-key 2026-11 > /etc/holdfast/secrets.key

To exchange the key, put a new line before the old one and start every process again: the first start seals every secret
under the first key. Then take the old line out.`,
    );
  secrets
    .command("new-key")
    .description("Print a new key, as a line of the key file")
    .argument("[id]", "what tells it from other keys: letters, digits, - and _", "k1")
    .action((id: string) => {
      if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) {
        throw new UserProblem(
          "invalid_argument",
          `"${id}" cannot be a key's id.`,
          "1 to 32 letters, digits, - and _ are taken.",
          { exitStatus: 2 },
        );
      }
      print(newSecretKeyLine(id));
    });
}
